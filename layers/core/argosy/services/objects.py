"""Declarations: apply, get, delete, lint.

The store's copy is the object's home. An apply of several objects is one transaction: all are checked first, then all are
written or none. Beyond the hundred rows that a transaction holds there are several, and a lost race says how far it came.
Beside each object stand its calendar timers, written and removed with it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argosy.control.keys import Key
from argosy.control.wakes import Wakes
from argosy.errors import ArgosyError, Conflict, EvaluationError, InvalidObject, NotFound, Unsupported
from argosy.ports.clock import Clock
from argosy.ports.jq import Jq
from argosy.ports.store import ABSENT, MAX_WRITES, Delete, Put, Row, Store
from argosy.resources.base import Problem, parse
from argosy.resources.eventsource import AWS_TYPES, LOCAL_TYPES, SERVED_TYPES
from argosy.resources.manifests import Manifest
from argosy.resources.sensor import Sensor
from argosy.services.audit import audited
from argosy.services.calendars import timer_changes
from argosy.services.kinds import GROUP_VERSION, KINDS, find_kind

__all__ = ["OBJECTS_PK", "VERSION_KEY", "Applied", "Objects", "check", "kind_named", "unique"]

OBJECTS_PK = "objects"
VERSION_KEY = ("meta", "objects")
WIRING = Key("", "argoproj.io", "EventSource", "", "all")
"""What is woken when an event source changes: all of them are wired together, since they share queues and topics."""
_TRIES = 20
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one object: `created`, `configured`, `unchanged` or `deleted`."""

    kind: str
    namespace: str
    name: str
    what: str

    @property
    def changed(self) -> bool:
        """False when it was as it should be already."""
        return self.what != "unchanged"

    def __str__(self) -> str:
        """As kubectl says it."""
        return f"{self.kind.lower()}.argoproj.io/{self.name} {self.what}"


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


class Objects:
    """The declarations of one installation."""

    def __init__(self, store: Store, clock: Clock, *, wakes: Wakes | None = None, jq: Jq | None = None) -> None:
        """`wakes`: whom a change of event sources wakes; None on one machine, where only some of their types are served.

        `jq` reads the programs of transforms.
        """
        self._store = store
        self._jq = jq
        self._clock = clock
        self._wakes = wakes
        self._served = LOCAL_TYPES if wakes is None else AWS_TYPES

    def apply(self, manifests: Sequence[Manifest], namespace: str = "default", *, actor: str = "") -> list[Applied]:
        """Write all manifests or none; `namespace` is for those that name none, `actor` who asks for it.

        Raises InvalidObject (or Unsupported, when nothing is wrong otherwise) that lists every problem, one a line.
        Raises Conflict when someone else changed the same objects meanwhile; applying again is safe.
        """
        if not _NAMESPACE.match(namespace):
            raise InvalidObject(f"{namespace!r} is no namespace: lower-case letters, digits and -")
        problems = [error for manifest in manifests for error in check(manifest, self._served, self._jq)]
        if problems:
            joined = "\n".join(str(error) for error in problems)
            hard = [error for error in problems if isinstance(error, InvalidObject)]
            raise InvalidObject(joined, problems=problems) if hard else Unsupported(joined, problems=problems)
        now = self._clock.now()
        changes: list[Put | Delete] = []
        results: list[Applied] = []
        for manifest in unique(manifests, namespace):
            result, needed = self._change(manifest, namespace, now)
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

    def delete(self, objects: Iterable[tuple[str, str, str]], *, actor: str = "") -> list[Applied]:
        """Delete (kind, namespace, name) objects, all or none. Raises NotFound for the first that is not there."""
        changes: list[Put | Delete] = []
        results: list[Applied] = []
        for kind, namespace, name in objects:
            row = self._store.get(OBJECTS_PK, f"{kind}/{namespace}/{name}")
            if row is None:
                raise NotFound(f"{kind.lower()} {namespace}/{name} not found")
            changes.append(Delete(OBJECTS_PK, row.sk, expect=row.version))
            changes.extend(timer_changes(self._store, kind, namespace, name, None, self._clock.now()))
            results.append(Applied(kind, namespace, name, "deleted"))
        self._commit(changes, results, actor)
        return results

    def _change(
        self, manifest: Manifest, default_namespace: str, now: datetime
    ) -> tuple[Applied, Sequence[Put | Delete]]:
        kind, name, namespace = manifest.kind, manifest.name, manifest.namespace or default_namespace
        key = f"{kind}/{namespace}/{name}"
        row = self._store.get(OBJECTS_PK, key)
        old = row.data["manifest"] if row else None
        body = _stored_form(manifest, namespace, old, now)
        if old is not None and _essence(old) == _essence(body):
            return Applied(kind, namespace, name, "unchanged"), []
        put = Put(Row(OBJECTS_PK, key, {"manifest": body}), expect=row.version if row else ABSENT)
        timers = timer_changes(self._store, kind, namespace, name, body, now)
        return Applied(kind, namespace, name, "configured" if old else "created"), [put, *timers]

    def _commit(self, changes: list[Put | Delete], results: Sequence[Applied], actor: str) -> None:
        """Write all changes; more than one transaction can hold are written in several, in order."""
        waking = self._wakes if any(each.kind == "EventSource" and each.changed for each in results) else None
        if actor and changes:
            changed = [f"{each.kind}/{each.namespace}/{each.name} {each.what}" for each in results if each.changed]
            changes.append(audited(actor, changed, self._clock.now()))
        if waking is not None:
            changes.append(waking.row(str(WIRING)))
        size = MAX_WRITES - 1
        for start in range(0, len(changes), size):
            try:
                self._write(changes[start : start + size])
            except Conflict as x:
                done = f" ({start} of {len(changes)} changes were written)" if start else ""
                raise Conflict(f"somebody else changed the same objects meanwhile{done}: {x}; do it again") from x
        if waking is not None:
            waking.send([str(WIRING)])

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


def kind_named(word: str) -> str:
    """The kind that a user means. Raises NotFound with the words that would do."""
    kind = find_kind(word)
    if kind is None:
        known = ", ".join(f"{k.plural} ({k.short})" for k in KINDS.values())
        raise NotFound(f"no kind is called {word!r}; known: {known}")
    return kind.name


def unique(manifests: Sequence[Manifest], namespace: str) -> Iterable[Manifest]:
    """The manifests, `namespace` for those that name none. Raises InvalidObject for an object that is given twice."""
    seen: dict[tuple[str, str, str], Manifest] = {}
    for manifest in manifests:
        key = (manifest.kind, manifest.namespace or namespace, manifest.name)
        if key in seen:
            raise manifest.problem("metadata.name", f"given twice (first in {seen[key].file or 'this input'})")
        seen[key] = manifest
    return seen.values()


def _stored_form(manifest: Manifest, namespace: str, old: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    body = {key: value for key, value in manifest.body.items() if key != "status"}
    metadata = {
        key: value for key, value in manifest.metadata.items() if key not in ("resourceVersion", "managedFields")
    }
    before = old["metadata"] if old else {}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _LAST_APPLIED}
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    same_spec = old is not None and old.get("spec") == body.get("spec")
    metadata |= {
        "namespace": namespace,
        "uid": before.get("uid") or str(uuid.uuid4()),
        "creationTimestamp": before.get("creationTimestamp") or now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "generation": before.get("generation", 0) + (0 if same_spec else 1),
    }
    return {**body, "metadata": metadata}


def _essence(body: dict[str, Any]) -> tuple[object, ...]:
    metadata = body["metadata"]
    return (body.get("spec"), metadata.get("labels"), metadata.get("annotations"), body.get("apiVersion"))
