"""Triggers, one file each, named as their key in `trigger.template` and found through this lazy map.

Each has `build(context) -> Effect`: pure, raising EvaluationError when a parameter cannot be resolved; those that give
drafts have `finished(draft, text, firing_id) -> Effect` too. The kind of a trigger is the first of this order that its
template has (`pkg/sensors/trigger.go`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, Protocol

from argosy.events.effects import Draft, Effect
from argosy.events.triggers.context import FiringContext

__all__ = ["TRIGGERS", "builder", "finished"]

TRIGGERS: Final = {
    "k8s": "argosy.events.triggers.k8s:build",
    "argoWorkflow": "argosy.events.triggers.argo_workflow:build",
    "http": "argosy.events.triggers.http:build",
    "awsLambda": "argosy.events.triggers.aws_lambda:build",
    "aws": "argosy.events.triggers.aws:build",
    "kafka": "argosy.events.triggers.kafka:build",
    "nats": "argosy.events.triggers.nats:build",
    "slack": "argosy.events.triggers.slack:build",
    "custom": "argosy.events.triggers.custom:build",
    "log": "argosy.events.triggers.log:build",
    "email": "argosy.events.triggers.email:build",
}


class Builder(Protocol):
    """What a trigger module gives."""

    def __call__(self, context: FiringContext) -> Effect:
        """Return the effect of one firing."""
        ...


_loaded: dict[str, Builder] = {}


def builder(kind: str) -> Builder:
    """The builder of a trigger kind of the map."""
    if kind not in _loaded:
        module, _, name = TRIGGERS[kind].partition(":")
        _loaded[kind] = getattr(import_module(module), name)
    return _loaded[kind]


def finished(draft: Draft, text: str, firing: str) -> Effect:
    """The effect that a draft comes to, now that its source is read. Raises EvaluationError."""
    effect: Effect = import_module(TRIGGERS[draft.kind].partition(":")[0]).finished(draft, text, firing)
    return effect
