"""What every `Blobs` does, run on the fake and on files by subclasses that give the fixtures.

`blobs`: an empty store. `aged`: makes all blobs that are there look as if written `seconds` ago and gives the time now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from argosy.errors import InvalidObject, NotFound
from argosy.ports.blobs import Blobs

Aged = Callable[[float], datetime]


class BlobsContract:
    """The suite."""

    @pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 4096])
    @pytest.mark.parametrize("key", ["one", "messages/0a1b", "a/b/c/d", "A-Z_0.9/x..y", "..."])
    def test_what_was_put_is_there(self, blobs: Blobs, key: str, data: bytes) -> None:
        blobs.put(key, data)
        assert blobs.get(key) == data

    def test_a_blob_is_replaced_as_a_whole(self, blobs: Blobs) -> None:
        blobs.put("k", b"longer than what follows")
        blobs.put("k", b"short")
        assert blobs.get("k") == b"short"

    @pytest.mark.parametrize("key", ["other", "k/below", "messages/none"])
    def test_what_was_not_put_is_not_there(self, blobs: Blobs, key: str) -> None:
        blobs.put("messages/some", b"x")
        with pytest.raises(NotFound, match=key):
            blobs.get(key)

    def test_delete(self, blobs: Blobs) -> None:
        blobs.put("a/k", b"x")
        blobs.put("a/l", b"y")
        blobs.delete("a/k")
        blobs.delete("a/k")
        blobs.delete("never/there")
        with pytest.raises(NotFound):
            blobs.get("a/k")
        assert blobs.get("a/l") == b"y"

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../x",
            "a/../b",
            "a/./b",
            "a b",
            "a\\b",
            "a\n",
            "é",
            "a\0",
            "x" * 901,
        ],
    )
    def test_a_key_outside_the_alphabet(self, blobs: Blobs, key: str) -> None:
        calls = (
            lambda: blobs.put(key, b""),
            lambda: blobs.get(key),
            lambda: blobs.delete(key),
            lambda: blobs.share(key, 1),
        )
        for call in calls:
            with pytest.raises(InvalidObject, match="not a blob key"):
                call()

    def test_whoever_knows_its_address_gets_it(self, blobs: Blobs) -> None:
        """Asked for before it is there; "" where blobs have no addresses. Adapters that have them test the getting."""
        address = blobs.share("answers/k", 60)
        blobs.put("answers/k", b"x")
        assert address == "" or address.startswith("http")
        assert (address == "") == (blobs.share("answers/l", 60) == "")

    def test_the_sweep_removes_what_is_old(self, blobs: Blobs, aged: Aged) -> None:
        blobs.put("old/1", b"x")
        blobs.put("old/2", b"x")
        now = aged(1000)
        blobs.put("new", b"y")
        assert blobs.sweep(now - timedelta(seconds=2000)) == 0
        assert blobs.sweep(now - timedelta(seconds=500)) == 2
        assert blobs.get("new") == b"y"
        with pytest.raises(NotFound):
            blobs.get("old/1")
        assert blobs.sweep(now - timedelta(seconds=500)) == 0

    def test_the_sweep_of_nothing(self, blobs: Blobs, aged: Aged) -> None:
        assert blobs.sweep(aged(0)) == 0
