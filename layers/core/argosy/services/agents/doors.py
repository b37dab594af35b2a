"""The door of a cluster: declarations that are made there with kubectl come in, and their state goes back to them.

A controller (see `argosy.control.controller`) over one object of Argo's kinds: what it sees is the hub's copy of the
object and the declaration that the installation holds; what it decides is to take the one over into the other, or to
retire it, and to write the conditions where kubectl shows them. A declaration that cannot be used says why in its
conditions, and the last one that could goes on being in force, as with Argo, whose Deployment stays. The cluster's
declaration wins over one of the same name that `argosy apply` has made, and says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from argosy.control.agents.scopes import CONTROL, DOOR, Wanted
from argosy.control.claims import Claims
from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Patch, Version, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop
from argosy.control.state import States
from argosy.control.wakes import Wakes, read_wake
from argosy.errors import EvaluationError, NotFound
from argosy.ports.clock import Clock
from argosy.resources.definitions import GROUP
from argosy.resources.homes import placed
from argosy.resources.manifests import Manifest
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.others import ARGO_EVENTS, are_served
from argosy.services.agents.registry import HOME
from argosy.services.agents.subscribing import AGENT_KIND
from argosy.services.kinds import KINDS
from argosy.services.objects import Objects, check
from argosy.services.queues import RECONCILE_DOOR
from argosy.services.rollouts.watching import KINDS as ROLLOUT_PLURALS
from argosy.services.status import public_urls, with_status
from argosy.services.timing import timers_of

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Doors", "door_kind", "door_loop", "handle_wake"]

URL_ANNOTATION: Final = "argosy.dev/url"
"""Where an EventSource's webhooks are called from outside."""

_SOON: Final = timedelta(seconds=1)
_OBSERVED: Final = (
    "a controller of Argo Events lives in this cluster and serves this object; it is only observed here "
    "(argosy cluster set {cluster} --claim takes it over)"
)
_REPLACED: Final = "it has taken the place of the declaration of this name that argosy apply had made"


def door_kind(plural: str) -> str | None:
    """The kind that a door lets in, by its plural."""
    return next((kind.name for kind in KINDS.values() if kind.plural == plural), None)


@dataclass(frozen=True, slots=True)
class Seen:
    """The object in its cluster, what of it is declared here, and what is wrong with it ("" = nothing).

    `wanted` is the object as it is to be declared; `status` the conditions that hold once it is; `urls` where its webhooks
    are called. `observed`: a living Argo serves it.
    """

    copy: Copy | None
    declared: Mapping[str, Any] | None
    ours: bool
    wanted: Manifest | None = None
    problem: str = ""
    status: Mapping[str, Any] | None = None
    observed: bool = False
    urls: str = ""


class Doors:
    """The doors of all clusters; the controller of the declarations that come through them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        mirror = Mirror(self._runtime.store, self._runtime.blobs, key.cluster)
        found = _scope(mirror, key.kind, key.namespace)
        if found is None:
            return None
        scope, listed = found
        copy = mirror.find(scope.key, key.namespace, key.name)
        if copy is not None and copy.lost:
            return None  # it comes anew; what is declared stays as it is
        home = _home(key)
        declared, by = self._declared(key)
        if copy is None or copy.object is None or _ending(copy.object):
            if by != home:
                return None
            as_of = copy.version if copy is not None else int(listed or 0)
            ending = copy is not None and copy.object is not None  # it is still there, until its finalizers are done
            read = Version(copy.uid, copy.version) if copy is not None and ending else None
            return Observation(Seen(copy, declared, ours=True), {key: read}, as_of)
        wanted = _manifest(copy.object, key)
        if self._is_observed(key.cluster):
            told = {"conditions": [_condition("Observed", _OBSERVED.format(cluster=key.cluster))]}
            return Observation(
                Seen(copy, declared, by == home, status=told, observed=True), _read(key, copy), copy.version
            )
        problems = check(wanted, self._runtime.objects.served, self._runtime.jq)
        problem = "; ".join(str(one) for one in problems)
        status = self._status(wanted, problem, taken=_taken(copy.object) or (declared is not None and not by))
        urls = "" if problem else ",".join(public_urls(wanted.body, self._runtime.base_url()).values())
        seen = Seen(copy, declared, by == home, wanted, problem, status, urls=urls)
        # Versions count for the whole cluster: what was written to an earlier object of this name is behind us, too.
        return Observation(seen, _read(key, copy), copy.version)

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`: declare what is there and can be used, retire what is gone.

        An annotation of the object is written in a turn of its own, once its status stands: each moves its version.
        """
        seen: Seen = observation.object
        (key,) = observation.read
        if seen.wanted is None:
            return Decision((Call(f"retire {key}", (key, None), repeatable=True),) if seen.ours else ())
        if seen.problem:
            return Decision()
        if seen.ours and _same(seen.declared, seen.wanted):
            return self._annotated(key, seen, now)
        version = seen.copy.version if seen.copy is not None else 0
        again = now + _SOON if seen.urls else None
        return Decision((Call(f"declare {key} {version}", (key, seen.wanted), repeatable=True),), requeue_at=again)

    def _annotated(self, key: Key, seen: Seen, now: datetime) -> Decision:
        if seen.copy is None or seen.copy.object is None or not seen.urls:
            return Decision()
        annotations = (seen.copy.object.get("metadata") or {}).get("annotations") or {}
        if annotations.get(URL_ANNOTATION) == seen.urls:
            return Decision()
        if self._written(seen):
            return Decision(requeue_at=now + _SOON)
        body = {"metadata": {"annotations": {URL_ANNOTATION: seen.urls}}}
        return Decision((Patch(key, body, Version(seen.copy.uid, seen.copy.version)),))

    def call(self, call: Call) -> bool:
        """See `Controller.call`."""
        key, wanted = call.what
        objects = self._runtime.objects
        place = (key.kind, placed(key.namespace, _cluster(key)), key.name)
        actor = f"cluster {key.cluster}"
        if wanted is not None:
            objects.apply([wanted], actor=actor, home=_home(key))
        else:
            try:
                objects.delete([place], actor=actor, home=_home(key))
            except NotFound:
                return True
        return True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`: the conditions, unless they stand there already."""
        seen: Seen = observation.object
        (key,) = observation.read
        status = self._written(seen, report.problem)
        if status is None or seen.copy is None or (decision and any(isinstance(e, Patch) for e in decision.effects)):
            return None
        return Patch(key, {"status": status}, Version(seen.copy.uid, seen.copy.version))

    def _written(self, seen: Seen, problem: str = "") -> dict[str, Any] | None:
        """The status that is to be written, None when it stands there already."""
        if seen.copy is None or seen.copy.object is None or seen.status is None:
            return None
        before = seen.copy.object.get("status") or {}
        wanted = seen.status.get("conditions") or ()
        if problem:
            wanted = [*wanted, {"type": "Deployed", "status": "False", "message": problem}]
        conditions = _merged(before.get("conditions") or (), wanted, self._runtime.clock)
        generation = (seen.copy.object.get("metadata") or {}).get("generation")
        status = {"conditions": conditions} | ({} if seen.observed else {"observedGeneration": generation})
        return None if all(before.get(name) == value for name, value in status.items()) else status

    def listed(self, cluster: str, scope: Wanted) -> None:
        """A complete list has come: what is declared from there and is not in it is looked at, and so is what is new."""
        kind = door_kind(scope.resource)
        if kind is None:
            return
        home = HOME if cluster == HOME else cluster
        for body in self._runtime.objects.of_home(kind, home):
            metadata = body["metadata"]
            own = metadata["namespace"].partition("@")[0]
            self._runtime.door_wakes.wake(str(Key(cluster, GROUP, kind, own, metadata["name"])))

    def look_again(self, cluster: str) -> None:
        """Who serves the cluster's objects has changed: look at each of them."""
        mirror = Mirror(self._runtime.store, self._runtime.blobs, cluster)
        for scope, _ in mirror.scopes().values():
            kind = door_kind(scope.resource) if scope.purpose == DOOR else None
            wakes = self._runtime.door_wakes
            if scope.purpose == CONTROL and scope.resource == "applications":
                kind, wakes = "Application", self._runtime.app_wakes
            elif scope.purpose == CONTROL and scope.group == GROUP:
                kind, wakes = ROLLOUT_PLURALS.get(scope.resource), self._runtime.rollout_wakes
            for place, _ in mirror.all(scope.key) if kind else ():
                wakes.wake(str(Key(cluster, GROUP, kind or "", *place.split("/", 1))))

    def _is_observed(self, cluster: str) -> bool:
        """Whether a living Argo serves the cluster's declarations, and nobody has claimed them."""
        return are_served(self._runtime.store, self._runtime.registry.find(cluster), ARGO_EVENTS)

    def _declared(self, key: Key) -> tuple[dict[str, Any] | None, str]:
        """The declaration of this name here, and the cluster that it came from ("" = argosy apply)."""
        return self._runtime.objects.find(key.kind, placed(key.namespace, _cluster(key)), key.name)

    def _status(self, wanted: Manifest, problem: str, *, taken: bool) -> Mapping[str, Any]:
        """The conditions as they will hold, in Argo's words."""
        if problem:
            first = {"EventSource": "SourcesProvided", "Sensor": "TriggersProvided"}.get(wanted.kind, "Configured")
            return {
                "conditions": [
                    {"type": first, "status": "False", "reason": "InvalidSpec", "message": problem},
                    {"type": "Deployed", "status": "False", "reason": "InvalidSpec", "message": "not in force"},
                ]
            }
        body = {**wanted.body, "metadata": {**wanted.metadata}}
        status = dict(with_status(self._runtime.store, body, self._runtime.unserved)["status"])
        if taken:
            status["conditions"] = [
                one | {"message": _REPLACED} if one["type"] == "Deployed" else one for one in status["conditions"]
            ]
        return status


def door_loop(runtime: Runtime, key: Key) -> Loop:
    """The loop that turns for one object of a cluster."""
    store, clock = runtime.store, runtime.clock
    return Loop(
        runtime.doors,
        States(store, clock, RECONCILE_DOOR),
        Wakes(store, runtime.queue, clock, RECONCILE_DOOR),
        timers_of(runtime, RECONCILE_DOOR),
        Claims(store, clock, everything=False, lease=0.0),
        clock,
        runtime.clusters.carrier(key),
    )


def handle_wake(runtime: Runtime, body: str) -> None:
    """Look at the declaration, or at the agent, that a message of the queue names.

    Raises EvaluationError for a message that is no wake, Unavailable when our own store or queue fail.
    """
    text = read_wake(body)
    if text is None:
        raise EvaluationError("not a wake of a cluster's declarations")
    key = Key.parse(text)
    if key.kind == AGENT_KIND:
        runtime.door_wakes.clear(text)
        with contextlib.suppress(NotFound):  # it was removed, and its agent watches nothing for us
            runtime.subscribing.subscribe(key.cluster)
    else:
        door_loop(runtime, key).run(key)


def _read(key: Key, copy: Copy) -> dict[Key, Version | None]:
    return {key: Version(copy.uid, copy.version)}


def _condition(kind: str, message: str) -> dict[str, str]:
    return {"type": kind, "status": "True", "message": message}


def _scope(mirror: Mirror, kind: str, namespace: str) -> tuple[Wanted, str] | None:
    """What watches a kind's objects of a namespace, and the resourceVersion of its last complete list; None = nothing."""
    plural = KINDS[kind].plural if kind in KINDS else ""
    for scope, listed in mirror.scopes().values():
        if scope.purpose == DOOR and scope.resource == plural and scope.namespace in ("", namespace):
            return scope, listed
    return None


def _home(key: Key) -> str:
    return key.cluster


def _cluster(key: Key) -> str:
    """What its namespace is marked with: nothing for the home cluster, whose declarations share names with ours."""
    return "" if key.cluster == HOME else key.cluster


def _taken(obj: Mapping[str, Any]) -> bool:
    """Whether it says already that it has taken a declaration's place, and so goes on saying it."""
    conditions = (obj.get("status") or {}).get("conditions") or ()
    return any(one.get("message") == _REPLACED for one in conditions)


def _ending(obj: Mapping[str, Any]) -> bool:
    return bool((obj.get("metadata") or {}).get("deletionTimestamp"))


def _manifest(obj: Mapping[str, Any], key: Key) -> Manifest:
    metadata = {**(obj.get("metadata") or {}), "namespace": placed(key.namespace, _cluster(key))}
    return Manifest({**obj, "metadata": metadata})


def _same(declared: Mapping[str, Any] | None, wanted: Manifest) -> bool:
    return declared is not None and Objects.same(declared, wanted)


def _merged(
    before: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]], clock: Clock
) -> list[dict[str, Any]]:
    """The conditions, each with the time since which it holds; those of somebody else stay."""
    now = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    known = {one.get("type"): one for one in before}
    merged = dict[Any, dict[str, Any]]()
    for one in wanted:
        old = known.get(one["type"]) or {}
        since = old.get("lastTransitionTime") if old.get("status") == one["status"] else None
        merged[one["type"]] = {**one, "lastTransitionTime": since or now}
    return [*merged.values(), *(dict(one) for kind, one in known.items() if kind not in merged)]
