"""The clusters of an installation as an operator works with them: what there is, and how it fares; added, changed, removed.

Called by the API's routes (argosy.api.clusters) and by the command line on a data directory. Every change leaves a row of
the audit. Credentials are no part of this: who adds a cluster with a token puts it where secrets lie first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from argosy.errors import InvalidObject, Unsupported
from argosy.ports.clock import stamp
from argosy.services.agents.inbox import agents, forget
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import Entry
from argosy.services.applications.surveys import cluster_key, watch_anew
from argosy.services.audit import audited
from argosy.services.kinds import KINDS

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Administration", "AgentState", "Change", "CheckState", "ClusterState", "Scope"]

_SILENT: Final = timedelta(seconds=90)
"""Three heartbeats that did not come."""


_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "agent": ("context", "kubeconfig"),
    "eks": ("arn", "role_arn", "external_id"),
    "server": ("server", "ca"),
}
"""What is to be known of a cluster, by its way; the first of `eks` and `server` has to be there."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched, or listed at each check: `state` in words, `listed` whether the hub has seen a complete list."""

    resource: str
    namespace: str
    labels: str
    purpose: str
    state: str
    listed: bool


@dataclass(frozen=True, slots=True)
class AgentState:
    """An agent by its last heartbeat: `heard` is when that came, `lag` how many seconds ago; `connected` if not many.

    `waiting`: bytes of changes that it has not been able to report. `offset`: seconds by which its clock is behind the API
    server's.
    """

    connected: bool
    heard: str
    lag: float
    version: str
    kubernetes: str
    objects: int
    waiting: int
    refused: int
    refusal: str
    offset: float
    counts: Mapping[str, int] = field(default_factory=dict)
    scopes: Sequence[Scope] = ()


@dataclass(frozen=True, slots=True)
class CheckState:
    """How a cluster without an agent fares: `tried` is when it was asked last, `lag` how many seconds ago.

    `listed` is when it last answered, "" for never; `failed` how often it was asked in vain since, `problem` why.
    """

    tried: str
    lag: float
    listed: str
    failed: int
    problem: str
    scopes: Sequence[Scope] = ()


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster, with its agent's state if one was ever heard of, or that of its last check if there was one."""

    name: str
    way: str
    settings: Mapping[str, str]
    management: bool
    door: bool
    http_namespaces: Sequence[str]
    added: str
    claimed: bool = False
    namespaces: Sequence[str] = ()
    instance_id: str = ""
    argocd_namespace: str = "argocd"
    application_namespaces: Sequence[str] = ()
    agent: AgentState | None = None
    check: CheckState | None = None

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        body = asdict(self)
        names = {"httpNamespaces": list(body.pop("http_namespaces")), "instanceId": body.pop("instance_id")}
        names |= {"argocdNamespace": body.pop("argocd_namespace")}
        names |= {"applicationNamespaces": list(body.pop("application_namespaces"))}
        return {**body, **names, "namespaces": list(self.namespaces)}


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different about a cluster; None leaves it as it is."""

    management: bool | None = None
    door: bool | None = None
    http_namespaces: tuple[str, ...] | None = None
    claimed: bool | None = None
    namespaces: tuple[str, ...] | None = None
    instance_id: str | None = None
    argocd_namespace: str | None = None
    application_namespaces: tuple[str, ...] | None = None


class Administration:
    """The clusters of one installation; `actor` is who asks."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def listing(self) -> list[ClusterState]:
        """All clusters, the home cluster first."""
        heard = agents(self._runtime)
        return [self._state(entry, heard.get(entry.name)) for entry in self._runtime.registry.all()]

    def one(self, name: str) -> ClusterState:
        """One cluster. Raises NotFound."""
        entry = self._runtime.registry.find(name)
        return self._state(entry, agents(self._runtime).get(entry.name))

    def add(self, entry: Entry, actor: str, *, replaces: bool = False) -> ClusterState:
        """Register a cluster. Raises AlreadyExists, InvalidObject, Unsupported for a way that there is not from here."""
        _check(entry, on_stack=self._runtime.place is not None)
        now = self._runtime.clock.now()
        self._runtime.registry.add(replace(entry, added=stamp(now)), replace=replaces)
        self._told(actor, f"Cluster/{entry.name} added by {entry.way}")
        self._wake(entry)
        return self.one(entry.name)

    def change(self, name: str, change: Change, actor: str) -> ClusterState:
        """Change what a cluster is to the installation. Raises NotFound."""
        entry = self._runtime.registry.find(name)
        wanted = {key: value for key, value in asdict(change).items() if value is not None}
        changed = replace(entry, **wanted)
        if changed != entry:
            self._runtime.registry.add(changed, replace=True)
            self._told(actor, f"Cluster/{entry.name} set {', '.join(sorted(wanted))}")
            self._wake(changed)
            if _whose(changed) != _whose(entry):
                self._runtime.doors.look_again(entry.name)
        return self.one(entry.name)

    def remove(self, name: str, actor: str) -> None:
        """Forget a cluster, what its agent has told, and what was declared in it. Raises NotFound, InvalidObject."""
        self._runtime.registry.remove(name)
        objects = self._runtime.objects
        for kind in KINDS:
            declared = [body["metadata"] for body in objects.of_home(kind, name)]
            objects.delete([(kind, one["namespace"], one["name"]) for one in declared], actor=actor, home=name)
        forget(self._runtime, name)
        self._told(actor, f"Cluster/{name} removed")

    def keys(self) -> list[str]:
        """The public keys that agents are to trust. Raises InvalidObject, NotFound where there are none."""
        if self._runtime.signer is None:
            raise InvalidObject("this installation has no agents: nothing signs their work")
        return self._runtime.signer.public_keys()

    def _state(self, entry: Entry, heard: Mapping[str, Any] | None) -> ClusterState:
        agent = self._agent(entry.name, heard) if heard is not None else None
        return ClusterState(
            entry.name,
            entry.way,
            entry.settings,
            entry.management,
            entry.door and entry.watched,
            entry.http_namespaces,
            entry.added,
            entry.claimed,
            entry.namespaces,
            entry.instance_id,
            entry.argocd_namespace,
            entry.application_namespaces,
            agent,
            self._check(entry) if not entry.watched else None,
        )

    def _agent(self, cluster: str, heard: Mapping[str, Any]) -> AgentState:
        at = datetime.fromisoformat(str(heard["heard"]))
        lag = self._runtime.clock.now() - at
        return AgentState(
            lag < _SILENT,
            stamp(at),
            round(lag.total_seconds(), 3),
            str(heard.get("version", "")),
            str(heard.get("kubernetes", "")),
            int(heard.get("objects", 0)),
            int(heard.get("waiting", 0)),
            int(heard.get("refused", 0)),
            str(heard.get("refusal", "")),
            float(heard.get("offset", 0.0)),
            dict(heard.get("counts") or {}),
            self._scopes(cluster, heard.get("scopes") or {}, "not watched yet"),
        )

    def _check(self, entry: Entry) -> CheckState | None:
        last = self._runtime.applications.surveys.last(entry.name)
        if not last.tried:
            return None
        lag = self._runtime.clock.now().timestamp() - last.tried
        scopes = self._scopes(entry.name, last.states, "not listed yet")
        return CheckState(_time(last.tried), round(lag, 3), _time(last.at), last.failed, last.problem, scopes)

    def _scopes(self, cluster: str, states: Mapping[str, str], otherwise: str) -> list[Scope]:
        scopes = Mirror(self._runtime.store, self._runtime.blobs, cluster).scopes()
        return [
            Scope(
                f"{one.resource}.{one.group}" if one.group else one.resource,
                one.namespace,
                one.labels,
                one.purpose,
                states.get(key, otherwise),
                bool(listed),
            )
            for key, (one, listed) in sorted(scopes.items())
        ]

    def _wake(self, entry: Entry) -> None:
        """What is to be watched there may be something else now."""
        if self._runtime.signer is not None:
            watch_anew(self._runtime, entry.name, cluster_key(entry.name))

    def _told(self, actor: str, what: str) -> None:
        self._runtime.store.write([audited(actor, [what], self._runtime.clock.now())])


def _time(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC)) if seconds else ""


def _whose(entry: Entry) -> tuple[object, ...]:
    """What decides which objects of a cluster are ours."""
    return entry.claimed, entry.instance_id, entry.argocd_namespace, entry.application_namespaces


def _check(entry: Entry, *, on_stack: bool) -> None:
    """Raises InvalidObject, Unsupported."""
    obj = f"cluster {entry.name}"
    if entry.way not in _SETTINGS:
        raise InvalidObject(f"is no way to add a cluster by; these are: {', '.join(_SETTINGS)}", obj=obj, field="way")
    known = _SETTINGS[entry.way]
    unknown = sorted(entry.settings.keys() - known)
    if unknown:
        raise InvalidObject(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}", obj=obj, field="settings")
    if entry.way == "server" and on_stack:
        text = "a stack keeps no token of a cluster: use --eks ARN, or --agent NAME, which works from anywhere"
        raise Unsupported(text, obj=obj)
    if entry.way == "agent" and on_stack == bool(entry.settings):
        text = "an agent of a stack runs in its own cluster" if on_stack else "name the kubeconfig's context"
        raise InvalidObject(text, obj=obj, field="settings.context")
    if entry.way == "eks" and ":cluster/" not in entry.settings.get("arn", ""):
        raise InvalidObject("must be the ARN of an EKS cluster", obj=obj, field="settings.arn")
    if entry.way == "server" and not entry.settings.get("server", "").startswith("https://"):
        raise InvalidObject("must begin with https://", obj=obj, field="settings.server")
