"""Which connections of event sources should run, and how long one that has failed waits: pure decisions.

A line is one entry of an EventSource that a lasting connection feeds. The hub makes lines of its declarations and sends
those of a cluster to its agent; `argosy up` takes those of its own declarations. A line carries the entry as text, whose
secrets are names, so it may travel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import BaseModel

from argosy.errors import ArgosyError, EvaluationError, InvalidObject
from argosy.lang import duration
from argosy.resources.base import KeyRef
from argosy.resources.eventsource import EventSourceSpec, attribute
from argosy.resources.homes import home_of
from argosy.resources.sensor import Backoff

__all__ = ["Line", "Taken", "changes", "pause", "secrets_of"]

_FIRST_PAUSE: Final = 1.0
_LEAST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 60.0
_DEFAULT_STEPS: Final = 5


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """`key` is `<namespace>/<event source>/<event>`, `account` whom its secrets are read as, `text` the entry as JSON."""

    key: str
    kind: str
    account: str
    text: str

    @classmethod
    def of(cls, key: str, kind: str, account: str, entry: BaseModel) -> Line:
        """Of an entry as it was read; fields that no model has make no difference."""
        body = entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return cls(key, kind, account, orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode())

    @property
    def namespace(self) -> str:
        """Where its secrets lie: without the cluster."""
        return home_of(self.key.partition("/")[0])[0]

    def entry(self) -> Any:
        """The entry's model. Raises InvalidObject for one of another release."""
        name = self.key.rpartition("/")[2]
        try:
            spec = EventSourceSpec.model_validate({self.kind: {name: orjson.loads(self.text)}})
            return getattr(spec, attribute(self.kind))[name]
        except (ValueError, AttributeError, KeyError) as x:
            raise InvalidObject(f"not an entry that this release knows: {type(x).__name__}", obj=self.key) from None

    def as_json(self) -> list[str]:
        """For a message."""
        return [self.key, self.kind, self.account, self.text]

    @classmethod
    def from_json(cls, body: Any) -> Line:
        """The inverse. Raises EvaluationError for anything else."""
        if not isinstance(body, list) or len(body) != 4 or not all(isinstance(one, str) for one in body):
            raise EvaluationError("not a line that this release knows")
        return cls(*body)


def changes(running: Mapping[str, Line], wanted: Iterable[Line]) -> tuple[list[str], list[Line]]:
    """The keys of lines to end, and the lines to begin after that; one that has changed is in both."""
    by_key = {line.key: line for line in wanted}
    ended = [key for key, line in running.items() if by_key.get(key) != line]
    return ended, [line for key, line in by_key.items() if running.get(key) != line]


@dataclass(frozen=True, slots=True)
class Taken:
    """An event: `origin` is the same in each delivery where the broker has a name for it, `data` its payload."""

    origin: str
    data: str


def pause(backoff: Backoff | None, attempt: int, chance: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1) in a row; `chance` in [0, 1) is what jitter draws.

    As `connectionBackoff` says, up to its `steps`, and then as after the last of them: Argo gives up, after ten rounds of
    that, and the event source is silent until its pod is made anew. Without one the wait doubles, up to half a minute.
    """
    if backoff is None:
        return min(_FIRST_PAUSE * (1 << min(attempt - 1, _DEFAULT_STEPS)), _LONGEST_PAUSE / 2)
    steps = backoff.steps if backoff.steps is not None and backoff.steps > 0 else _DEFAULT_STEPS
    try:
        wait = _seconds(backoff) * math.pow(backoff.factor or 1, min(attempt, steps) - 1)
    except OverflowError:
        return _LONGEST_PAUSE
    wait += chance * (backoff.jitter or 0) * wait
    return max(_LEAST_PAUSE, min(wait, _LONGEST_PAUSE))


def _seconds(backoff: Backoff) -> float:
    if backoff.duration is None:
        return _FIRST_PAUSE
    try:
        return (backoff.duration if isinstance(backoff.duration, int) else duration.parse(backoff.duration)) / 1e9
    except ArgosyError:
        return _FIRST_PAUSE


def secrets_of(entry: BaseModel) -> Iterator[KeyRef]:
    """The key selectors of an entry, however deep."""
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if isinstance(value, KeyRef):
            yield value
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)
