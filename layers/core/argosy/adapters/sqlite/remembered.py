"""What was read from a database of late: the same question is not asked again until somebody has written.

A query lets go of the interpreter once for each row that it gives, and where several threads work each time means to wait
for it; that costs more than the query itself (docs/decisions/0001-embedded-queue-and-store.md). An answer holds until its
partition is written to by this process, or anything by another one. Answers are as SQLite gave them, so that what callers
do to the rows that are made of them changes nothing here.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.adapters.sqlite.commits import Commits

__all__ = ["Remembered", "Rows"]

_MOST_BYTES: Final = 16 * 1024 * 1024
_LARGE_BYTES: Final = 128 * 1024
_ROW_BYTES: Final = 400
_BUCKETS: Final = 1024

type Rows = Sequence[tuple[Any, ...]]
type _Answers = Mapping[tuple[str, Hashable], Rows]
type _Known = tuple[float, Rows, int]
type _Mark = tuple[int, int]


@dataclass(slots=True)
class _Partition:
    answers: dict[Hashable, _Known] = field(default_factory=dict)
    size: int = 0


class Remembered:
    """Answers by partition and question; `size` tells the bytes of a row, `until` when it expires (epoch seconds, None)."""

    def __init__(
        self,
        commits: Commits,
        now: Callable[[], float],
        size: Callable[[tuple[Any, ...]], int],
        until: Callable[[tuple[Any, ...]], float | None],
    ) -> None:
        self._commits, self._now, self._row_size, self._row_until = commits, now, size, until
        self._mutex = threading.Lock()
        self._partitions: OrderedDict[str, _Partition] = OrderedDict()
        self._size = 0
        self._epoch: int | None = None
        # Of partitions that share a bucket each counts as written to when another one is.
        self._writing = [0] * _BUCKETS
        self._written = [0] * _BUCKETS

    def answer(self, pk: str, question: Hashable, read: Callable[[], Rows]) -> Rows:
        """The rows of a question about a partition: as remembered, else as `read` gives them."""
        epoch = self._commits.epoch()
        with self._mutex:
            known, mark = self._look(epoch, pk, question)
        if known is None or known[0] <= self._now():
            rows = read()
            self._keep(pk, question, rows, mark)
            return rows
        return known[1]

    def answers(
        self, questions: Iterable[tuple[str, Hashable]], read: Callable[[Sequence[tuple[str, Hashable]]], _Answers]
    ) -> _Answers:
        """The same of several; `read` is asked for those together that are not known."""
        epoch, now = self._commits.epoch(), self._now()
        with self._mutex:
            looked = {one: self._look(epoch, *one) for one in questions}
        found = {one: known[1] for one, (known, _) in looked.items() if known is not None and now < known[0]}
        missing = [one for one in looked if one not in found]
        if missing:
            told = read(missing)
            for one in missing:
                found[one] = told.get(one, ())
                self._keep(*one, found[one], looked[one][1])
        return found

    @contextmanager
    def changing(self, pks: Iterable[str]) -> Iterator[None]:
        """Around a transaction that writes to these partitions."""
        partitions = set(pks)
        buckets = {hash(pk) % _BUCKETS for pk in partitions}
        with self._mutex:
            for bucket in buckets:
                self._writing[bucket] += 1
        try:
            yield
        finally:
            with self._mutex:
                for bucket in buckets:
                    self._writing[bucket] -= 1
                    self._written[bucket] += 1
                for pk in partitions:
                    self._forget(pk)

    def _look(self, epoch: int | None, pk: str, question: Hashable) -> tuple[_Known | None, _Mark | None]:
        """What is known, and by which mark a new answer may be kept, None = not at all."""
        if epoch != self._epoch:
            self._forget_all(epoch)
        bucket = hash(pk) % _BUCKETS
        if epoch is None or self._writing[bucket]:
            return None, None
        partition = self._partitions.get(pk)
        return partition.answers.get(question) if partition is not None else None, (epoch, self._written[bucket])

    def _keep(self, pk: str, question: Hashable, rows: Rows, mark: _Mark | None) -> None:
        size = _ROW_BYTES + sum(_ROW_BYTES + self._row_size(row) for row in rows)
        if mark is None or size > _LARGE_BYTES:
            return
        until = min((one for one in map(self._row_until, rows) if one is not None), default=math.inf)
        bucket = hash(pk) % _BUCKETS
        with self._mutex:
            current = mark == (self._epoch, self._written[bucket]) and not self._writing[bucket]
            # Asked last: what another process writes after this, it counts after this.
            if not current or self._commits.epoch() != mark[0]:
                return
            partition = self._partitions.setdefault(pk, _Partition())
            self._partitions.move_to_end(pk)
            _, _, before = partition.answers.get(question, (0.0, (), 0))
            partition.size += size - before
            self._size += size - before
            partition.answers[question] = until, rows, size
            while self._size > _MOST_BYTES:
                self._forget(next(iter(self._partitions)))

    def _forget(self, pk: str) -> None:
        partition = self._partitions.pop(pk, None)
        if partition is not None:
            self._size -= partition.size

    def _forget_all(self, epoch: int | None) -> None:
        self._partitions.clear()
        self._size, self._epoch = 0, epoch
