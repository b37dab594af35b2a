"""Versions of messages: each release reads its own and the one before."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy import formats
from argosy.errors import EvaluationError, Unavailable
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.services.mail import pack, unpack

KNOWN = formats.MESSAGES


@pytest.fixture
def blobs() -> FakeBlobs:
    return FakeBlobs(FakeClock())


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_message_says_its_version_and_is_read_without_it(blobs: FakeBlobs, size: int) -> None:
    body = {"text": "x" * size}
    packed = pack(body, blobs)
    stored = orjson.loads(packed)
    if "blob" in stored:
        stored = orjson.loads(blobs.get(stored["blob"]))
    assert stored == {**body, "v": KNOWN}
    assert unpack(packed, blobs) == body
    assert "v" not in body


@pytest.mark.parametrize("older", [{}, {"v": KNOWN - 1}])
def test_the_release_before_is_read(blobs: FakeBlobs, older: dict[str, Any]) -> None:
    assert unpack(orjson.dumps({"text": "x", **older}).decode(), blobs) == {"text": "x"}


def test_a_newer_message_comes_again(blobs: FakeBlobs) -> None:
    with pytest.raises(Unavailable, match=f"newer release .format {KNOWN + 1}, this one reads {KNOWN}"):
        unpack(orjson.dumps({"v": KNOWN + 1}).decode(), blobs)


@pytest.mark.parametrize("version", ["1", 1.0, None, True, -1, [], {}])
def test_what_is_no_version(blobs: FakeBlobs, version: object) -> None:
    with pytest.raises(EvaluationError, match="no version"):
        unpack(orjson.dumps({"v": version}).decode(), blobs)


@pytest.mark.parametrize(("found", "known"), [(0, 2), (1, 3)])
def test_too_old(found: int, known: int) -> None:
    with pytest.raises(EvaluationError, match="release by release"):
        formats.check(found, known, "the message")


@pytest.mark.parametrize(("found", "known"), [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)])
def test_readable(found: int, known: int) -> None:
    formats.check(found, known, "the message")
