"""Keys that sign and keys that trust, on real cryptography."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from argosy.adapters.signing.ed25519 import KeySigner, KeyVerifier, key_name, new_keys
from argosy.errors import InvalidObject


def signer(text: str) -> KeySigner:
    return KeySigner(lambda: text)


def test_what_was_signed_holds_and_nothing_else() -> None:
    hub = signer(new_keys())
    trusted = KeyVerifier(hub.public_keys())
    name, signature = hub.sign(b"work")
    assert name == key_name(hub.public_keys()[0])
    assert trusted.holds(name, b"work", signature)
    assert not trusted.holds(name, b"work ", signature)
    assert not trusted.holds(name, b"work", signature[:-1] + bytes([signature[-1] ^ 1]))
    assert not trusted.holds(name, b"work", signature[:-1])
    assert not trusted.holds(name, b"work", b"")
    assert not trusted.holds("0" * 16, b"work", signature)
    assert not KeyVerifier(()).holds(name, b"work", signature)
    assert not KeyVerifier(signer(new_keys()).public_keys()).holds(name, b"work", signature)


def test_the_same_text_has_the_same_signature() -> None:
    text = new_keys()
    assert signer(text).sign(b"work") == signer(text).sign(b"work")


def test_a_new_key_signs_and_the_one_before_is_trusted_still() -> None:
    first = new_keys()
    second = new_keys(first)
    third = new_keys(second)
    old, hub, later = (signer(text) for text in (first, second, third))
    assert hub.public_keys()[1:] == old.public_keys()
    assert later.public_keys()[1:] == hub.public_keys()[:1], "no more than two"
    trusted = KeyVerifier(hub.public_keys())
    for one, holds in ((old, True), (hub, True), (later, False)):
        name, signature = one.sign(b"work")
        assert trusted.holds(name, b"work", signature) is holds


def test_the_keys_are_read_once() -> None:
    reads = []

    def load() -> str:
        reads.append(1)
        return new_keys()

    hub = KeySigner(load)
    assert hub.sign(b"a")[0] == hub.sign(b"b")[0] == key_name(hub.public_keys()[0])
    assert len(reads) == 1


PRIVATE = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v1VpguoRK9JLs"  # looks like one


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "{}", '{"keys": []}', '{"keys": 7}', '{"keys": ["short"]}', '{"keys": [7]}', PRIVATE],
)
def test_what_holds_no_keys_says_so_and_not_what_it_holds(text: str) -> None:
    with pytest.raises(InvalidObject) as problem:
        signer(text).sign(b"work")
    assert problem.value.__cause__ is None
    assert PRIVATE not in str(problem.value)


@pytest.mark.parametrize("text", ["", "no base64!", base64.b64encode(b"x" * 31).decode(), "ä"])
@pytest.mark.parametrize("use", [lambda text: KeyVerifier([text]), key_name])
def test_no_public_key(text: str, use: Callable[[str], object]) -> None:
    with pytest.raises(InvalidObject, match="no Ed25519 key"):
        use(text)
