"""Actions of Numaflow (`resource_customizations/numaflow.numaproj.io`), and what those of Numaplane share with them."""

from __future__ import annotations

from argosy.errors import Unsupported
from argosy.gitops.actions.action import Action, Call, Draft, Run, into, lacks, put
from argosy.gitops.health.verdict import Object, at, items

__all__ = ["MONO_VERTEX", "PIPELINE", "pausing"]

_ALLOWED = "numaflow.numaproj.io/allowed-resume-strategies"
_STRATEGY = "numaflow.numaproj.io/resume-strategy"
_STATE = "numaplane.numaproj.io/upgrade-state"
_PAUSE = "fa-solid fa-fw fa-pause"
_PLAY = "fa-solid fa-fw fa-play"


def pausing(gradual: Run, fast: Run, *above: str) -> dict[str, Action]:
    """The actions that pause and go on; `above` leads to the `metadata` and `spec` of what is paused.

    Going on at full speed is offered where the annotation allows it, slowly unless it allows that alone.
    """

    def paused(obj: Object) -> bool:
        return bool(at(obj, *above, "spec", "lifecycle", "desiredPhase") == "Paused")

    def owned(obj: Object) -> bool:
        return any(str(one.get("kind")).endswith("Rollout") for one in items(obj, "metadata", "ownerReferences"))

    def allowed(obj: Object) -> set[str]:
        told = at(obj, *above, "metadata", "annotations", _ALLOWED)
        return {one.strip() for one in str(told or "slow").split(",")}

    pause = put(*above, "spec", "lifecycle", "desiredPhase", value="Paused")
    return {
        "pause": Action(pause, lambda obj: paused(obj) or owned(obj), icon=_PAUSE),
        "unpause-fast": Action(
            fast,
            lambda obj: not paused(obj) or owned(obj) or "fast" not in allowed(obj),
            display_name="Unpause (fast)",
            icon=_PLAY,
        ),
        "unpause-gradual": Action(
            gradual,
            lambda obj: not paused(obj) or owned(obj) or allowed(obj) == {"fast"},
            display_name="Unpause (gradual)",
            icon=_PLAY,
        ),
    }


def _run(draft: Draft) -> None:
    into(draft, "spec", "lifecycle")["desiredPhase"] = "Running"


def _pipeline(strategy: str) -> Run:
    def run(draft: Draft, _: Call) -> None:
        _run(draft)
        into(draft, "metadata", "annotations")[_STRATEGY] = strategy

    return run


def _slowly(draft: Draft, _: Call) -> None:
    _run(draft)
    draft["spec"]["replicas"] = None  # from the least on


def _at_once(draft: Draft, _: Call) -> None:
    _run(draft)


def _delete(_: Draft, __: Call) -> None:
    raise Unsupported("an action changes objects and creates them; delete this one as a resource of its application")


_PROMOTE = Action(
    put("metadata", "labels", "numaplane.numaproj.io/force-promote", value="true"),
    lacks("metadata", "labels", _STATE, value="in-progress"),
    display_name="Force Promote",
    icon="fa-solid fa-fw fa-forward",
)
_DELETE = Action(
    _delete,
    lacks("metadata", "labels", _STATE, value="recyclable"),
    display_name="Delete",
    icon="fa-solid fa-fw fa-trash",
)

MONO_VERTEX = {**pausing(_slowly, _at_once), "force-promote": _PROMOTE}
PIPELINE = {**pausing(_pipeline("slow"), _pipeline("fast")), "delete": _DELETE, "force-promote": _PROMOTE}
