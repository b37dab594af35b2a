"""What is kept of an object between two turns: one row (pk `control/<work queue>`, sk the object's key).

Written by the loop at the end of a turn, by a timer's hop, and by `tick`, always on condition of the version that was read.
The row is due half a minute after the timer it carries: by then the timer's message has come, or is lost. A row
that says nothing expires a day later: not at once, so that numbers do not start anew under a message that is on its way.
Outcomes of requests that were answered later lie in rows of their own (pk `answer/<request>`) for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from argosy.control.effects import Outcome
from argosy.control.keys import Key
from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.store import ABSENT, Put, Row, Store

__all__ = ["CONTROL_PREFIX", "State", "States"]

CONTROL_PREFIX: Final = "control/"
_GRACE_SECONDS: Final = 30.0
_KEEP_SECONDS: Final = 86_400.0
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class State:
    """The row of an object.

    `next_due`: epoch seconds of its timer, None = none; `timer`: that timer's generation, one up with each new one.
    `results`: what the last writes left (uid → resourceVersion, None = gone); no decision is taken on anything older.
    `pending`: the request whose outcome is awaited, until `deadline`. `attempt`: failed turns in a row, `problem` the last
    one's. `version`: of the row as it was read.
    """

    next_due: float | None = None
    timer: int = 0
    results: Mapping[str, int | None] = field(default_factory=dict)
    pending: str = ""
    deadline: float = 0.0
    attempt: int = 0
    problem: str = ""
    version: int = ABSENT

    def differs(self, other: State) -> bool:
        """Whether more than the timer's generation tells the two apart."""
        return replace(self, timer=0, version=0) != replace(other, timer=0, version=0)


class States:
    """The rows of one work queue."""

    def __init__(self, store: Store, clock: Clock, queue: str) -> None:
        self._store, self._clock = store, clock
        self._pk = f"{CONTROL_PREFIX}{queue}"

    def load(self, key: Key) -> State:
        """The state of an object; a new one where there is none."""
        row = self._store.get(self._pk, str(key))
        return _state(row) if row is not None else State()

    def save(self, key: Key, before: State, after: State, *, durable: bool = True) -> State:
        """Write `after` in place of `before`, whatever a timer's hop or `tick` did meanwhile; as it was written.

        `durable`: see `Store.write`; False for one whose loss only makes a turn be taken again.
        Raises Conflict when another turn has written.
        """
        now, tries = before, 1
        while True:
            try:
                wanted = replace(after, timer=after.timer + now.timer - before.timer)
                return self.replace(key, now, wanted, durable=durable)
            except Conflict:
                now, tries = self.load(key), tries + 1
                if now.differs(before) or tries > _TRIES:
                    raise

    def replace(
        self, key: Key, before: State, after: State, *, due_at: float | None = None, durable: bool = True
    ) -> State:
        """Write `after` if the row is `before` still. Raises Conflict. `due_at`: not half a minute after its timer."""
        if due_at is None and after.next_due is not None:
            due_at = after.next_due + _GRACE_SECONDS
        data = asdict(after)
        del data["version"]
        expires_at = None if after.differs(State()) else self._clock.now().timestamp() + _KEEP_SECONDS
        row = Row(self._pk, str(key), data, due_at=due_at, expires_at=expires_at)
        self._store.write([Put(row, expect=before.version)], durable=durable)
        return replace(after, version=before.version + 1)

    def put_answer(self, request: str, outcome: Outcome) -> None:
        """Keep the outcome of a request; the first one counts."""
        expires = self._clock.now().timestamp() + _KEEP_SECONDS
        row = Row(f"answer/{request}", "outcome", outcome.as_json(), expires_at=expires)
        try:
            self._store.write([Put(row, expect=ABSENT)])
        except Conflict:
            return

    def answer(self, request: str) -> Outcome | None:
        """The outcome of a request, None as long as there is none."""
        row = self._store.get(f"answer/{request}", "outcome")
        return Outcome.from_json(row.data) if row is not None else None


def _state(row: Row) -> State:
    known: dict[str, Any] = {name: value for name, value in row.data.items() if name in State.__dataclass_fields__}
    return State(**{**known, "version": row.version})
