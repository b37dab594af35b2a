"""`argosy app` and `argosy proj` on a cluster in memory, as they stand on a command line."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import typer
from typer.testing import CliRunner

from argosy.cli import apps, projects
from argosy.cli.apps.store import API
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster, FakeKind

type Json = dict[str, Any]

HERE: Final = {"server": "https://kubernetes.default.svc", "namespace": "default"}
FROM: Final = "--repo https://git/x.git --path p --dest-server https://kubernetes.default.svc --dest-namespace default"
_GROUPS: Final = {"app": apps.app, "proj": projects.app}
_ENVIRONMENT: Final = {"ARGOCD_NAMESPACE": None, "ARGOCD_APP_NAMESPACE": None, "COLUMNS": "200"}


def in_memory() -> FakeCluster:
    """A cluster that serves Argo CD's kinds, with the namespaces `argocd` and `team-a`."""
    kinds = [FakeKind(API, "Application", "applications"), FakeKind(API, "AppProject", "appprojects")]
    made = FakeCluster(FakeClock(), kinds=kinds)
    for name in ("argocd", "team-a"):
        made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return made


@dataclass
class Verbs:
    """A cluster, and the command line."""

    cluster: FakeCluster = field(default_factory=in_memory)

    def does(self, line: str, stdin: str = "", **env: str) -> str:
        """What a command prints that is to go well."""
        code, said = self._ran(line, stdin, env)
        assert code == 0, f"{line}: {code}: {said}"
        return said

    def fails(self, line: str, code: int = 20, **env: str) -> str:
        """What a command says that is to fail."""
        found, said = self._ran(line, "", env)
        assert found == code, f"{line}: {found}: {said}"
        return said

    def put(self, name: str, namespace: str = "argocd", *, status: Json | None = None, **spec: Any) -> None:
        """An Application."""
        body = {"apiVersion": API, "kind": "Application", "metadata": {"name": name, "namespace": namespace}}
        told = {} if status is None else {"status": status}
        self.cluster.create(body | {"spec": {"destination": HERE, "project": "default"} | spec} | told)

    def project(self, name: str, **spec: Any) -> None:
        """A project of the control namespace that permits everything."""
        every: Json = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
        body = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": name, "namespace": "argocd"}}
        self.cluster.create(body | {"spec": every | spec})

    def app(self, name: str, namespace: str = "argocd") -> Json:
        """An Application as it is."""
        return self.cluster.get(API, "Application", namespace, name)

    def spec_of(self, project: str) -> Json:
        """The spec of a project as it is."""
        spec: Json = self.cluster.get(API, "AppProject", "argocd", project)["spec"]
        return spec

    def _ran(self, line: str, stdin: str, env: dict[str, str]) -> tuple[int, str]:
        group, *words = shlex.split(line)
        chosen: typer.Typer = _GROUPS[group]
        done = CliRunner().invoke(
            chosen, words, input=stdin, env=_ENVIRONMENT | env, obj=lambda *_: nullcontext(self.cluster)
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output
