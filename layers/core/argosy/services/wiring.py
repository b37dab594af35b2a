"""Keeps the connections of event sources as their declarations say: the first controller in the loop.

All event sources of an installation are one object to it, because they share queues, topics and rules; each connection is
a call that stands apart, so that one that fails holds up no other. Making and removing a connection may be repeated, and
needs no claim. Every connection that was ever made stands in a row of its own (pk `wiring`, sk the wire's key), written
before it is made and removed after it is, so that none is left behind. `owners` are the event sources that need it,
`connected` says whether it was made, `problem` why it could not be. Called by functions/reconcile_source. Argo has a pod for
each event source in the place of all this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import orjson

from argosy.control.claims import Claims
from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop
from argosy.control.state import States
from argosy.control.wakes import Wakes, read_wake
from argosy.errors import ArgosyError, EvaluationError
from argosy.events.sources.minio import DETAIL_TYPES
from argosy.ports.store import Delete, Put, Row, Store
from argosy.ports.wiring import Place, Wire, Wiring
from argosy.services.declarations import Declarations, SourceEntry
from argosy.services.hooks import hooks_loop
from argosy.services.objects import HOOKS, WIRING
from argosy.services.queues import RECONCILE_SOURCE
from argosy.services.timing import timers_of

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["WIRING_PK", "Wirer", "connections", "handle_wake", "problems_of", "wiring_loop"]

WIRING_PK: Final = "wiring"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A connection that event sources need, and why it may not be made ("" = it may)."""

    wire: Wire
    owners: tuple[str, ...]
    refusal: str

    @property
    def data(self) -> dict[str, Any]:
        """Its row as long as it is not connected."""
        return {"wire": asdict(self.wire), "owners": list(self.owners), "connected": False}


@dataclass(frozen=True, slots=True)
class Seen:
    """What is declared and what is there, both by the wires' keys."""

    wanted: Mapping[str, Wanted]
    known: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Connect:
    """Make a connection."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Refuse:
    """Say why a connection may not be made, and remove it if it is there (`connected`)."""

    wanted: Wanted
    connected: bool


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Remove a connection that nobody needs any more; `data` is its row."""

    key: str
    data: Mapping[str, Any]


class Wirer:
    """The controller (see `argosy.control.controller`) of an installation's wiring."""

    def __init__(self, store: Store, declarations: Declarations, wiring: Wiring, place: Place) -> None:
        self._store, self._declarations, self._wiring, self._place = store, declarations, wiring, place

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`. Both are read from the store, which shows what was last written."""
        del key  # there is one
        self._declarations.refresh(now=True)
        found: dict[str, tuple[Wire, set[str], str]] = {}
        for entry in self._declarations.wired_entries():
            wire, refusal = self._wire(entry)
            found.setdefault(wire.key, (wire, set(), refusal))[1].add(f"{entry.namespace}/{entry.source}")
        wanted = {name: Wanted(wire, tuple(sorted(owners)), why) for name, (wire, owners, why) in found.items()}
        return Observation(Seen(wanted, {row.sk: row.data for row in self._store.query(WIRING_PK)}))

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`: connect what is declared and is not, disconnect what no longer is."""
        del now
        seen: Seen = observation.object
        wanted = [
            what for one in seen.wanted.values() if (what := _needed(one, seen.known.get(one.wire.key))) is not None
        ]
        gone = [Disconnect(name, data) for name, data in seen.known.items() if name not in seen.wanted]
        calls = [Call(_name(what), what, repeatable=True, apart=True) for what in (*wanted, *gone)]
        return Decision(tuple(calls))

    def call(self, call: Call) -> bool:
        """See `Controller.call`."""
        match call.what:
            case Connect(wanted):
                self._connect(wanted)
            case Refuse(wanted, connected):
                self._refuse(wanted, connected=connected)
            case Disconnect(key, data):
                self._disconnect(key, data)
        return True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`. The status of an event source is made of the rows when it is asked for."""
        del observation, decision, report
        return None

    def _wire(self, entry: SourceEntry) -> tuple[Wire, str]:
        """The wire that an entry needs, and why it may not be made ("" = it may)."""
        place, spec = self._place, entry.entry
        prefix = f"arn:{place.partition}"
        guarded = ""
        if entry.kind == "sqs":
            account = spec.queue_account_id or place.account
            wire = Wire("sqs", f"{prefix}:sqs:{spec.region}:{account}:{spec.queue}")
        elif entry.kind == "sns":
            wire = Wire("sns", spec.topic_arn)
        else:
            bus = "default" if entry.kind == "minio" else spec.bus_name or "default"
            source = (
                bus if bus.startswith("arn:") else f"{prefix}:events:{place.region}:{place.account}:event-bus/{bus}"
            )
            pattern = _bucket_pattern(spec.bucket.name) if entry.kind == "minio" else spec.pattern
            wire = Wire("rule", source, self._rule_name(entry), orjson.dumps(pattern).decode(), entry.key)
            guarded = f"{prefix}:s3:::{spec.bucket.name}" if entry.kind == "minio" else ""
        return wire, self._refusal(entry, guarded or wire.source)

    def _refusal(self, entry: SourceEntry, arn: str) -> str:
        if not any(fnmatchcase(arn, allowed) for allowed in self._place.allowed):
            return f"{arn} is not among the stack's AllowedSourceArns; add it there and deploy"
        if entry.kind == "sqs" and entry.entry.region != self._place.region:
            return (
                f"the queue is in {entry.entry.region}; a stack in {self._place.region} reads queues of its own region"
            )
        return ""

    def _rule_name(self, entry: SourceEntry) -> str:
        return f"argosy-{self._place.stage}-{hashlib.sha256(entry.key.encode()).hexdigest()[:24]}"

    def _connect(self, wanted: Wanted) -> None:
        key, data = wanted.wire.key, wanted.data
        self._put(key, data)
        try:
            self._wiring.connect(wanted.wire)
        except ArgosyError as x:
            self._put(key, {**data, "problem": str(x)})
            raise
        self._put(key, {**data, "connected": True})

    def _refuse(self, wanted: Wanted, *, connected: bool) -> None:
        key, refused = wanted.wire.key, {**wanted.data, "problem": wanted.refusal}
        if connected:
            try:
                self._wiring.disconnect(wanted.wire)
            except ArgosyError as x:
                problem = f"{wanted.refusal}; it is still connected, because removing it failed: {x}"
                self._put(key, {**refused, "connected": True, "problem": problem})
                raise
        self._put(key, refused)

    def _disconnect(self, key: str, data: Mapping[str, Any]) -> None:
        try:
            self._wiring.disconnect(Wire(**data["wire"]))
        except ArgosyError as x:
            self._put(key, {**data, "owners": [], "problem": str(x)})
            raise
        self._store.write([Delete(WIRING_PK, key)])

    def _put(self, key: str, data: Mapping[str, Any]) -> None:
        self._store.write([Put(Row(WIRING_PK, key, data))])


def _needed(wanted: Wanted, known: Mapping[str, Any] | None) -> Connect | Refuse | None:
    """What brings a row to what is wanted, None when it is."""
    if wanted.refusal:
        refused = {**wanted.data, "problem": wanted.refusal}
        return Refuse(wanted, bool(known and known.get("connected"))) if known != refused else None
    return Connect(wanted) if known != {**wanted.data, "connected": True} else None


def _name(what: Connect | Refuse | Disconnect) -> str:
    key = what.key if isinstance(what, Disconnect) else what.wanted.wire.key
    return f"{type(what).__name__.lower()} {key}"


def wiring_loop(runtime: Runtime) -> Loop:
    """The loop that keeps an installation's wiring. Raises InvalidObject where there is nothing to wire."""
    store, clock = runtime.store, runtime.clock
    return Loop(
        runtime.wirer,
        States(store, clock, RECONCILE_SOURCE),
        Wakes(store, runtime.queue, clock, RECONCILE_SOURCE),
        timers_of(runtime, RECONCILE_SOURCE),
        Claims(store, clock, everything=False, lease=0.0),
        clock,
    )


def handle_wake(runtime: Runtime, body: str) -> None:
    """Wire everything, or register all webhooks, because the message `body` says so; what failed has its timer.

    Raises EvaluationError for a message that is no wake, Unavailable when our own store or queue fail.
    """
    key = read_wake(body)
    if key == str(HOOKS):
        hooks_loop(runtime).run(HOOKS)
        return
    if key != str(WIRING):
        if key is not None:  # a row of it would be sent again for ever
            Wakes(runtime.store, runtime.queue, runtime.clock, RECONCILE_SOURCE).clear(key)
        raise EvaluationError("not a wake of this installation's wiring")
    wiring_loop(runtime).run(WIRING)


def problems_of(store: Store, namespace: str, name: str) -> Mapping[str, str]:
    """What an event source could not be connected to, and why: source ARN → reason."""
    owner = f"{namespace}/{name}"
    rows = [row.data for row in store.query(WIRING_PK) if owner in row.data.get("owners", ())]
    return {data["wire"]["source"]: data["problem"] for data in rows if data.get("problem")}


def connections(store: Store) -> list[dict[str, Any]]:
    """Every connection that was made and not removed: type, source ARN, owners, whether it stands and why not."""
    return [
        {
            "type": row.data["wire"]["kind"],
            "source": row.data["wire"]["source"],
            "owners": list(row.data.get("owners", ())),
            "connected": bool(row.data.get("connected")),
            "problem": row.data.get("problem", ""),
        }
        for row in store.query(WIRING_PK)
    ]


def _bucket_pattern(bucket: str) -> dict[str, Any]:
    return {"source": ["aws.s3"], "detail-type": list(DETAIL_TYPES), "detail": {"bucket": {"name": [bucket]}}}
