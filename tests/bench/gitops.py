"""`make bench-gitops`: N Applications of ten ConfigMaps each, of one repository over HTTP, on a development cluster.

usage: gitops.py [N ...]. Each has a cluster of its own. Prints a JSON line for each: seconds from making the Applications
(automated sync) until all are Synced and Healthy; for a refresh of all that changes nothing; from a commit to one path until
its Application is synced to it and all are refreshed; from a push's webhook until the one object that it changes is live
(p50 and the worst of 30); and the memory of all processes of `argosy up`.
"""

from __future__ import annotations

import concurrent.futures
import hmac
import json
import os
import statistics
import sys
import tempfile
import time
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.connection import Call
from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ensure_up, stop

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.gitserver import GitServer, Repo, serving
from support.up import Up

API: Final = "argoproj.io/v1alpha1"
CONTROL: Final = "argocd"
REFRESH: Final = "argocd.argoproj.io/refresh"
EACH: Final = 10
PUSHES: Final = 30
SECRET: Final = "of the bench"
LIMIT: Final = 1500.0

type Json = dict[str, Any]


class Load:
    """`count` Applications and what they come from."""

    def __init__(self, cluster: DirectCluster, server: GitServer, count: int, port: int) -> None:
        self.cluster, self.count, self.port = cluster, count, port
        self.namespace = f"gb{uuid.uuid4().hex[:8]}"
        self.repo = Repo(server.root / self.namespace)
        self.url = server.url(self.namespace)
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})

    def commit(self, numbers: range, value: int) -> str:
        """Give the objects of some Applications this value; the commit."""
        return self.repo.commit({f"apps/a{n}/all.yaml": _objects(n, value) for n in numbers})

    def apps(self) -> list[Json]:
        """The Applications as they are."""
        return [one for one in self._all() if one["metadata"]["name"].startswith(self.namespace)]

    def _all(self) -> list[Json]:
        """In one piece, as in the bench that the peers were measured with: the API server keeps that ready, pages not."""
        path = f"/apis/{API}/namespaces/{CONTROL}/applications"
        found: list[Json] = orjson.loads(self.cluster.connection.call(Call("GET", path), path).body)["items"]
        return found

    def each(self, do: Callable[[int], object]) -> None:
        """Do something for each of them, eight at once."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(do, range(self.count)))

    def make(self, number: int) -> None:
        """One Application."""
        spec = {
            "project": "default",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": self.namespace},
            "source": {"repoURL": self.url, "path": f"apps/a{number}", "targetRevision": "main"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        }
        body = {
            "apiVersion": API,
            "kind": "Application",
            "metadata": {"name": f"{self.namespace}-{number}"},
            "spec": spec,
        }
        self.cluster.create(body, namespace=CONTROL)

    def until(self, good: Callable[[Json], bool]) -> float:
        """Seconds until all are so."""
        began = time.time()
        while sum(map(good, self.apps())) < self.count:
            assert time.time() - began < LIMIT, f"not all of {self.count}: {sum(map(good, self.apps()))}"
            time.sleep(0.5)
        return time.time() - began

    def refresh(self) -> float:
        """Seconds that a refresh of all takes."""
        before = {one["metadata"]["name"]: one["status"].get("reconciledAt") for one in self.apps()}
        time.sleep(1.1)  # reconciledAt has whole seconds
        began = time.time()
        change = {"metadata": {"annotations": {REFRESH: "normal"}}}
        self.each(lambda n: self.cluster.patch(API, "Application", CONTROL, f"{self.namespace}-{n}", change))
        self.until(lambda one: _refreshed(one, before))
        return time.time() - began

    def value(self, number: int) -> str:
        """What is live."""
        found = self.cluster.get("v1", "ConfigMap", self.namespace, f"a{number}-0")
        return str(found["data"]["v"])

    def pushed(self, value: int) -> float:
        """Seconds from a push's webhook until it is live."""
        number = value % self.count
        commit = self.commit(range(number, number + 1), value)
        web = self.url.removesuffix(".git")
        change = {"id": commit, "added": [], "removed": [], "modified": [f"apps/a{number}/all.yaml"]}
        repository = {"html_url": web, "default_branch": "main"}
        body = json.dumps(
            {
                "ref": "refs/heads/main",
                "before": "0" * 40,
                "after": commit,
                "repository": repository,
                "commits": [change],
            }
        ).encode()
        signature = f"sha256={hmac.digest(SECRET.encode(), body, 'sha256').hex()}"
        headers = {"Content-Type": "application/json", "X-GitHub-Event": "push", "X-Hub-Signature-256": signature}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/webhook", body, headers)
        began = time.time()
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        while self.value(number) != str(value):
            assert time.time() - began < LIMIT, f"push {value} was not applied"
            time.sleep(0.02)
        return time.time() - began


def _objects(number: int, value: int) -> str:
    data = {"v": str(value), "pad": "x" * 200}
    names = (f"a{number}-{place}" for place in range(EACH))
    bodies = ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data} for name in names)
    return str(yaml.safe_dump_all(bodies))


def _synced(one: Json) -> bool:
    status = one.get("status") or {}
    found = [
        status.get(part, {}).get(key)
        for part, key in (("sync", "status"), ("health", "status"), ("operationState", "phase"))
    ]
    return found == ["Synced", "Healthy", "Succeeded"]


def _refreshed(one: Json, before: dict[str, Any]) -> bool:
    asked = REFRESH in (one["metadata"].get("annotations") or {})
    return bool(not asked and one["status"].get("reconciledAt") != before[one["metadata"]["name"]])


def run(load: Load, up: Up) -> Json:
    """All figures of one size."""
    load.commit(range(load.count), 0)
    began = time.time()
    load.each(load.make)
    load.until(_synced)
    first = time.time() - began
    time.sleep(5)
    refreshed = load.refresh()
    load.commit(range(1), 1)
    began = time.time()
    load.refresh()
    while load.value(0) != "1":
        assert time.time() - began < LIMIT, "the commit was not applied"
        time.sleep(0.2)
    committed = time.time() - began
    pushes = sorted(load.pushed(value) for value in range(100, 100 + PUSHES))
    return {
        "bench": "gitops",
        "n": load.count,
        "sync_s": round(first, 1),
        "refresh_s": round(refreshed, 1),
        "commit_s": round(committed, 1),
        "webhook_p50_s": round(statistics.median(pushes), 2),
        "webhook_worst_s": round(pushes[-1], 2),
        "memory_mb": _memory(up),
    }


def _memory(up: Up) -> float:
    """Resident megabytes of all its processes."""
    pids = [up.process.pid, *up.workers()]
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def main() -> None:
    """Every size on a cluster and an `argosy up` of its own."""
    for count in [int(one) for one in sys.argv[1:]] or [300]:
        name = f"bench-{os.getpid()}-{count}"
        info = ensure_up(name, owner_pid=os.getpid(), wait_all=True)
        os.environ["KUBECONFIG"] = str(info.kubeconfig)
        context = str(yaml.safe_load(info.kubeconfig.read_text())["current-context"])
        cluster = connect(info.kubeconfig)
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "repositories") as server:
            cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CONTROL}})
            secret = {"webhook.github.secret": b64encode(SECRET.encode()).decode()}
            metadata = {"name": "argocd-secret", "namespace": CONTROL}
            cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": secret})
            up = Up(Path(folder) / "data", "--cluster", context).ready()
            try:
                print(json.dumps(run(Load(cluster, server, count, up.api), up)), flush=True)
            finally:
                up.kill()
                cluster.close()
                stop(name)


if __name__ == "__main__":
    main()
