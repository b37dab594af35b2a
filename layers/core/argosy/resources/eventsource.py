"""EventSource (argoproj.io/v1alpha1): model and validation.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go` and `pkg/reconciler/eventsource/validate.go` of Argo Events 1.9.
Only the types that have a source here are modelled; the others are known by name, so that an object that uses one is
told that nothing serves it yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from argosy.errors import ArgosyError
from argosy.lang import cron, duration
from argosy.resources.base import KeyRef, Metadata, Model, Problem

__all__ = ["KNOWN_TYPES", "SERVED_TYPES", "CalendarSource", "EventSource", "Filter", "WebhookSource", "validate"]

RECREATE_TYPES = frozenset(
    "amqp azureEventsHub azureServiceBus calendar emitter file generic hdfs kafka minio mqtt nats nsq pubSub pulsar redis "
    "redisStream resource sftp".split()
)
ROLLING_TYPES = frozenset(
    "azureQueueStorage bitbucket bitbucketserver gerrit github gitlab mns slack sns sqs storageGrid stripe webhook".split()
)
KNOWN_TYPES = RECREATE_TYPES | ROLLING_TYPES
SERVED_TYPES = frozenset({"webhook", "calendar"})


class Filter(Model):
    """`filter.expression`: expr over the event's payload; false or an error drops the event."""

    expression: str = ""


class WebhookSource(Model):
    """One entry of `spec.webhook`."""

    endpoint: str = ""
    method: str = ""
    port: str = ""
    url: str = ""
    auth_secret: KeyRef | None = None
    server_cert_secret: KeyRef | None = None
    server_key_secret: KeyRef | None = None
    metadata: Mapping[str, str] = {}
    max_payload_size: int | None = None
    filter: Filter = Filter()


class CatchupConfig(Model):
    """`persistence.catchup`."""

    enabled: bool = False
    max_duration: str = ""


class Persistence(Model):
    """`persistence`: whether times missed while nothing ran are made up for. The ConfigMap is not needed here."""

    catchup: CatchupConfig | None = None


class CalendarSource(Model):
    """One entry of `spec.calendar`; `schedule` (cron, five fields) wins over `interval` (Go duration)."""

    schedule: str = ""
    interval: str = ""
    timezone: str = ""
    exclusion_dates: list[str] = []
    metadata: Mapping[str, str] = {}
    persistence: Persistence | None = None
    filter: Filter = Filter()


class SourceTemplate(Model):
    """`spec.template`: of the pod template only the identity has a meaning here."""

    service_account_name: str = ""


class EventSourceSpec(Model):
    """`spec`; the types that are not served stay in `model_extra` of the manifest."""

    event_bus_name: str = ""
    template: SourceTemplate | None = None
    webhook: Mapping[str, WebhookSource] = {}
    calendar: Mapping[str, CalendarSource] = {}


class EventSource(Model):
    """The object."""

    metadata: Metadata = Metadata()
    spec: EventSourceSpec = Field(default_factory=EventSourceSpec)

    @property
    def bus(self) -> str:
        """Name of the event bus, `default` if none is given."""
        return self.spec.event_bus_name or "default"

    @property
    def service_account(self) -> str:
        """The service account that its secret reads act as."""
        return (self.spec.template.service_account_name if self.spec.template else "") or "default"


def validate(source: EventSource, body: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with the object; `body` is its manifest, for the types that the model leaves out."""
    spec = body.get("spec") or {}
    used = [kind for kind in spec if kind in KNOWN_TYPES]
    problems = list(_names(spec, used))
    if len({kind in RECREATE_TYPES for kind in used}) > 1:
        mixed = ", ".join(sorted(used))
        problems.append(
            Problem("spec", f"{mixed} cannot share one EventSource: Argo runs them with different strategies; split it")
        )
    for name, entry in source.spec.webhook.items():
        problems.extend(_webhook(entry, f"spec.webhook.{name}"))
    for name, calendar in source.spec.calendar.items():
        problems.extend(_calendar(calendar, f"spec.calendar.{name}"))
    for kind in used:
        if kind not in SERVED_TYPES:
            problems.append(
                Problem(f"spec.{kind}", f"event sources of type {kind} are not served by this version", True)
            )
    return problems


def _names(spec: Mapping[str, Any], used: list[str]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for kind in used:
        for name in spec[kind] or {}:
            if name in seen:
                yield Problem(f"spec.{kind}.{name}", f"the event name {name} is taken by spec.{seen[name]} already")
            seen[name] = kind


def _webhook(entry: WebhookSource, path: str) -> Iterator[Problem]:
    if not entry.endpoint:
        yield Problem(f"{path}.endpoint", "required, but empty; it is the path that callers use, such as /example")
    if not entry.port:
        yield Problem(f"{path}.port", "required, but empty; it is a port number in quotes")
    elif not entry.port.isascii() or not entry.port.removeprefix("-").isdigit():
        yield Problem(f"{path}.port", f"{entry.port!r} is not a port number")


def _calendar(entry: CalendarSource, path: str) -> Iterator[Problem]:
    if not entry.schedule and not entry.interval:
        yield Problem(path, "needs a schedule (cron) or an interval (such as 10s)")
    try:
        if entry.schedule:
            cron.parse(entry.schedule, descriptors=False)
        elif entry.interval and duration.parse(entry.interval) < duration.SECOND:
            yield Problem(f"{path}.interval", "an interval shorter than 1s never moves on: fractions are dropped", True)
    except ArgosyError as x:
        yield Problem(f"{path}.{'schedule' if entry.schedule else 'interval'}", str(x))
