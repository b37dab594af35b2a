"""A pack from a stranger, looked through before anything unpacks it.

In: a pack file; out: how large it is unpacked, or an error. Called by `repository` between the network and dulwich, which
takes sizes in a pack on trust: a few kilobytes may say that they are gigabytes (CVE-2023-40584 was such a bomb). Every entry
is inflated here piece by piece and thrown away, at most as far as its header says; for a delta, the size of what it makes is
read from its first bytes. Format: `gitformat-pack(5)`, version 2.
"""

from __future__ import annotations

import zlib
from typing import IO, Final

from argosy.adapters.git.budget import Budget
from argosy.errors import EvaluationError

__all__ = ["check_pack"]

_CHUNK: Final = 1 << 16
_OFFSET_DELTA, _REFERENCE_DELTA = 6, 7
_VARINT: Final = 10


class _Reader:
    """The file with bytes that can be given back."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left = file, b""

    def chunk(self) -> bytes:
        data, self._left = self._left or self._file.read(_CHUNK), b""
        if not data:
            raise EvaluationError("the repository's pack ends too early")
        return data

    def give_back(self, data: bytes) -> None:
        self._left = data + self._left

    def take(self, count: int) -> bytes:
        data = self._left
        while len(data) < count:
            self._left = b""
            data += self.chunk()
        self._left = data[count:]
        return data[:count]


def check_pack(file: IO[bytes], budget: Budget) -> int:
    """Look through a pack; how many bytes its objects hold.

    Raises EvaluationError when they are too many or too large, or when it is broken.
    """
    reader = _Reader(file)
    head = reader.take(12)
    count = int.from_bytes(head[8:])
    if head[:8] != b"PACK\0\0\0\2":
        raise EvaluationError("what the repository sends is no pack of version 2")
    if count > budget.limits.objects:
        raise EvaluationError(f"the commit holds {count} objects; at most {budget.limits.objects} are taken")
    total = 0
    for _ in range(count):
        total += _entry(reader, budget.limits.size - total)
        budget.in_time()
    return total


def _entry(reader: _Reader, most: int) -> int:
    """Read past one entry; how large the object is that it makes."""
    first = reader.take(1)[0]
    kind, size, shift = first >> 4 & 7, first & 15, 4
    while first & 128:
        first = reader.take(1)[0]
        size |= (first & 127) << shift
        shift += 7
        if shift > 64:
            raise EvaluationError("the repository's pack is broken: a size without an end")
    if kind == _OFFSET_DELTA:
        while reader.take(1)[0] & 128:
            pass
    elif kind == _REFERENCE_DELTA:
        reader.take(20)
    _fits(size, most)
    start = _inflated(reader, size)
    if kind not in (_OFFSET_DELTA, _REFERENCE_DELTA):
        return size
    made = _varint(start, _varint(start, 0)[1])[0]
    _fits(made, most)
    return made


def _inflated(reader: _Reader, size: int) -> bytes:
    """Read past `size` inflated bytes; the first of them."""
    inflater = zlib.decompressobj()
    start, seen = b"", 0
    data = b""
    while not inflater.eof:
        try:
            out = inflater.decompress(data or reader.chunk(), _CHUNK)
        except zlib.error as x:
            raise EvaluationError(f"the repository's pack is broken: {x}") from x
        data = inflater.unconsumed_tail
        start += out[: max(0, 2 * _VARINT - len(start))]
        seen += len(out)
        if seen > size:
            raise EvaluationError("the repository's pack is broken: an object is larger than it says")
    reader.give_back(inflater.unused_data)
    if seen != size:
        raise EvaluationError("the repository's pack is broken: an object is smaller than it says")
    return start


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A size at the beginning of a delta, and where the next begins."""
    value = 0
    for shift, byte in enumerate(data[at : at + _VARINT]):
        value |= (byte & 127) << (7 * shift)
        if not byte & 128:
            return value, at + shift + 1
    raise EvaluationError("the repository's pack is broken: a delta without a size")


def _fits(size: int, most: int) -> None:
    if size > most:
        raise EvaluationError("the files and folders of the commit are too large together")
