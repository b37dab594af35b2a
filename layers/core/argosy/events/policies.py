"""`policy.k8s`: whether the object of a trigger has come to carry the labels that it should.

Follows `pkg/sensors/policy/resource-labels.go` of Argo Events 1.9: look at once, then after each wait of the backoff, as
often as it has steps. On purpose different: nothing sleeps, each further look is a message of its own; and an object that
cannot be read just now is looked at again, where the original gives up.
"""

from __future__ import annotations

from collections.abc import Mapping

from argosy.errors import EvaluationError
from argosy.events.retries import attempts, wait_after
from argosy.records import record
from argosy.resources.sensor import Backoff, LabelPolicy

__all__ = ["Verdict", "asks", "judge"]


@record
class Verdict:
    """What a look has shown; `again` are the seconds until the next one, None when it was the last."""

    matched: bool
    again: float | None = None


def asks(policy: LabelPolicy | None) -> bool:
    """Whether a policy asks for anything."""
    return policy is not None and policy.labels is not None


def judge(policy: LabelPolicy, look: int, labels: Mapping[str, str] | None, chance: float) -> Verdict:
    """Judge look number `look` (from 1), which has seen `labels` (None = the object has none, or was not seen).

    `chance` as for `wait_after`. Raises EvaluationError when it was the last one and the policy then counts as failed.
    """
    backoff = policy.backoff or Backoff()
    most, wait = attempts(True, backoff), wait_after(backoff, look, chance)
    wanted = policy.labels or {}
    if labels is not None and wanted.items() <= labels.items():
        return Verdict(matched=True)
    if look < most:
        return Verdict(matched=False, again=wait)
    if policy.error_on_backoff_timeout:
        shown = ", ".join(f"{name}={value}" for name, value in sorted(wanted.items()))
        raise EvaluationError(f"policy.k8s: the object has not come to carry {shown} ({most} looks)")
    return Verdict(matched=False)
