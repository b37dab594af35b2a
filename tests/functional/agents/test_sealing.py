"""Values that are sealed for a hub: they open with its keys and nowhere else, on real cryptography."""

from __future__ import annotations

import base64

import orjson
import pytest

from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.adapters.signing.renewed import FRESH_SECONDS
from argosy.adapters.signing.rotation import announced, finished
from argosy.adapters.signing.sealing import (
    KeyOpener,
    KeySealer,
    new_seal_keys,
    public_half,
    renewed_keys,
    with_public_half,
    without_old,
)
from argosy.control.agents.values import Place, context_of
from argosy.errors import Conflict, Denied, InvalidObject, Unavailable

PLACE = Place("Secret", "team", "token", "default")
CONTEXT = context_of("edge", PLACE)


def sealed(text: str, data: bytes = b"open sesame", context: str = CONTEXT) -> str:
    return KeySealer().seal(public_half(text), data, context)


def opener(text: str) -> KeyOpener:
    return KeyOpener(lambda: text)


def test_what_was_sealed_opens_and_looks_different_each_time() -> None:
    keys = new_seal_keys()
    one, two = sealed(keys), sealed(keys)
    assert one != two
    assert b"sesame" not in base64.b64decode(one.partition(":")[2])
    assert opener(keys).open(one, CONTEXT) == opener(keys).open(two, CONTEXT) == b"open sesame"


def test_a_changed_byte_opens_nothing() -> None:
    keys = new_seal_keys()
    name, _, text = sealed(keys).partition(":")
    data = base64.b64decode(text)
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Denied) as problem:
            opener(keys).open(f"{name}:{base64.b64encode(changed).decode()}", CONTEXT)
        assert "sesame" not in str(problem.value)


@pytest.mark.parametrize("cut", [0, 1, 31, 47, -1])
def test_a_part_opens_nothing(cut: int) -> None:
    keys = new_seal_keys()
    name, _, text = sealed(keys).partition(":")
    with pytest.raises(Denied):
        opener(keys).open(f"{name}:{base64.b64encode(base64.b64decode(text)[:cut]).decode()}", CONTEXT)


@pytest.mark.parametrize(
    "context",
    [
        context_of("other", PLACE),
        context_of("edge", Place("ConfigMap", "team", "token", "default")),
        context_of("edge", Place("Secret", "other", "token", "default")),
        context_of("edge", Place("Secret", "team", "other", "default")),
        context_of("edge", Place("Secret", "team", "token", "other")),
        "",
    ],
)
def test_it_opens_for_its_own_place_alone(context: str) -> None:
    keys = new_seal_keys()
    with pytest.raises(Denied):
        opener(keys).open(sealed(keys), context)


def test_somebody_elses_key_opens_nothing() -> None:
    with pytest.raises(Unavailable, match="not held any more"):
        opener(new_seal_keys()).open(sealed(new_seal_keys()), CONTEXT)


def test_two_generations_open_and_then_one() -> None:
    first = new_seal_keys()
    second = renewed_keys(first)
    assert public_half(second) != public_half(first)
    old, new = sealed(first), sealed(second)
    for text in (old, new):
        assert opener(second).open(text, CONTEXT) == b"open sesame"
    last = without_old(second)
    assert public_half(last) == public_half(second)
    assert opener(last).open(new, CONTEXT) == b"open sesame"
    with pytest.raises(Unavailable):
        opener(last).open(old, CONTEXT)


def test_steps_of_a_rotation_in_the_wrong_order() -> None:
    first = new_seal_keys()
    with pytest.raises(Conflict, match="rotate without --finish first"):
        without_old(first)
    with pytest.raises(Conflict, match="with --finish first"):
        renewed_keys(renewed_keys(first))


def test_a_key_that_is_newer_than_what_was_loaded_is_asked_for() -> None:
    first, now, loads = new_seal_keys(), [0.0], list[str]()
    kept = [first]

    def load() -> str:
        loads.append(kept[0])
        return kept[0]

    warm = KeyOpener(load, lambda: now[0])
    warm.open(sealed(first), CONTEXT)
    kept[0] = renewed_keys(first)
    now[0] = 4.0
    with pytest.raises(Unavailable):
        warm.open(sealed(kept[0]), CONTEXT)
    now[0] = 5.0
    assert warm.open(sealed(kept[0]), CONTEXT) == b"open sesame"
    assert len(loads) == 2
    now[0] = 5.0 + FRESH_SECONDS
    warm.open(sealed(kept[0]), CONTEXT)
    assert len(loads) == 3, "a key that was dropped is dropped everywhere in the end"


@pytest.mark.parametrize("text", ["", "no JSON", "{}", '{"keys": []}', '{"keys": ["short"]}', '{"keys": ["ä"]}'])
def test_what_holds_no_keys_says_so_and_not_what_it_holds(text: str) -> None:
    with pytest.raises(InvalidObject, match="holds no sealing keys") as problem:
        opener(text).open("name:", CONTEXT)
    assert problem.value.__cause__ is None
    assert "short" not in str(problem.value)


def test_the_public_half_lies_with_the_keys_that_sign() -> None:
    """And stays there when those are rotated."""
    seal = new_seal_keys()
    text = with_public_half(new_keys(), seal)
    assert KeySigner(lambda: text).sealing_key() == public_half(seal)
    for step in (announced, finished):
        text = step(text)
        assert KeySigner(lambda text=text: text).sealing_key() == public_half(seal)  # type: ignore[misc]
    assert orjson.loads(seal)["keys"][0] not in text, "and the private one does not"
    assert KeySigner(new_keys).sealing_key() == ""
