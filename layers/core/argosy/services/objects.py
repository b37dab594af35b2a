"""Declarations: apply, get, delete, lint.

The store's copy is the object's home. An apply of several objects is one transaction: all are checked first, then all are
written or none. Beyond the hundred rows that a transaction holds there are several, and a lost race says how far it came.
Beside each object stand its calendar timers, written and removed with it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from argosy.control.keys import Key
from argosy.control.wakes import Wakes
from argosy.errors import ArgosyError, Conflict, EvaluationError, InvalidObject, NotFound, Unsupported
from argosy.events.registration import REGISTERED
from argosy.ports.clock import Clock
from argosy.ports.jq import Jq
from argosy.ports.store import ABSENT, MAX_WRITES, Delete, Put, Row, Store
from argosy.resources import eventbus
from argosy.resources.base import Problem, parse
from argosy.resources.eventbus import EventBus
from argosy.resources.eventsource import AWS_TYPES, LOCAL_TYPES, SERVED_TYPES
from argosy.resources.homes import home_of
from argosy.resources.manifests import Manifest
from argosy.resources.sensor import Sensor
from argosy.services.agents.registry import HOME
from argosy.services.applied import Applied, unique
from argosy.services.audit import audited
from argosy.services.calendars import timer_changes
from argosy.services.kinds import GROUP_VERSION, KINDS
from argosy.services.versions import version_changes

__all__ = ["OBJECTS_PK", "VERSION_KEY", "Objects", "Wakened", "check"]

OBJECTS_PK = "objects"
VERSION_KEY = ("meta", "objects")
WIRING = Key("", "argoproj.io", "EventSource", "", "all")
"""What is woken when an event source changes: all of them are wired together, since they share queues and topics."""
HOOKS = Key("", "argoproj.io", "EventSource", "", "hooks")
"""What is woken when one changes whose webhooks may be registered at a Git host: the controller of all of those."""
_TRIES = 20
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(@[a-z0-9-]{1,40})?\Z")
"""With the cluster that it is of, where that is not the home cluster (decision 0008)."""
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def check(manifest: Manifest, served: Set[str] = SERVED_TYPES, jq: Jq | None = None) -> list[ArgosyError]:
    """Everything that is wrong with a manifest, each as an error that names object, field and line.

    `served`: the types of event sources that the runtime which is to take it serves. `jq` reads the programs of transforms;
    without it they are not read.
    """
    if manifest.api_version != GROUP_VERSION or manifest.kind not in KINDS:
        known = ", ".join(KINDS)
        reason = f"{manifest.api_version} {manifest.kind} is not taken here; {GROUP_VERSION} {known} are"
        return [manifest.problem("kind", reason)]
    if not manifest.name or not _NAME.match(manifest.name):
        return [manifest.problem("metadata.name", f"{manifest.name!r} is no name: lower-case letters, digits, - and .")]
    if manifest.namespace and not _NAMESPACE.match(manifest.namespace):
        return [
            manifest.problem(
                "metadata.namespace", f"{manifest.namespace!r} is no namespace: lower-case letters, digits and -"
            )
        ]
    try:
        problems = KINDS[manifest.kind].check(manifest, served)
    except InvalidObject as x:
        return [x]
    if jq is not None and manifest.kind == "Sensor":
        problems += _programs(manifest, jq)
    return [_error(manifest, problem) for problem in problems]


def _programs(manifest: Manifest, jq: Jq) -> list[Problem]:
    problems = []
    for index, dependency in enumerate(parse(Sensor, manifest).spec.dependencies):
        if dependency.transform is not None and dependency.transform.jq:
            try:
                jq.check(dependency.transform.jq)
            except EvaluationError as x:
                problems.append(Problem(f"spec.dependencies[{index}].transform.jq", str(x)))
    return problems


def _error(manifest: Manifest, problem: Problem) -> ArgosyError:
    error = manifest.problem(problem.field, problem.reason)
    if not problem.unsupported:
        return error
    return Unsupported(error.reason, obj=error.obj, field=error.field, line=error.line, file=error.file)


@dataclass(frozen=True, slots=True)
class Wakened:
    """Who is woken by a change: the keys, on one work queue. `telling`: by cluster those whom a Sensor there wakes."""

    wakes: Wakes
    keys: Sequence[str]
    telling: Mapping[str, str] = field(default_factory=dict)

    def by(self, changed: Sequence[Applied]) -> Sequence[str]:
        """Whom these changes wake: an event source all, a Sensor the agent that tells what it names."""
        if any(one.kind == "EventSource" for one in changed):
            return self.keys
        homes = {home_of(one.namespace)[1] or HOME for one in changed if one.kind == "Sensor"}
        return [self.telling[home] for home in sorted(homes & self.telling.keys())]


class Objects:
    """The declarations of one installation."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        wakes: Wakes | None = None,
        jq: Jq | None = None,
        agents: Callable[[], Wakened] | None = None,
        hooks: Wakes | None = None,
    ) -> None:
        """`wakes`: whom a change of event sources wakes; None on one machine, where only some of their types are served.

        `jq` reads the programs of transforms. `agents` tells whom a change of what agents watch wakes; `hooks`: whom one of
        webhooks wakes that may be registered elsewhere.
        """
        self._store = store
        self._jq = jq
        self._clock = clock
        self._wakes = wakes
        self._agents = agents
        self._hooks = hooks
        self.served = LOCAL_TYPES if wakes is None else AWS_TYPES

    def apply(
        self, manifests: Sequence[Manifest], namespace: str = "default", *, actor: str = "", home: str = ""
    ) -> list[Applied]:
        """Write all manifests or none; `namespace` is for those that name none, `actor` who asks for it.

        `home`: the cluster that they are declared in, "" for `argosy apply`, which changes nothing that a cluster declares.

        Raises InvalidObject (or Unsupported, when nothing is wrong otherwise) that lists every problem, one a line.
        Raises Conflict when someone else changed the same objects meanwhile; applying again is safe.
        """
        if not _NAMESPACE.match(namespace):
            raise InvalidObject(f"{namespace!r} is no namespace: lower-case letters, digits and -")
        problems = [error for manifest in manifests for error in check(manifest, self.served, self._jq)]
        if problems:
            joined = "\n".join(str(error) for error in problems)
            hard = [error for error in problems if isinstance(error, InvalidObject)]
            raise InvalidObject(joined, problems=problems) if hard else Unsupported(joined, problems=problems)
        now = self._clock.now()
        changes: list[Put | Delete] = []
        results: list[Applied] = []
        for manifest in unique(manifests, namespace):
            result, needed = self._change(manifest, namespace, now, home)
            results.append(result)
            changes.extend(needed)
        self._commit(changes, results, actor)
        return results

    def get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """One object as it is stored. Raises NotFound."""
        row = self._store.get(OBJECTS_PK, f"{kind}/{namespace}/{name}")
        if row is None:
            raise NotFound(f"{kind.lower()} {namespace}/{name} not found")
        return dict(row.data["manifest"])

    def listing(
        self, kind: str, namespace: str | None, *, after: str = "", limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Objects of a kind, of one namespace or (None) of all, in order of namespace and name.

        `after`: those that follow `<namespace>/<name>`; `limit`: no more than these are read.
        """
        prefix = f"{kind}/" if namespace is None else f"{kind}/{namespace}/"
        after = f"{kind}/{after}" if after else ""
        return [dict(row.data["manifest"]) for row in self._store.query(OBJECTS_PK, prefix, after=after, limit=limit)]

    def version(self) -> int:
        """A number that grows with every change of any object; one small read."""
        row = self._store.get(*VERSION_KEY)
        return int(row.data["number"]) if row else 0

    def find(self, kind: str, namespace: str, name: str) -> tuple[dict[str, Any] | None, str]:
        """An object, None when it is not there, and the cluster that declares it ("" = argosy apply)."""
        row = self._store.get(OBJECTS_PK, f"{kind}/{namespace}/{name}")
        return (dict(row.data["manifest"]), str(row.data.get("home", ""))) if row is not None else (None, "")

    def of_home(self, kind: str, home: str) -> list[dict[str, Any]]:
        """Objects of a kind that a cluster declares."""
        rows = self._store.query(OBJECTS_PK, f"{kind}/")
        return [dict(row.data["manifest"]) for row in rows if row.data.get("home") == home]

    @staticmethod
    def same(stored: Mapping[str, Any], manifest: Manifest) -> bool:
        """Whether applying `manifest` over an object as it is stored would change nothing."""
        return _essence(dict(stored)) == _essence({**manifest.body, "metadata": _metadata(manifest)})

    def delete(self, objects: Iterable[tuple[str, str, str]], *, actor: str = "", home: str = "") -> list[Applied]:
        """Delete (kind, namespace, name) objects, all or none; `home` as for `apply`.

        Raises NotFound for the first that is not there, InvalidObject for one that another cluster declares.
        """
        changes: list[Put | Delete] = []
        results: list[Applied] = []
        for kind, namespace, name in objects:
            row = self._store.get(OBJECTS_PK, f"{kind}/{namespace}/{name}")
            if row is None:
                raise NotFound(f"{kind.lower()} {namespace}/{name} not found")
            _check_home(f"{kind}/{namespace}/{name}", row, home)
            changes.append(Delete(OBJECTS_PK, row.sk, expect=row.version))
            changes.extend(timer_changes(self._store, kind, namespace, name, None, self._clock.now()))
            if kind == "Sensor":
                changes.extend(version_changes(self._store, row.data["manifest"], None, self._clock.now()))
            hooked = kind == "EventSource" and _hooked(row.data["manifest"])
            results.append(Applied(kind, namespace, name, "deleted", hooked))
        self._commit(changes, results, actor)
        return results

    def _change(
        self, manifest: Manifest, default_namespace: str, now: datetime, home: str
    ) -> tuple[Applied, Sequence[Put | Delete]]:
        kind, name, namespace = manifest.kind, manifest.name, manifest.namespace or default_namespace
        key = f"{kind}/{namespace}/{name}"
        row = self._store.get(OBJECTS_PK, key)
        if row is not None and not home:
            _check_home(key, row, home)
        old = row.data["manifest"] if row else None
        body = _stored_form(manifest, namespace, old, now)
        same_home = row is not None and row.data.get("home", "") == home
        if old is not None and same_home and _essence(old) == _essence(body):
            return Applied(kind, namespace, name, "unchanged"), []
        data = {"manifest": body} | ({"home": home} if home else {})
        put = Put(Row(OBJECTS_PK, key, data), expect=row.version if row else ABSENT)
        if old is not None and kind == "EventBus" and old.get("spec") != body.get("spec"):
            before, after = EventBus.model_validate(old), EventBus.model_validate(body)
            for problem in eventbus.changes(before, after):
                raise _error(manifest, problem)
        timers = timer_changes(self._store, kind, namespace, name, body, now)
        versions = version_changes(self._store, old, body, now) if kind == "Sensor" else []
        hooked = kind == "EventSource" and (_hooked(body) or (old is not None and _hooked(old)))
        return Applied(kind, namespace, name, "configured" if old else "created", hooked), [put, *timers, *versions]

    def _commit(self, changes: list[Put | Delete], results: Sequence[Applied], actor: str) -> None:
        """Write all changes; more than one transaction can hold are written in several, in order."""
        sources = any(each.kind == "EventSource" and each.changed for each in results)
        waking = self._wakes if sources else None
        changed = [each for each in results if each.changed and each.kind in ("EventSource", "Sensor")]
        agents = self._agents() if changed and self._agents is not None else None
        woken = agents.by(changed) if agents is not None else ()
        if agents is not None:
            changes.extend(agents.wakes.row(key) for key in woken)
        if actor and changes:
            done = [f"{each.kind}/{each.namespace}/{each.name} {each.what}" for each in results if each.changed]
            changes.append(audited(actor, done, self._clock.now()))
        if waking is not None:
            changes.append(waking.row(str(WIRING)))
        hooks = self._hooks if any(each.hooked for each in results) else None
        if hooks is not None:
            changes.append(hooks.row(str(HOOKS)))
        size = MAX_WRITES - 1
        for start in range(0, len(changes), size):
            try:
                self._write(changes[start : start + size])
            except Conflict as x:
                written = f" ({start} of {len(changes)} changes were written)" if start else ""
                raise Conflict(f"somebody else changed the same objects meanwhile{written}: {x}; do it again") from x
        if waking is not None:
            waking.send([str(WIRING)])
        if hooks is not None:
            hooks.send([str(HOOKS)])
        if agents is not None and woken:
            agents.wakes.send(woken)

    def _write(self, changes: Sequence[Put | Delete]) -> None:
        """Write changes and the next version number; losing the race for the number alone is tried again."""
        for tries_left in reversed(range(_TRIES)):
            row = self._store.get(*VERSION_KEY)
            number = int(row.data["number"]) + 1 if row else 1
            bump = Put(Row(*VERSION_KEY, {"number": number}), expect=row.version if row else ABSENT)
            try:
                self._store.write([*changes, bump])
            except Conflict:
                if not tries_left:
                    raise
            else:
                return


def _check_home(key: str, row: Row, home: str) -> None:
    """What a cluster declares is changed there, and nowhere else. Raises InvalidObject."""
    declared = str(row.data.get("home", ""))
    if declared != home:
        where = f"cluster {declared}" if declared else "this installation (argosy apply)"
        raise InvalidObject(f"is declared in {where}: change or delete it there", obj=key, field="metadata.name")


def _stored_form(manifest: Manifest, namespace: str, old: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    body = {key: value for key, value in manifest.body.items() if key != "status"}
    metadata = _metadata(manifest)
    before = old["metadata"] if old else {}
    same_spec = old is not None and old.get("spec") == body.get("spec")
    metadata |= {
        "namespace": namespace,
        "uid": before.get("uid") or str(uuid.uuid4()),
        "creationTimestamp": before.get("creationTimestamp") or now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "generation": before.get("generation", 0) + (0 if same_spec else 1),
    }
    return {**body, "metadata": metadata}


def _metadata(manifest: Manifest) -> dict[str, Any]:
    """Metadata as it is kept: without what an API server, or kubectl, keeps for itself."""
    metadata = {
        key: value for key, value in manifest.metadata.items() if key not in ("resourceVersion", "managedFields")
    }
    annotations = {k: v for k, v in (metadata.pop("annotations", None) or {}).items() if k != _LAST_APPLIED}
    return metadata | ({"annotations": annotations} if annotations else {})


def _hooked(body: Mapping[str, Any]) -> bool:
    """Whether an EventSource has entries of a type whose webhooks may be registered elsewhere."""
    return not REGISTERED.keys().isdisjoint(body.get("spec") or ())


def _essence(body: dict[str, Any]) -> tuple[object, ...]:
    metadata = body["metadata"]
    return (body.get("spec"), metadata.get("labels"), metadata.get("annotations"), body.get("apiVersion"))
