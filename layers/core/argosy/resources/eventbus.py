"""EventBus (argoproj.io/v1alpha1): accepted as it is, so that manifests need no change.

The bus of Argosy is a queue. An EventBus object gives its name to the events and sensors that use it and keeps them
apart from those of other buses; its NATS or Kafka settings have nothing to act on, which the object's condition says.
Validation follows `pkg/reconciler/eventbus/validate.go` of Argo Events 1.9.
"""

from __future__ import annotations

from typing import Any

from argosy.resources.base import Metadata, Model, Problem

__all__ = ["EventBus", "changes", "validate"]

KINDS = ("nats", "jetstream", "jetstreamExotic", "kafka")


class EventBusSpec(Model):
    """`spec`, each kind as it was written."""

    nats: dict[str, Any] | None = None
    jetstream: dict[str, Any] | None = None
    jetstream_exotic: dict[str, Any] | None = None
    kafka: dict[str, Any] | None = None


class EventBus(Model):
    """The object."""

    metadata: Metadata = Metadata()
    spec: EventBusSpec = EventBusSpec()


def validate(bus: EventBus) -> list[Problem]:
    """Return what is wrong with a new EventBus."""
    spec, problems = bus.spec, []
    if spec.nats is None and spec.jetstream is None and spec.jetstream_exotic is None and spec.kafka is None:
        problems.append(Problem("spec", f"needs one of {', '.join(KINDS)}"))
    if spec.nats is not None:
        problems.extend(_nats(spec.nats))
    if spec.jetstream is not None:
        if not spec.jetstream.get("version"):
            problems.append(Problem("spec.jetstream.version", "required, but empty"))
        replicas = spec.jetstream.get("replicas")
        if replicas is not None and (not isinstance(replicas, int) or replicas < 1 or replicas == 2):
            problems.append(Problem("spec.jetstream.replicas", f"1 or at least 3, not {replicas!r}"))
    if spec.kafka is not None and not spec.kafka.get("url"):
        problems.append(Problem("spec.kafka.url", "required, but empty"))
    if spec.jetstream_exotic is not None and not spec.jetstream_exotic.get("url"):
        problems.append(Problem("spec.jetstreamExotic.url", "required, but empty"))
    return problems


def changes(old: EventBus, new: EventBus) -> list[Problem]:
    """Return what may not change of an EventBus that is there; `new` is valid."""
    before, after = old.spec, new.spec
    if after.nats is not None:
        if before.nats is None:
            return [Problem("spec", "the kind of a bus cannot change: it was not nats")]
        return _nats_changes(before.nats, after.nats)
    if after.jetstream is not None:
        if before.jetstream is None:
            return [Problem("spec", "the kind of a bus cannot change: it was not jetstream")]
        if before.jetstream.get("streamConfig") != after.jetstream.get("streamConfig"):
            return [Problem("spec.jetstream.streamConfig", "cannot change")]
    elif after.jetstream_exotic is not None and before.jetstream_exotic is None:
        return [Problem("spec", "the kind of a bus cannot change: it was not jetstreamExotic")]
    return []


def _nats_changes(before: dict[str, Any], after: dict[str, Any]) -> list[Problem]:
    for name in ("native", "exotic"):
        if (before.get(name) is None) != (after.get(name) is None):
            return [Problem("spec.nats", "native and exotic cannot be exchanged for each other")]
    auths = [(spec.get("native") or {}).get("auth") or "none" for spec in (before, after)]
    return [Problem("spec.nats.native.auth", "cannot change")] if auths[0] != auths[1] else []


def _nats(nats: dict[str, Any]) -> list[Problem]:
    native, exotic = nats.get("native"), nats.get("exotic")
    if (native is None) == (exotic is None):
        return [Problem("spec.nats", "needs either native or exotic")]
    if exotic is not None and not isinstance(exotic, dict):
        return [Problem("spec.nats.exotic", "must be an object")]
    if exotic is not None and exotic.get("clusterID") is None:
        return [Problem("spec.nats.exotic.clusterID", "required, but missing")]
    if exotic is not None and not exotic.get("url"):
        return [Problem("spec.nats.exotic.url", "required, but empty")]
    return []
