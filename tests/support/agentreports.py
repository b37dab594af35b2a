"""Reports as agents send them, and a hub on fakes that takes them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from argosy.adapters.http.inside import InsideHttp
from argosy.adapters.signing.ed25519 import KeyVerifier
from argosy.adapters.signing.sealing import KeySealer
from argosy.agent.work import Worker
from argosy.control.agents.normal import pruned
from argosy.control.agents.reports import Item, error_to_json
from argosy.control.agents.scopes import DOOR, Subscription, Wanted
from argosy.control.agents.values import CONTROL, EVERY, Named, Place, Told, context_of
from argosy.errors import NotFound
from argosy.local.functions import sqs_event
from argosy.ports.cluster import ServedKind
from argosy.ports.fakes.cluster import FakeCluster
from argosy.ports.fakes.clusterkinds import FakeKind
from argosy.resources.definitions import GROUP, VERSION
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import Entry
from argosy.services.mail import pack, unpack
from argosy.services.queues import RECONCILE_APP, RECONCILE_DOOR, RECONCILE_ROLLOUT, TIMERS
from support.functions import failed, invoke
from support.services import FakeInstallation

__all__ = ["Body", "FakeAgent", "FakeHub", "changes", "door", "inventory"]

type Body = dict[str, Any]

_GITOPS = [FakeKind(f"{GROUP}/{VERSION}", kind, f"{kind.lower()}s") for kind in ("Application", "AppProject")]


def door(plural: str) -> Wanted:
    """The scope of a kind's declarations."""
    return Wanted(GROUP, VERSION, plural, purpose=DOOR)


def changes(*items: Item) -> Body:
    """A report of changes."""
    return {"report": "changes", "items": [item.as_json() for item in items]}


def inventory(scope: Wanted, version: int, objects: Mapping[str, Sequence[Any]]) -> Body:
    """A report of a complete list."""
    return {"report": "inventory", "scope": scope.key, "version": version, "objects": dict(objects)}


@dataclass
class FakeHub:
    """An installation on fakes with a cluster `edge` behind an agent, and others that are reached directly."""

    entries: Sequence[Entry] = (Entry("edge", "agent"),)
    made: FakeInstallation = field(default_factory=FakeInstallation)

    def __post_init__(self) -> None:
        for entry in self.entries:
            self.made.runtime.registry.add(entry)

    @property
    def work(self) -> list[tuple[str, str, Body]]:
        """(cluster, kind, body) of all work that was sent to agents."""
        found = []
        for cluster, message in self.made.link.sent:
            sealed = unpack(message.body, agent_blobs(self.made.runtime.blobs, cluster))
            text = orjson.loads(sealed["work"])
            assert text["cluster"] == cluster
            found.append((cluster, text["kind"], text["body"]))
        return found

    def mirror(self, cluster: str = "edge") -> Mirror:
        """The copies of a cluster."""
        return Mirror(self.made.runtime.store, self.made.runtime.blobs, cluster)

    def report(self, report: Mapping[str, Any], cluster: str = "edge") -> None:
        """Take in what the agent of a cluster reports."""
        body = pack(report, agent_blobs(self.made.runtime.blobs, cluster))
        self.made.runtime.inbox.handle(cluster, body)

    def hello(self, cluster: str = "edge", **more: Any) -> None:
        """The first heartbeat of an agent, or another one."""
        self.report({"report": "heartbeat", "hello": True, **more}, cluster)

    def turn(self) -> list[str]:
        """Let the function of the doors work until nothing is left; what it was woken for."""
        return self._turn(RECONCILE_DOOR, "reconcile_door")

    def turn_rollouts(self) -> list[str]:
        """The same for the function of rollouts."""
        return self._turn(RECONCILE_ROLLOUT, "reconcile_rollout")

    def turn_apps(self) -> list[str]:
        """The same for the function of Applications."""
        return self._turn(RECONCILE_APP, "reconcile_app")

    def ring(self) -> None:
        """Let the function of timers work on what is due."""
        queue = self.made.runtime.queue
        while deliveries := queue.receive(TIMERS, 10):
            assert failed(invoke("timer", sqs_event(TIMERS, deliveries), self.made)) == []
            queue.delete(TIMERS, [one.handle for one in deliveries])

    def _turn(self, name: str, function: str) -> list[str]:
        queue, woken = self.made.runtime.queue, list[str]()
        while deliveries := queue.receive(name, 10):
            assert failed(invoke(function, sqs_event(name, deliveries), self.made)) == []
            woken += [orjson.loads(one.body)["wake"] for one in deliveries]
            queue.delete(name, [one.handle for one in deliveries])
        return woken


class FakeAgent:
    """The agent of a cluster in memory: the product's worker on it, and eyes that look when they are told to."""

    def __init__(self, hub: FakeHub, name: str) -> None:
        made = hub.made
        signer = made.runtime.signer
        assert signer is not None
        self.hub, self.name, self.cluster = hub, name, FakeCluster(made.clock, kinds=_GITOPS)
        self.subscription = Subscription()
        self.http_namespaces: tuple[str, ...] = ()
        self.secret_key = "key"
        self.worker = Worker(
            name,
            self.cluster,
            KeyVerifier(signer.public_keys()),
            self,
            InsideHttp(()),
            lambda report, _: hub.report(report, name),
            made.clock.now,
        )
        self._seen: dict[tuple[str, str], dict[str, Any]] = {}
        self._told: dict[Place, Body | None] = {}
        self._done = 0
        self.blind: set[str] = set()
        """Resources of which no watch tells anything for now."""

    def subscribe(self, body: Mapping[str, Any]) -> None:
        """See `Watching.subscribe`."""
        self.subscription = Subscription.from_json(body)
        self.list()

    def report(self, body: Mapping[str, Any]) -> None:
        """See `Watching.report`."""
        uids = {one[3]: one[0] for one in body["objects"]}
        scope = next(one for one in self.subscription.scopes if one.key == body["scope"])
        self._tell([self._item(scope, uids[uid], obj) for uid, obj in self._objects(scope).items() if uid in uids])

    def list(self) -> None:
        """Tell the hub what is there."""
        there = {scope: self._objects(scope) for scope in self.subscription.scopes if self._kind(scope) is not None}
        newest = max((_version(obj) for found in there.values() for obj in found.values()), default=0)
        for scope, found in there.items():
            self._seen |= {(scope.key, uid): obj for uid, obj in found.items()}
            places = {
                uid: [obj["metadata"].get("namespace", ""), obj["metadata"]["name"], _version(obj)]
                for uid, obj in found.items()
            }
            self.hub.report(inventory(scope, newest, places), self.name)

    def look(self) -> None:
        """Tell the hub what has changed."""
        for scope in self.subscription.scopes:
            if scope.resource in self.blind:
                continue
            found = self._objects(scope)
            for key in [key for key in self._seen if key[0] == scope.key and key[1] not in found]:
                gone = self._seen.pop(key)
                self._tell([replace(self._item(scope, "DELETED", gone), version=_version(gone) + 1, object=None)])
            for uid, obj in found.items():
                before = self._seen.get((scope.key, uid))
                if before is None or _version(before) != _version(obj):
                    self._seen[scope.key, uid] = obj
                    self._tell([self._item(scope, "ADDED" if before is None else "MODIFIED", obj)])

    def tell(self) -> None:
        """Tell the hub what Applications need, if it is other than before."""
        for named in self.subscription.values:
            if named.place.kind == CONTROL:
                told = self._control(named)
                if self._told.get(named.place) != told:
                    self._told[named.place] = told
                    self.hub.report(
                        {"report": "values", "items": [self._sealed(named.place, told).as_json()]}, self.name
                    )

    def _control(self, named: Named) -> Body | None:
        try:
            data = self.cluster.get("v1", "Secret", named.place.namespace, named.place.name).get("data") or {}
        except NotFound:
            return None
        return {key: data[key] for key in (data if named.keys == EVERY else named.keys) if key in data}

    def _sealed(self, place: Place, data: Body | None) -> Told:
        if data is None:
            return Told(place, problem=error_to_json(NotFound(place.key)))
        sealed = KeySealer().seal(self.subscription.seal_key, orjson.dumps(data), context_of(self.name, place))
        return Told(place, tuple(sorted(data)), sealed if data else "")

    def settle(self) -> None:
        """Work, reports and the functions that reconcile, until nothing is left to do."""
        while True:
            sent = self.hub.made.link.sent[self._done :]
            self._done += len(sent)
            for cluster, message in sent:
                if cluster == self.name:
                    self.worker.handle(unpack(message.body, agent_blobs(self.hub.made.runtime.blobs, cluster)))
            self.look()
            self.tell()
            worked = [*self.hub.turn(), *self.hub.turn_rollouts(), *self.hub.turn_apps()]
            if not worked and self._done == len(self.hub.made.link.sent):
                return

    def _objects(self, scope: Wanted) -> dict[str, dict[str, Any]]:
        kind = self._kind(scope)
        if kind is None:
            return {}
        found = self.cluster.list(kind.api_version, kind.kind, scope.namespace, label_selector=scope.labels)
        return {obj["metadata"]["uid"]: obj for obj in found}

    def _kind(self, scope: Wanted) -> ServedKind | None:
        """None for a kind that the cluster does not serve: of that an agent can tell nothing."""
        return next((one for one in self.cluster.kinds() if (one.api_version, one.plural) == _named(scope)), None)

    def _item(self, scope: Wanted, how: str, obj: dict[str, Any]) -> Item:
        metadata = obj["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"], metadata["uid"])
        return Item(scope.key, how, *place, _version(obj), pruned(obj, self.secret_key))

    def _tell(self, items: Sequence[Item]) -> None:
        if items:
            self.hub.report(changes(*items), self.name)


def _named(scope: Wanted) -> tuple[str, str]:
    return scope.api_version, scope.resource


def _version(obj: Mapping[str, Any]) -> int:
    return int(obj["metadata"]["resourceVersion"])
