"""Declarations compiled for use: which sensors hear an event, which entry serves a path.

Kept in memory and renewed when the version row in the store has moved on; one read of that row is all that an
invocation pays. Objects that have not changed are not compiled again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from argosy.errors import ArgosyError
from argosy.events.sensors import CompiledSensor
from argosy.events.sources import hook_source
from argosy.events.sources.hooks import AUTH, endpoint_path, hook_of
from argosy.lang import instants
from argosy.ports.clock import Clock
from argosy.ports.store import Row, Store
from argosy.resources.base import KeyRef
from argosy.resources.eventsource import CONNECTED_TYPES, HTTP_TYPES, EventSource, WebhookSource
from argosy.resources.sensor import Sensor
from argosy.services.objects import OBJECTS_PK, VERSION_KEY

__all__ = ["Declarations", "Hook", "SourceEntry", "pick", "source_entries"]

Subject = tuple[str, str, str, str]
_WIRED: Final = frozenset({"sqs", "sns", "minio", "eventBridge"})


@dataclass(frozen=True, slots=True)
class Hook:
    """One entry of an EventSource that comes by HTTP: its type is `kind`, its model `entry`, `hook` its webhook part."""

    namespace: str
    source: str
    event: str
    bus: str
    account: str
    kind: str
    entry: Any
    hook: WebhookSource = field(init=False)
    path: str = field(init=False)
    """Its endpoint with one leading slash."""
    secrets: Mapping[str, KeyRef] = field(init=False)
    """The secrets that a request to it is checked with, by the names that its source knows them by."""

    def __post_init__(self) -> None:
        """Find once what every request asks for."""
        hook = hook_of(self.entry)
        auth = {AUTH: hook.auth_secret} if hook.auth_secret is not None else {}
        object.__setattr__(self, "hook", hook)
        object.__setattr__(self, "path", endpoint_path(hook))
        object.__setattr__(self, "secrets", {**auth, **hook_source(self.kind).secrets(self.entry)})

    @property
    def key(self) -> str:
        """`<namespace>/<event source>/<event>`."""
        return f"{self.namespace}/{self.source}/{self.event}"

    def takes(self, method: str) -> bool:
        """Whether a request of this method is for it; only webhooks say which they take, as in Argo."""
        return self.kind != "webhook" or self.hook.method == method


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One entry of an event source that AWS, an agent or a connector feeds: its type is `kind`, its model `entry`.

    `since`: when its event source was declared; `account`: whom its secrets are read as.
    """

    namespace: str
    source: str
    event: str
    bus: str
    kind: str
    entry: Any
    since: datetime | None = None
    account: str = "default"

    @property
    def key(self) -> str:
        """What the messages of its wiring name it by: `<namespace>/<event source>/<event>`."""
        return f"{self.namespace}/{self.source}/{self.event}"


def pick(hooks: Sequence[Hook], method: str) -> Hook | None:
    """Of entries that share a path the one with this method, else the first, which then says what it takes; None of none."""
    return next((hook for hook in hooks if hook.takes(method)), hooks[0] if hooks else None)


@dataclass(frozen=True, slots=True)
class _Compiled:
    version: int
    uid: str
    sensor: CompiledSensor | None = None
    source: tuple[str, str] | None = None
    hooks: Sequence[Hook] = ()
    entries: Sequence[SourceEntry] = ()


class Declarations:
    """The compiled view of a store's objects; safe to use from several threads."""

    def __init__(self, store: Store, clock: Clock, max_age: float = 0.0) -> None:
        self._store, self._clock, self._max_age = store, clock, max_age
        self._checked = 0.0
        self._version = -1
        self._mutex = threading.Lock()
        self._compiled: dict[str, _Compiled] = {}
        self._sensors: Mapping[Subject, Sequence[CompiledSensor]] = {}
        self._hooks: Mapping[tuple[str, str], Sequence[Hook]] = {}
        self._entries: Mapping[str, Sequence[SourceEntry]] = {}
        self.broken: Mapping[str, str] = {}

    @property
    def version(self) -> int:
        """Number of the version that is loaded; -1 before the first `refresh`."""
        return self._version

    def refresh(self, *, now: bool = False) -> bool:
        """Load what has changed; True when something has.

        Asks the store at most once in `max_age` seconds, except when `now` says that something has changed.
        """
        clock = self._clock.now().timestamp()
        if not now and self._version >= 0 and clock - self._checked < self._max_age:
            return False
        self._checked = clock
        row = self._store.get(*VERSION_KEY)
        version = int(row.data["number"]) if row else 0
        if version == self._version:
            return False
        with self._mutex:
            self._load()
            self._version = version
        return True

    def sensors(self, namespace: str, bus: str, source: str, subject: str) -> Sequence[CompiledSensor]:
        """Sensors of a namespace and bus with a dependency on this event source and event name."""
        return self._sensors.get((namespace, bus, source, subject), ())

    def hooks(self, namespace: str, source: str) -> Sequence[Hook] | None:
        """Entries of an EventSource that come by HTTP, in its manifest's order; None when there is no such EventSource."""
        return self._hooks.get((namespace, source))

    def entries(self, kind: str) -> Sequence[SourceEntry]:
        """Entries of all EventSources of a type that does not come by HTTP, but `calendar`."""
        return self._entries.get(kind, ())

    def wired_entries(self) -> list[SourceEntry]:
        """Those that something in AWS feeds, whatever their type."""
        return [entry for kind, entries in self._entries.items() if kind in _WIRED for entry in entries]

    def connected_entries(self) -> list[SourceEntry]:
        """Those that a lasting connection feeds, whatever their type."""
        return [entry for kind in sorted(CONNECTED_TYPES) for entry in self._entries.get(kind, ())]

    def all_hooks(self) -> Sequence[Hook]:
        """Entries that come by HTTP of all EventSources, ordered by namespace and name."""
        return [hook for _, hooks in sorted(self._hooks.items()) for hook in hooks]

    def all_sensors(self) -> list[CompiledSensor]:
        """All Sensors, ordered by namespace and name."""
        return [one.sensor for _, one in sorted(self._compiled.items()) if one.sensor is not None]

    def _load(self) -> None:
        compiled: dict[str, _Compiled] = {}
        broken: dict[str, str] = {}
        for row in self._store.query(OBJECTS_PK):
            try:
                compiled[row.sk] = self._one(row)
            except (ArgosyError, ValueError, KeyError, TypeError) as x:
                broken[row.sk] = f"{type(x).__name__}: {x}"
        sensors: dict[Subject, list[CompiledSensor]] = {}
        hooks: dict[tuple[str, str], Sequence[Hook]] = {}
        entries: dict[str, list[SourceEntry]] = {}
        for one in compiled.values():
            for entry in one.entries:
                entries.setdefault(entry.kind, []).append(entry)
            if one.sensor is not None:
                for source, subject in one.sensor.subjects:
                    bus = one.sensor.sensor.bus
                    sensors.setdefault((one.sensor.namespace, bus, source, subject), []).append(one.sensor)
            elif one.source is not None:
                hooks[one.source] = one.hooks
        self._compiled, self._sensors, self._hooks, self.broken = compiled, sensors, hooks, broken
        self._entries = entries

    def _one(self, row: Row) -> _Compiled:
        body = row.data["manifest"]
        known = self._compiled.get(row.sk)
        if known is not None and (known.version, known.uid) == (row.version, body["metadata"]["uid"]):
            return known
        return _compile(body, row.version)


def _compile(body: Mapping[str, Any], version: int) -> _Compiled:
    uid = body["metadata"]["uid"]
    if body["kind"] == "Sensor":
        return _Compiled(version, uid, sensor=CompiledSensor(Sensor.model_validate(body), body))
    if body["kind"] == "EventSource":
        source = EventSource.model_validate(body)
        place = (source.metadata.namespace, source.metadata.name)
        hooks = [
            Hook(*place, event, source.bus, source.service_account, kind, entry)
            for kind in body.get("spec") or ()
            if kind in HTTP_TYPES
            for event, entry in source.spec.of(kind).items()
        ]
        return _Compiled(version, uid, source=place, hooks=hooks, entries=source_entries(source))
    return _Compiled(version, uid)


def source_entries(source: EventSource) -> list[SourceEntry]:
    """The entries of an EventSource that AWS, an agent or a connector feeds."""
    place = (source.metadata.namespace, source.metadata.name)
    since = instants.parse(source.metadata.creation_timestamp)
    return [
        SourceEntry(*place, event, source.bus, kind, entry, since, source.service_account)
        for kind in (*sorted(_WIRED), "resource", *sorted(CONNECTED_TYPES))
        for event, entry in source.spec.of(kind).items()
    ]
