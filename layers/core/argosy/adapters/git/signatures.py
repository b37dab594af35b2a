"""Signatures of commits and annotated tags, verified with Sequoia: the only place that imports it.

In: what was signed, the signature, armored keys by their names. Out: a `Signature`. Called by `repository`. In Argo CD 3.6
git asks GnuPG, and `ParseGitCommitVerification` of `util/gpg/gpg.go` reads what that prints; the results and the name of the
key are those.

On purpose different: what Sequoia's standard policy holds to be broken (SHA-1, keys of 1,024 bits) is not good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from argosy.ports.repository import Signature

if TYPE_CHECKING:
    from pysequoia import Cert, Sig

__all__ = ["PublicKey", "keys_in", "verified"]

_PGP: Final = b"-----BEGIN PGP "
_LONG_ID: Final = 16
_SIZED: Final = {1: "rsa", 2: "rsa", 3: "rsa", 17: "dsa"}
_ECDSA, _ED448 = 19, 28
_CURVES: Final = {515: "nistp256", 771: "nistp384", 1059: "nistp521"}
"""By the bits of a point."""
_NO_KEY: Final = "gpg: Can't check signature: No public key"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as GnuPG shows it; `subtype` is `rsa4096`, `ed25519` and the like, `data` the key itself, armored."""

    id: str
    fingerprint: str
    subtype: str
    owner: str
    data: str


def keys_in(text: str) -> list[PublicKey]:
    """The keys of an armored text, without what is secret of them; none for a text that is none."""
    found = []
    for one in _certificates(text):
        name, owners = one.fingerprint.upper(), [str(owner) for owner in one.user_ids]
        found.append(PublicKey(name[-_LONG_ID:], name, _subtype(one), (owners or [""])[0], str(one)))
    return found


def _subtype(certificate: Cert) -> str:
    """Kind and size of the primary key, as GnuPG writes them; its first number tells the size (RFC 4880, 5.5.2)."""
    from pysequoia.packet import PacketPile

    body = next(iter(PacketPile.from_bytes(bytes(certificate)))).body
    algorithm, rest = body[5], body[6:]
    if algorithm in _SIZED:
        return f"{_SIZED[algorithm]}{int.from_bytes(rest[:2])}"
    if algorithm == _ECDSA:
        point = rest[1 + rest[0] :]
        return _CURVES.get(int.from_bytes(point[:2]), "ecdsa")
    return "ed448" if algorithm == _ED448 else "ed25519"


def verified(signed: bytes, signature: bytes | None, keys: Mapping[str, str]) -> Signature:
    """What a signature is worth with these keys. One that is no key counts for nothing."""
    if not signature:
        return Signature()
    if not signature.startswith(_PGP):
        return Signature("unknown", message="not a signature of OpenPGP")
    from pysequoia import Sig, verify

    certificates = [one for text in keys.values() for one in _certificates(text)]
    try:
        given = Sig.from_bytes(signature)
    except RuntimeError as x:
        return Signature("unknown", message=_brief(x))
    issuer, cipher = (given.issuer_fingerprint or given.issuer_key_id or "").upper(), _cipher(given)
    try:
        found = verify(bytes=signed, store=lambda _: certificates, signature=given).valid_sigs
        return Signature("good", found[0].signing_key.upper()[-_LONG_ID:], cipher)
    except RuntimeError as x:
        known = any(name.endswith(issuer[-_LONG_ID:]) for one in certificates for name in _names(one))
        result, said = ("bad", _brief(x)) if issuer and known else ("invalid", _NO_KEY)
        return Signature(result, issuer[-_LONG_ID:], cipher, said)


def _certificates(text: str) -> list[Cert]:
    from pysequoia import Cert

    try:
        return list(Cert.split_bytes(text.encode()))
    except RuntimeError:
        return []


def _names(certificate: Cert) -> Iterator[str]:
    """The fingerprints of its keys."""
    from pysequoia.packet import PacketPile

    yield from (one.fingerprint.upper() for one in PacketPile.from_bytes(bytes(certificate)) if one.fingerprint)


def _cipher(signature: Sig) -> str:
    """As GnuPG names it."""
    name = str(signature.key_algorithm).rpartition(".")[2].upper()
    return next((known for known in ("RSA", "EDDSA", "ECDSA", "DSA") if name.startswith(known)), "EDDSA")


def _brief(x: RuntimeError) -> str:
    """Without the trace that is behind it."""
    return (str(x).splitlines() or [""])[0]
