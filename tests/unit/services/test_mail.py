"""Message bodies and the claim check."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError, NotFound
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.services.mail import MAX_INLINE, pack, unpack


@pytest.fixture
def blobs() -> FakeBlobs:
    return FakeBlobs(FakeClock())


@pytest.mark.parametrize("body", [{}, {"blob": "x"}, {"blob": "x", "more": 1}, {"a": "é" * 1000}])
def test_small_bodies_travel_themselves(blobs: FakeBlobs, body: Any) -> None:
    text = pack(body, blobs)
    assert unpack(text, blobs) == body
    assert unpack(text, FakeBlobs(FakeClock())) == body


@pytest.mark.parametrize("size", [MAX_INLINE, 5_000_000])
def test_large_bodies_travel_by_reference(blobs: FakeBlobs, size: int) -> None:
    body = {"text": "x" * size}
    text = pack(body, blobs)
    assert len(text) < 200
    assert unpack(text, blobs) == body
    assert pack(body, blobs) == text, "the same body has the same blob"
    assert pack({"text": "y" * size}, blobs) != text


def test_the_largest_body_that_travels_itself(blobs: FakeBlobs) -> None:
    body = {"t": "x" * (MAX_INLINE - len('{"t":"","v":1}'))}
    assert len(pack(body, blobs)) == MAX_INLINE


@pytest.mark.parametrize("text", ["", "{", "nope", '{"a": 1e999}'])
def test_what_is_no_message(blobs: FakeBlobs, text: str) -> None:
    with pytest.raises(EvaluationError):
        unpack(text, blobs)


def test_a_blob_that_is_gone(blobs: FakeBlobs) -> None:
    text = pack({"t": "x" * MAX_INLINE}, blobs)
    with pytest.raises(NotFound, match="messages/"):
        unpack(text, FakeBlobs(FakeClock()))
