"""An installation of GitOps on a real cluster: a control namespace, a repository, a namespace to deploy to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import NotFound
from support.gitserver import GitServer, Repo
from support.up import until

__all__ = ["API", "RESOURCES", "Site", "config_map", "deployment", "job"]

type Json = dict[str, Any]

API: Final = "argoproj.io/v1alpha1"
RESOURCES: Final = "resources-finalizer.argocd.argoproj.io"
_SECONDS: Final = 60.0


def config_map(name: str, value: str = "1", **annotations: str) -> Json:
    """A ConfigMap; annotations are of Argo CD, by their last parts: `sync_wave="1"`."""
    return _annotated({"apiVersion": "v1", "kind": "ConfigMap", "data": {"v": value}}, name, annotations)


def deployment(name: str, **annotations: str) -> Json:
    """A Deployment of one pod."""
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
    return _annotated({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}, name, annotations)


def job(name: str, **annotations: str) -> Json:
    """A Job that ends by itself."""
    pod = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}}
    return _annotated({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": pod}}, name, annotations)


def _annotated(body: Json, name: str, annotations: Mapping[str, str]) -> Json:
    notes = {f"argocd.argoproj.io/{key.replace('_', '-')}": text for key, text in annotations.items()}
    return {**body, "metadata": {"name": name, "annotations": notes} if notes else {"name": name}}


class Site:
    """`control` is the control namespace; a test's objects go to `namespace`, its Applications are named after that."""

    def __init__(self, cluster: DirectCluster, control: str, namespace: str, repo: Repo, server: GitServer) -> None:
        self.cluster, self.control, self.namespace, self.repo = cluster, control, namespace, repo
        self.url = server.url(repo.folder.name)
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    def close(self) -> None:
        """Remove everything."""
        for app in self.cluster.list(API, "Application", self.control):
            name = app["metadata"]["name"]
            if name.startswith(self.namespace):
                self.cluster.patch(API, "Application", self.control, name, {"metadata": {"finalizers": None}})
                self.cluster.delete(API, "Application", self.control, name)
        self.cluster.delete("v1", "Namespace", "", self.namespace)

    def commit(self, *objects: Json, path: str = "app", file: str = "all.yaml") -> str:
        """Write objects to a file of the repository; the commit."""
        return self.repo.commit({f"{path}/{file}": yaml.safe_dump_all(objects)})

    def app(self, name: str = "", *, automated: Json | None = None, path: str = "app", **spec: Any) -> str:
        """Make an Application; its name. `annotations` are its own."""
        full = f"{self.namespace}{name}"
        policy: Json = dict(spec.pop("syncPolicy", {}))
        if automated is not None:
            policy["automated"] = automated
        finalizers, notes = spec.pop("finalizers", []), spec.pop("annotations", {})
        body: Json = {
            "project": "default",
            "source": {"repoURL": self.url, "path": path, "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": self.namespace},
        }
        body |= {"syncPolicy": policy} if policy else {}
        metadata = {"name": full, "namespace": self.control, "finalizers": finalizers, "annotations": notes}
        self.cluster.create({"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": body | spec})
        return full

    def body(self, name: str = "") -> Json:
        """An Application as it is."""
        return self.cluster.get(API, "Application", self.control, f"{self.namespace}{name}")

    def status(self, name: str = "") -> Json:
        """Its status; nothing while it is not there."""
        try:
            found: Json = self.body(name).get("status") or {}
        except NotFound:
            return {}
        return found

    def patch(self, body: Json, name: str = "") -> None:
        """Change an Application."""
        self.cluster.patch(API, "Application", self.control, f"{self.namespace}{name}", body)

    def refresh(self, name: str = "", how: str = "normal") -> None:
        """Ask for a comparison, as `argocd app get --refresh` does."""
        self.patch({"metadata": {"annotations": {"argocd.argoproj.io/refresh": how}}}, name)

    def sync(self, name: str = "", **sync: Any) -> None:
        """Ask for a sync, as `argocd app sync` does."""
        self.patch({"operation": {"initiatedBy": {"username": "admin"}, "sync": sync}}, name)

    def reaches(self, sync: str, health: str = "", *, name: str = "", revision: str = "") -> Json:
        """Wait for a sync status, a health and a revision; the status."""

        def there() -> Json | None:
            found = self.status(name)
            fits = (found.get("sync") or {}).get("status") == sync
            fits = fits and health in ("", (found.get("health") or {}).get("status"))
            fits = fits and revision in ("", (found.get("sync") or {}).get("revision"))
            return found if fits else None

        return self.until(there, f"{sync} {health} {revision[:7]}", name)

    def ends(self, phase: str, message: str = "", *, name: str = "", since: str = "") -> Json:
        """Wait for the end of an operation; its state. `since`: when the one before began."""

        def there() -> Json | None:
            state: Json = self.status(name).get("operationState") or {}
            fits = state.get("phase") == phase and message in state.get("message", "")
            return state if fits and state.get("startedAt") != since else None

        return self.until(there, f"{phase} {message}", name)

    def until[T](self, condition: Callable[[], T | None], what: str, name: str = "") -> T:
        """What `condition` gives once it is true."""

        try:
            found = until(condition, what, _SECONDS)
        except AssertionError as x:
            raise AssertionError(f"{x}, but {yaml.safe_dump(self.status(name))}") from None
        assert found is not None
        return found

    def names(self, api_version: str, kind: str) -> list[str]:
        """The names of a kind's objects in the namespace, but those that every namespace has."""
        found = (one["metadata"]["name"] for one in self.cluster.list(api_version, kind, self.namespace))
        return sorted(name for name in found if name not in ("kube-root-ca.crt", "default"))

    def value(self, name: str) -> str:
        """What a ConfigMap holds."""
        return str(self.cluster.get("v1", "ConfigMap", self.namespace, name)["data"]["v"])
