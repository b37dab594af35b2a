"""Keeps the connections of event sources as their declarations say.

Every connection that was ever made stands in a row of its own (pk `wiring`, sk the wire's key), written before it is
made and removed after it is, so that none is left behind. `owners` are the event sources that need it, `problem` says
why it could not be made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import orjson

from argosy.control.wakes import read_wake
from argosy.errors import ArgosyError, EvaluationError
from argosy.events.sources.minio import DETAIL_TYPES
from argosy.ports.store import Delete, Put, Row, Store
from argosy.ports.wiring import Place, Wire, Wiring
from argosy.services.declarations import Declarations, SourceEntry

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["WIRING_PK", "Wirer", "handle_wake", "problems_of"]

WIRING_PK: Final = "wiring"


class Wirer:
    """The wiring of one installation."""

    def __init__(self, store: Store, declarations: Declarations, wiring: Wiring, place: Place) -> None:
        self._store, self._declarations, self._wiring, self._place = store, declarations, wiring, place

    def reconcile(self) -> bool:
        """Connect what is declared and not connected, disconnect what is no longer declared; False if something failed."""
        self._declarations.refresh(now=True)
        wanted: dict[str, tuple[Wire, list[str], str]] = {}
        for entry in self._declarations.all_entries():
            wire, problem = self._wire(entry)
            owners = wanted.setdefault(wire.key, (wire, [], problem))[1]
            owners.append(f"{entry.namespace}/{entry.source}")
        known = {row.sk: row for row in self._store.query(WIRING_PK)}
        done = [self._connect(wire, owners, problem, known.get(key)) for key, (wire, owners, problem) in wanted.items()]
        gone = [self._disconnect(row) for key, row in known.items() if key not in wanted]
        return all(done) and all(gone)

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

    def _connect(self, wire: Wire, owners: Sequence[str], problem: str, known: Row | None) -> bool:
        data: dict[str, Any] = {"wire": asdict(wire), "owners": sorted(set(owners)), "connected": False}
        if known is not None and known.data == {**data, "connected": True} and not problem:
            return True
        if problem:
            refused = {**data, "problem": problem}
            if known is not None and known.data.get("connected"):
                self._wiring.disconnect(wire)
            self._store.write([Put(Row(WIRING_PK, wire.key, refused))])
            return True
        self._store.write([Put(Row(WIRING_PK, wire.key, data))])
        try:
            self._wiring.connect(wire)
        except ArgosyError as x:
            self._store.write([Put(Row(WIRING_PK, wire.key, {**data, "problem": str(x)}))])
            return False
        self._store.write([Put(Row(WIRING_PK, wire.key, {**data, "connected": True}))])
        return True

    def _disconnect(self, row: Row) -> bool:
        try:
            self._wiring.disconnect(Wire(**row.data["wire"]))
        except ArgosyError as x:
            self._store.write([Put(Row(WIRING_PK, row.sk, {**row.data, "owners": [], "problem": str(x)}))])
            return False
        self._store.write([Delete(WIRING_PK, row.sk)])
        return True


def handle_wake(runtime: Runtime, body: str) -> None:
    """Wire everything because the message `body` says so; what failed is tried again in a minute.

    Raises EvaluationError for a message that is no wake.
    """
    key = read_wake(body)
    if key is None or runtime.wakes is None:
        raise EvaluationError("not a wake of this installation")
    runtime.wakes.clear(key)
    if not runtime.wirer.reconcile():
        runtime.store.write([runtime.wakes.row(key)])


def problems_of(store: Store, namespace: str, name: str) -> Mapping[str, str]:
    """What an event source could not be connected to, and why: source ARN → reason."""
    owner = f"{namespace}/{name}"
    rows = [row.data for row in store.query(WIRING_PK) if owner in row.data.get("owners", ())]
    return {data["wire"]["source"]: data["problem"] for data in rows if data.get("problem")}


def _bucket_pattern(bucket: str) -> dict[str, Any]:
    return {"source": ["aws.s3"], "detail-type": list(DETAIL_TYPES), "detail": {"bucket": {"name": [bucket]}}}
