"""Batches of SQS: cut by number and bytes, and what to make of their partial failures.

A call for a batch goes through although single entries of it fail. Those that AWS could not serve are sent again; those that
the sender got wrong never will be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.adapters.aws.retries import pauses

__all__ = ["MAX_BYTES", "MAX_ENTRIES", "Failure", "batches", "entry_size", "seconds", "through"]

MAX_ENTRIES: Final = 10
MAX_BYTES: Final = 256 * 1024
"""For one message and for one batch. Newer quotas are higher, but not everywhere."""

type Entry = dict[str, Any]
type Failure = Mapping[str, Any]


def entry_size(entry: Entry) -> int:
    """Bytes that count against the quota: the body and the message attributes."""
    size = len(entry["MessageBody"].encode())
    for name, value in entry.get("MessageAttributes", {}).items():
        content = value.get("StringValue", "").encode() or value.get("BinaryValue", b"")
        size += len(name.encode()) + len(value["DataType"].encode()) + len(content)
    return size


def batches(entries: Iterable[Entry], size: Callable[[Entry], int] = lambda _: 0) -> Iterator[list[Entry]]:
    """Cut entries into batches of at most 10 and, by their `size`, at most 256 KiB; the order stays."""
    batch: list[Entry] = []
    total = 0
    for entry in entries:
        more = size(entry)
        if batch and (len(batch) == MAX_ENTRIES or total + more > MAX_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(entry)
        total += more
    if batch:
        yield batch


def through(
    call: Callable[[list[Entry]], tuple[Sequence[Any], Sequence[Failure]]],
    batch: list[Entry],
    sleep: Callable[[float], None],
) -> tuple[list[Any], list[Failure]]:
    """Call with `batch`, and again with what failed through AWS's fault; the successes, and the failures that are left.

    `call` takes entries with an `Id` and gives SQS's `Successful` and `Failed`.
    """
    done: list[Any] = []
    refused: list[Failure] = []
    left, waits = batch, pauses()
    while True:
        successful, failed = call(left)
        done += successful
        refused += [failure for failure in failed if failure.get("SenderFault")]
        again = {failure["Id"]: failure for failure in failed if not failure.get("SenderFault")}
        left = [entry for entry in left if entry["Id"] in again]
        pause = next(waits, None)
        if not left or pause is None:
            return done, refused + list(again.values())
        sleep(pause)


def seconds(delay: float) -> int:
    """Whole seconds, as SQS counts them: never too early, and at most the 12 hours that it can hide a message."""
    return min(math.ceil(delay), 43_200)
