"""Carries an operation on within one turn: step after step, as far as it goes.

In: a decision that says that there is something to carry on, and what does batches of writes. Out: the decision knows the
state after it; when to look again, and what the next turn must know. A wave that is about to begin is written down first:
there the turn ends, and the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from argosy.errors import ArgosyError
from argosy.gitops import operating
from argosy.gitops.observed import Carried, Made
from argosy.gitops.projects.accounts import Account
from argosy.gitops.reconcile import Deciding, compared
from argosy.gitops.sync.writes import Batch, Outcome
from argosy.resources.application_operation import OperationState

__all__ = ["Carry", "Driven", "attempt_of", "drive"]

type Carry = Callable[[Batch, Account | None], Mapping[str, Outcome]]
"""Does a batch of writes, as whom."""


@dataclass(frozen=True, slots=True)
class Driven:
    """When to look again (None = when something changes), and what the next turn must know of this one."""

    due: datetime | None
    carried: Carried


def drive(decided: Deciding, carry: Carry, now: datetime) -> Driven:
    """Go on until something has to be written down or waited for. Raises what `carry` raises."""
    seen = decided.seen
    state: Mapping[str, Any] = decided.status["operationState"]
    made = seen.wanted or seen.made or Made()
    shared = operating.shared(decided.status, state)
    if shared:
        decided.settle(operating.failed(seen, state, made, f"Shared resource found: {shared}", now, "Failed"))
        return Driven(now, Carried())
    if made.problems or made.unverified:
        decided.settle(operating.failed(seen, state, made, "; ".join([*made.problems, *made.unverified]), now))
        return Driven(now, Carried())
    attempt = attempt_of(state)
    carried = seen.carried if seen.carried.attempt == attempt else Carried(attempt)
    outcomes, written = dict(carried.outcomes), dict(carried.written)
    found = compared(seen, made)
    try:
        targets, keeps = operating.respected(seen, state, found.targets)
        account = operating.account(seen)
    except ArgosyError as x:
        decided.settle(operating.failed(seen, state, made, str(x), now))
        return Driven(now, Carried())
    found = replace(found, targets=targets)
    while True:
        step, state = operating.advance(seen, state, made, found, outcomes, carried.not_before, now, keeps)
        for batch in step.batches:
            done = carry(batch, account)
            outcomes |= done
            written |= {one.place[0]: done[one.id].version for one in batch if one.id in done and done[one.id].version}
        if not (step.asks and step.batches):
            break
    decided.settle(dict(state))
    if OperationState.model_validate(state).completed:
        return Driven(now, Carried())
    return Driven(step.due, Carried(attempt, {}, step.not_before, written))


def attempt_of(state: Mapping[str, Any]) -> str:
    """Names an attempt of an operation."""
    return f"{state.get('startedAt')}/{state.get('retryCount') or 0}"
