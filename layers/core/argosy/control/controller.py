"""What a controller gives to the loop: reading, a pure decision, its calls, and its status.

Implemented once for each kind that is reconciled; `Loop` calls it and nobody else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from argosy.control.effects import Call, Decision, Observation, Write
from argosy.control.keys import Key

__all__ = ["Controller", "Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """What the status must tell beside the decision: the problem of this turn, and calls whose end nobody knows."""

    problem: str = ""
    unknown: tuple[str, ...] = ()


class Controller(Protocol):
    """A controller. Whatever it raises of `ArgosyError` becomes a condition and a backoff, Conflict another look."""

    def observe(self, key: Key) -> Observation | None:
        """Read the object and all that belongs to it; None when it is known to be gone and nothing is left to do."""
        ...

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """Decide. Pure: no clock, no chance, no reading."""
        ...

    def call(self, call: Call) -> bool | datetime:
        """Carry out an effect outside Kubernetes: True = done, False = nobody can know, a time = done, look again then.

        Raises only when nothing was done.
        """
        ...

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """The write of the status, on condition of the version that was observed; None when it is as it should be. Pure.

        It is the last write of a decision, and reaches the object's home as the others do. `decision` is None when it was
        not carried out. A call in `report.unknown` must be recorded here, and not be decided again.
        """
        ...
