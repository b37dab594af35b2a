"""Claims: who carries out an effect, so that a message that is delivered twice does nothing twice.

Sensors' firings claim each of their attempts; the control loop claims a call once, and gives the claim back when it knows
that nothing was done. A row for each attempt (pk `claim/<firing>`, sk the attempt): written when it begins, on condition
that it is not there, and marked `done` after whatever follows from it was sent. An attempt that began and was never marked
has crashed. It is repeated when that does no harm (`repeatable`: the target recognises the repetition) or when at least
once was asked for; otherwise nobody can know whether it happened, and that is what is recorded.

Where a queue's step is a transaction (the embedded runtime) a message comes again only after a crash: there only effects
that cannot be repeated are claimed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from argosy.errors import Conflict, Unavailable
from argosy.ports.clock import Clock
from argosy.ports.store import ABSENT, Put, Row, Store

__all__ = ["Claim", "Claims", "Standing"]

# Longer than a message can live in a queue.
_KEEP_SECONDS: Final = 15 * 86_400.0
_DONE: Final = "done"
_FREE: Final = "free"


class Standing(Enum):
    """How a claim was answered: carry it out, it was carried out already, or nobody can know."""

    MINE = "mine"
    DONE = "done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to one attempt; `version` is that of its row, 0 when no row is needed."""

    standing: Standing
    firing: str = ""
    attempt: int = 0
    version: int = 0


class Claims:
    """Claims of one installation.

    `everything`: claim repeatable effects too. `lease`: seconds for which an attempt that began may still be running
    somewhere (the function's timeout); 0 when no other process carries out firings.
    """

    def __init__(self, store: Store, clock: Clock, *, everything: bool, lease: float) -> None:
        self._store, self._clock = store, clock
        self._everything, self._lease = everything, lease

    def take(self, firing: str, attempt: int, *, repeatable: bool, at_least_once: bool) -> Claim:
        """Claim an attempt. Raises Conflict while another one has it: the message must come again later."""
        if repeatable and not self._everything:
            return Claim(Standing.MINE)
        now = self._clock.now().timestamp()
        begun = Row(f"claim/{firing}", f"{attempt}", {"began": now}, expires_at=now + _KEEP_SECONDS)
        expect = ABSENT
        for _ in range(3):
            try:
                self._store.write([Put(begun, expect=expect)])
            except Conflict:
                row = self._store.get(begun.pk, begun.sk)
                if row is None:
                    continue
                if row.data.get("state") == _DONE:
                    return Claim(Standing.DONE)
                if row.data.get("state") == _FREE:
                    expect = row.version
                    continue
                if now < row.data["began"] + self._lease or expect == row.version:
                    break
                if not (repeatable or at_least_once):
                    return Claim(Standing.UNKNOWN, firing, attempt, row.version)
                expect = row.version
            else:
                return Claim(Standing.MINE, firing, attempt, expect + 1)
        raise Conflict(f"attempt {attempt} of firing {firing} is being carried out elsewhere", delay=self._lease)

    def finish(self, claim: Claim) -> None:
        """Mark an attempt as done; what cannot be marked is repeated or recorded as unknown when it comes again."""
        if not claim.version:
            return
        now = self._clock.now().timestamp()
        data = {"began": now, "state": _DONE}
        row = Row(f"claim/{claim.firing}", f"{claim.attempt}", data, expires_at=now + _KEEP_SECONDS)
        try:
            self._store.write([Put(row, expect=claim.version)])
        except (Conflict, Unavailable):
            return

    def give_back(self, claim: Claim) -> None:
        """Nothing was done under this claim: the next who comes may take it. Raises Conflict, Unavailable.

        Its row stays, marked, since whoever carries firings out on AWS may delete no row.
        """
        if claim.version:
            end = self._clock.now().timestamp() + _KEEP_SECONDS
            row = Row(f"claim/{claim.firing}", f"{claim.attempt}", {"state": _FREE}, expires_at=end)
            self._store.write([Put(row, expect=claim.version)])
