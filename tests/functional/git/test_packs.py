"""Packs are looked through before they are unpacked."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest

from argosy.adapters.git.budget import Budget, Limits
from argosy.adapters.git.packs import check_pack
from argosy.errors import EvaluationError
from support.gitserver import Repo

LIMITS = Limits(size=1_000_000, objects=100)


def header(kind: int, size: int) -> bytes:
    """An entry's first bytes: its kind and how large it is."""
    first, rest = kind << 4 | size & 15, size >> 4
    found = bytearray()
    while rest:
        found.append(first | 128)
        first, rest = rest & 127, rest >> 7
    return bytes([*found, first])


def pack(*entries: bytes, count: int | None = None) -> io.BytesIO:
    """A pack without its checksum, which is not ours to check."""
    number = len(entries) if count is None else count
    return io.BytesIO(b"PACK\0\0\0\2" + number.to_bytes(4) + b"".join(entries))


def check(file: io.BytesIO) -> None:
    check_pack(file, Budget(LIMITS))


def test_a_pack_of_git(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a")
    text = "".join(f"line {number}\n" for number in range(5_000))
    repo.commit({"a": text})
    repo.commit({"a": text + "more\n", "b": b"\0" * 100_000})
    listed = repo.git("rev-list", "--objects", "--all")
    repo.git("pack-objects", "--delta-base-offset", "p", given=listed.encode())
    (made,) = repo.folder.glob("p-*.pack")
    check(io.BytesIO(made.read_bytes()))


def test_an_object_that_says_that_it_is_large() -> None:
    with pytest.raises(EvaluationError, match="too large together"):
        check(pack(header(3, 2_000_000) + zlib.compress(b"")))


def test_objects_that_are_large_together() -> None:
    one = header(3, 600_000) + zlib.compress(b"\0" * 600_000)
    check(pack(one))
    with pytest.raises(EvaluationError, match="too large together"):
        check(pack(one, one))


def test_an_object_that_is_larger_than_it_says() -> None:
    with pytest.raises(EvaluationError, match="larger than it says"):
        check(pack(header(3, 10) + zlib.compress(b"\0" * 100_000_000)))


def test_an_object_that_is_smaller_than_it_says() -> None:
    with pytest.raises(EvaluationError, match="smaller than it says"):
        check(pack(header(3, 10) + zlib.compress(b"")))


@pytest.mark.parametrize("kind", [6, 7])
def test_a_delta_that_makes_something_large(kind: int) -> None:
    """Ten bytes that copy one place a million times."""
    delta = b"\x01" + b"\x80\x80\x80\x80\x10" + b"\x90\x01"
    base = b"\x01" if kind == 6 else b"\0" * 20
    with pytest.raises(EvaluationError, match="too large together"):
        check(pack(header(kind, len(delta)) + base + zlib.compress(delta)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "ends too early"),
        (b"KCAP\0\0\0\2\0\0\0\1", "no pack of version 2"),
        (b"PACK\0\0\0\3\0\0\0\1", "no pack of version 2"),
        (b"PACK\0\0\0\2\0\0\0\1", "ends too early"),
        (b"PACK\0\0\0\2\0\1\0\0", "at most 100"),
        (b"PACK\0\0\0\2\0\0\0\1" + b"\xff" * 30, "a size without an end"),
        (b"PACK\0\0\0\2\0\0\0\1" + header(3, 5) + b"nonsense", "broken"),
        (b"PACK\0\0\0\2\0\0\0\1" + header(6, 1) + b"\1" + zlib.compress(b"\x80"), "a delta without a size"),
    ],
)
def test_what_is_no_pack(data: bytes, says: str) -> None:
    with pytest.raises(EvaluationError, match=says):
        check(io.BytesIO(data))
