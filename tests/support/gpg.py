"""Keys of OpenPGP, and commits and tags that are signed with them as git and GnuPG do."""

from __future__ import annotations

from pysequoia import Sig, SignatureMode, Tsk, sign

from support.gitserver import Repo

__all__ = ["Key", "put"]


class Key:
    """A key; `public` is its armored public half, `id` what a project names it by: its subkey that signs."""

    def __init__(self, tsk: Tsk | None = None) -> None:
        self._tsk = tsk or Tsk.generate("Somebody <somebody@example.com>")
        self.public = str(self._tsk.extract_certificate())
        signature = Sig.from_bytes(self.sign(b""))
        self.id = str(signature.issuer_fingerprint).upper()[-16:]

    def sign(self, content: bytes) -> bytes:
        """A detached signature, armored."""
        return sign(self._tsk.signer(), content, mode=SignatureMode.DETACHED)

    def commit(self, repo: Repo, change: bytes = b"") -> str:
        """Sign the newest commit; the commit that comes of it, on main. `change` is put behind it afterwards."""
        plain = repo.git("cat-file", "commit", "HEAD").encode() + b"\n"
        return put(repo, plain, self.sign(plain), change)

    def tag(self, repo: Repo, name: str, commit: str) -> str:
        """A signed tag; its own hash."""
        plain = f"object {commit}\ntype commit\ntag {name}\ntagger t <t@t> 1767225600 +0000\n\nsigned\n".encode()
        tag = repo.git("hash-object", "-w", "-t", "tag", "--stdin", given=plain + self.sign(plain))
        repo.git("update-ref", f"refs/tags/{name}", tag)
        return tag


def put(repo: Repo, plain: bytes, signature: bytes, change: bytes = b"") -> str:
    """Make a commit of a plain one and a signature; its hash, on main."""
    head, _, message = plain.partition(b"\n\n")
    shown = signature.strip().replace(b"\n", b"\n ")
    signed = head + b"\ngpgsig " + shown + b"\n\n" + message + change
    commit = repo.git("hash-object", "-w", "-t", "commit", "--stdin", given=signed)
    repo.git("update-ref", "refs/heads/main", commit)
    return commit
