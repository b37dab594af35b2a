"""Carries out the writes of a decision, next to the objects: in a function, or in the agent for it.

A decision may be old when its turn comes. The whole is refused when one object that it has read is another by now (uid or
resourceVersion) or one that was not there is; then nothing has happened. What changes between this look and a write is
caught by the write's own precondition. Called by the loop for clusters that it reaches itself, by the agent for its own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from argosy.control.effects import Apply, Outcome, Patch, Unit, Version, Write
from argosy.control.keys import Key
from argosy.errors import ArgosyError, Conflict
from argosy.ports.aside import Aside, at_once

__all__ = ["Carrier", "Direct", "Writer", "carry_out", "is_current"]

_log = logging.getLogger("argosy.control")


class Writer(Protocol):
    """Objects of a cluster, read where they are and not from a mirror."""

    def version(self, target: Key) -> Version | None:
        """The object's version now, None when it is not there."""
        ...

    def write(self, write: Write) -> tuple[str, int | None]:
        """Do it; the object's uid and its new resourceVersion, None when it is gone.

        Raises Conflict when it is no longer the version that the write stands on; other errors as `Cluster`.
        """
        ...


class Carrier(Protocol):
    """Brings units to a cluster. `answers_later`: the outcome comes by `Loop.answer`."""

    answers_later: bool

    def is_current(self, read: Mapping[Key, Version | None]) -> bool:
        """Whether nothing of what was read is known to have changed."""
        ...

    def carry(self, unit: Unit) -> Outcome:
        """Carry out or hand on; the outcome says nothing yet when it comes later. Raises Unavailable."""
        ...


class Direct:
    """Carries out at once, on a cluster that this process reaches."""

    answers_later = False

    def __init__(self, writer: Writer, aside: Aside = at_once) -> None:
        self._writer, self._aside = writer, aside

    def is_current(self, read: Mapping[Key, Version | None]) -> bool:
        """See `Carrier.is_current`."""
        return is_current(read, self._writer)

    def carry(self, unit: Unit) -> Outcome:
        """See `Carrier.carry`."""
        return carry_out(unit, self._writer, aside=self._aside)


def is_current(read: Mapping[Key, Version | None], writer: Writer) -> bool:
    """Whether everything that was read is as it was."""
    return all(writer.version(target) == version for target, version in read.items())


def carry_out(unit: Unit, writer: Writer, now: datetime | None = None, aside: Aside = at_once) -> Outcome:
    """Do the writes of `unit`, those that nothing depends on `aside`; `now` is for units that expire.

    Raises nothing of ours: the outcome says it all.
    """
    written: dict[str, int | None] = {}
    if unit.expires is not None and now is not None and now >= unit.expires:
        return Outcome(problem="the request came too late and was not carried out")
    try:
        optional = [write for write in unit.writes if isinstance(write, Apply) and write.optional]
        needed = [write for write in unit.writes if write not in optional]
        if not is_current(_unproven(unit, needed), writer):
            return Outcome(stale=True)
        for write in needed:
            uid, resource = writer.write(write)
            written[uid] = resource
        for one in optional:
            aside(partial(_try, writer, one))
    except Conflict:
        return Outcome(written, stale=True)
    except ArgosyError as x:
        return Outcome(written, str(x) or type(x).__name__)
    return Outcome(written)


def _unproven(unit: Unit, writes: list[Write]) -> Mapping[Key, Version | None]:
    """What was read without the target of the first write, which refuses another version before anything has happened."""
    first = writes[0] if writes else None
    if not isinstance(first, Patch) or unit.read.get(first.target) != first.version:
        return unit.read
    return {target: version for target, version in unit.read.items() if target != first.target}


def _try(writer: Writer, write: Write) -> None:
    try:
        writer.write(write)
    except ArgosyError as x:
        _log.info("%s could not be written, and need not be: %s", write.target, x)
