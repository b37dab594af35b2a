"""Actions of Strimzi's pod sets (`resource_customizations/core.strimzi.io`)."""

from __future__ import annotations

from argosy.gitops.actions.action import Action, annotate

__all__ = ["POD_SET"]

POD_SET = {"rolling-update": Action(annotate("strimzi.io/manual-rolling-update", "true"))}
