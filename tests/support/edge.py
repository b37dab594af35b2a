"""A hub, a repository, and a cluster behind an agent in memory, whose Applications count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import yaml

from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.adapters.signing.sealing import KeyOpener, new_seal_keys, with_public_half
from argosy.errors import EvaluationError
from argosy.ports.cluster import Cluster
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.repository import FakeRepository, Held
from argosy.ports.fakes.workshop import FakeWorkshop
from argosy.ports.repository import Ref
from argosy.services.agents.registry import Entry
from support.agentreports import FakeAgent, FakeHub
from support.gitops import API
from support.services import FakeInstallation

__all__ = ["URL", "Edge"]

type Json = dict[str, Any]

URL: Final = "https://git.example.com/shop"
SEAL: Final = new_seal_keys()
KEYS: Final = with_public_half(new_keys(), SEAL)


class NoJq:
    """Knows no program."""

    def check(self, program: str) -> None:
        """See `Jq.check`."""
        raise EvaluationError(program)

    def first(self, program: str, document: str) -> str:
        """See `Jq.first`."""
        raise EvaluationError(program + document)


class Edge:
    """A hub, a repository, and a cluster `edge` behind its agent, whose own Applications count."""

    def __init__(
        self,
        entry: Entry | None = None,
        others: tuple[Entry, ...] = (),
        repositories: Mapping[str, Held] = MappingProxyType({}),
        connect: Callable[[Entry], Cluster] | None = None,
    ) -> None:
        """`repositories`: those there are besides; `connect` reaches clusters without an agent."""
        self.held = Held()
        self.repository = FakeRepository({URL: self.held, **repositories})
        signer = KeySigner(lambda: KEYS)
        self.made = FakeInstallation(
            FakeClock(),
            repository=self.repository,
            workshop=self.workshop(),
            jq=NoJq(),
            signer=signer,
            opener=KeyOpener(lambda: SEAL),
            connect=connect,
        )
        self.hub = FakeHub((entry or Entry("edge", "agent"), *others), self.made)
        self.agent = FakeAgent(self.hub, "edge")
        self.agent.secret_key = self.made.runtime.subscribing.secret_key("edge")
        for name in ("argocd", "web", "team"):
            self.agent.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.commits = 0
        self.hub.hello("edge")
        self.settle()

    def workshop(self) -> FakeWorkshop:
        """The tools; they say nothing."""
        return FakeWorkshop()

    def settle(self, seconds: int = 0) -> None:
        """All that is to be done within `seconds` and some more is done."""
        for _ in range(6):
            self.agent.settle()
            self.made.clock.advance(1 + seconds / 6)
            self.hub.ring()
            self.made.runtime.ticker.tick()
        self.agent.settle()

    def commit(self, *objects: Json) -> str:
        """A commit on main with these manifests; its hash."""
        return self.commit_files({"app/all.yaml": objects})

    def commit_files(self, files: Mapping[str, Sequence[Json]]) -> str:
        """A commit on main with these files of manifests; its hash."""
        self.commits += 1
        commit = f"{self.commits:040x}"
        self.held.commits[commit] = {path: yaml.safe_dump_all(objects) for path, objects in files.items()}
        self.held.refs[:] = [Ref("HEAD", target="refs/heads/main"), Ref("refs/heads/main", commit)]
        return commit

    def create(
        self, namespace: str = "argocd", finalizers: tuple[str, ...] = (), name: str = "shop", **spec: Any
    ) -> None:
        """Create an Application."""
        source = {"repoURL": URL, "path": "app", "targetRevision": "main"}
        destination = {"server": "https://kubernetes.default.svc", "namespace": "web"}
        policy = {"automated": {"prune": True, "selfHeal": True}}
        body: Json = {"project": "default", "source": source, "destination": destination, "syncPolicy": policy}
        metadata = {"name": name, "namespace": namespace, "finalizers": list(finalizers)}
        made: Json = {"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": body | spec}
        self.agent.cluster.create(made)
        self.settle()

    def status(self, namespace: str = "argocd", name: str = "shop") -> Json:
        """Its status."""
        found: Json = self.agent.cluster.get(API, "Application", namespace, name).get("status") or {}
        return found

    def value(self, name: str = "a") -> str:
        """What a ConfigMap of it holds."""
        return str(self.agent.cluster.get("v1", "ConfigMap", "web", name)["data"]["v"])
