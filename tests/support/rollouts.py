"""A namespace of a real cluster with a Rollout in it, and whoever watches how many of its pods serve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from argosy.adapters.kube.direct import DirectCluster
from argosy.resources.rollout import Rollout
from argosy.rollouts.verbs import patches
from argosy.services.rollouts.controller import INSTANCE
from support.rolloutworld import rollout_body
from support.up import until

__all__ = ["API", "Shop"]

type Json = dict[str, Any]

API: Final = "argoproj.io/v1alpha1"
_SECONDS: Final = 60.0


class Shop:
    """One namespace; the Rollout in it is called web."""

    def __init__(self, cluster: DirectCluster, namespace: str, instance_id: str = "") -> None:
        """`instance_id`: of the installation that is to decide, "" for the one that takes what has no label."""
        self.cluster, self.namespace, self.instance_id = cluster, namespace, instance_id
        self.least: int | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    def close(self) -> None:
        """Remove everything."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.cluster.delete("v1", "Namespace", "", self.namespace)

    def create(self, *bodies: Mapping[str, Any]) -> None:
        """Make objects."""
        for body in bodies:
            self.cluster.create(body, namespace=self.namespace)

    def service(self, *names: str) -> None:
        """Make Services that select the app."""
        for name in names:
            spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
            self.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})

    def rollout(self, strategy: Mapping[str, Any], **given: Any) -> None:
        """Make the Rollout (see `begin`), and wait until its first version is healthy."""
        self.begin(strategy, **given)
        self.reaches("Healthy")

    def begin(
        self,
        strategy: Mapping[str, Any],
        *,
        replicas: int = 4,
        annotations: Mapping[str, str] | None = None,
        **spec: Any,
    ) -> None:
        """Make the Rollout."""
        body = rollout_body(strategy, replicas=replicas, **spec)
        del body["status"]
        labels = {INSTANCE: self.instance_id} if self.instance_id else {}
        body["metadata"] = {"name": "web", "labels": labels, "annotations": dict(annotations or {})}
        self.create(body)

    @property
    def body(self) -> Json:
        """The Rollout as it is."""
        return self.cluster.get(API, "Rollout", self.namespace, "web")

    @property
    def status(self) -> Json:
        """Its status."""
        found: Json = self.body.get("status") or {}
        return found

    def image(self, image: str) -> None:
        """Another version."""
        template = {"spec": {"containers": [{"name": "c", "image": image}]}}
        self.cluster.patch(API, "Rollout", self.namespace, "web", {"spec": {"template": template}})

    def do(self, verb: str) -> None:
        """A verb of the plugin: nothing but its patches."""
        found = patches(verb, Rollout.of(self.body), datetime.now(UTC))
        if found.spec is not None:
            self.cluster.patch(API, "Rollout", self.namespace, "web", {"spec": dict(found.spec)})
        if found.status is not None:
            body = {"status": dict(found.status)}
            self.cluster.patch(API, "Rollout", self.namespace, "web", body, subresource="status")

    def reaches(self, phase: str, message: str | None = None, *, step: int | None = None) -> Json:
        """Wait until the spec that is there has led to a phase; the status."""

        def there() -> Json | None:
            body = self.body
            status: Json = body.get("status") or {}
            fits = (
                str(status.get("observedGeneration")) == str(body["metadata"]["generation"])
                and status.get("phase") == phase
                and message in (None, status.get("message"))
                and step in (None, status.get("currentStepIndex"))
            )
            return status if fits else None

        return self.until(there, f"{phase} {message or ''} {step if step is not None else ''}")

    def until[T](self, condition: Callable[[], T | None], what: str) -> T:
        """What `condition` gives once it is true."""
        found = until(condition, f"{what}, but {self.body.get('status')}", _SECONDS)
        assert found is not None
        return found

    def sets(self) -> dict[str, int]:
        """Image → replicas that are wanted of it."""
        found = self.cluster.list("apps/v1", "ReplicaSet", self.namespace)
        return {_image(one): one["spec"]["replicas"] for one in found if one["spec"]["replicas"]}

    def list(self, kind: str) -> list[Json]:
        """Argo's objects of a kind."""
        return self.cluster.list(API, kind, self.namespace)

    def watch(self) -> None:
        """Note from now on how few pods were available at a time."""
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.is_set():
            found = self.cluster.list("apps/v1", "ReplicaSet", self.namespace)
            available = sum(one["status"].get("availableReplicas") or 0 for one in found)
            self.least = available if self.least is None else min(self.least, available)
            self._stop.wait(0.02)


def _image(one: Mapping[str, Any]) -> str:
    return str(one["spec"]["template"]["spec"]["containers"][0]["image"])
