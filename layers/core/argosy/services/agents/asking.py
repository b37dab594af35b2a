"""Asking an agent for something and waiting a moment for its answer.

What asks again under the same id, after a crash or because the answer took longer, sends nothing twice and is given the same
answer. Called by what stands for a cluster (`remote`) and for its inside (`inside`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from argosy.control.agents.reports import error_of
from argosy.control.agents.work import LIFE
from argosy.errors import Pending, Unavailable
from argosy.ports.clock import Clock
from argosy.services.agents.errands import Errands

__all__ = ["Asking"]

_FIRST_WAIT: Final = 0.005
_LONGER: Final = 1.3
_LONGEST_WAIT: Final = 0.25
_LATE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Asking:
    """One cluster's agent. `patience`: seconds for which an answer is waited for before it is `Pending`."""

    cluster: str
    errands: Errands
    clock: Clock
    patience: float = 2.0

    def ask(self, name: str, kind: str, body: Mapping[str, Any], group: str, *, answers: str = "") -> Any:
        """What the agent answers to work of id `name`. Raises what it raised; `Pending` as long as there is no answer.

        `answers`: the object that is woken when an answer comes.

        Raises Unavailable when the life of the work is over without one.
        """
        result = self.errands.result(self.cluster, name)
        if result is None:
            began = self.errands.began(self.cluster, name)
            if began is not None and self.clock.now().timestamp() - began > LIFE.total_seconds() + _LATE_SECONDS:
                raise Unavailable(f"the agent of cluster {self.cluster} gave no answer in time: see argosy cluster get")
            self.errands.send(self.cluster, name, kind, body, group, answers=answers)
            result = self._awaited(name)
        if "error" in result:
            raise error_of(result)
        return result["value"]

    def _awaited(self, name: str) -> dict[str, Any]:
        waited, wait = 0.0, _FIRST_WAIT
        while True:
            result = self.errands.result(self.cluster, name)
            if result is not None:
                return result
            if waited >= self.patience or not self.clock.sleep(wait):
                raise Pending(f"the agent of cluster {self.cluster} has not answered yet", delay=1.0)
            waited, wait = waited + wait, min(_LONGER * wait, _LONGEST_WAIT)
