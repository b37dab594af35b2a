"""`make bench-rollouts`: N canaries of two pods at once, `setWeight 50`, `pause 2s`, on a development cluster of its own.

Prints a JSON line for 5 rollouts (median of ten runs, begun at random phases of a second) and one for 50. `beyond_pause_s`
is the time from the recorded start of the pause plus its two seconds, which has whole seconds, to Healthy.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml
from kubernetes.client import CustomObjectsApi
from kubernetes.config import new_client_from_config
from kubernetes.watch import Watch
from urllib3.exceptions import HTTPError

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ensure_up, stop

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.up import Up

API: Final = "argoproj.io/v1alpha1"
STEPS: Final = [{"setWeight": 50}, {"pause": {"duration": "2s"}}]
PAUSE: Final = 2.0
LIMIT: Final = 300.0


def rollout(number: int, image: str) -> dict[str, Any]:
    """One of them."""
    labels = {"app": f"r{number}"}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "strategy": {"canary": {"steps": STEPS}},
        "template": pods,
    }
    return {"apiVersion": API, "kind": "Rollout", "metadata": {"name": f"r{number}"}, "spec": spec}


class Seen:
    """Watches a namespace: when each rollout was Healthy with the image that is wanted, and when its pause began.

    A watch, as in the bench that the peers were measured with: who lists again and again keeps the API server busy.
    """

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self._objects = CustomObjectsApi(new_client_from_config(str(kubeconfig)))  # type: ignore[no-untyped-call]
        self._namespace, self._watch = namespace, Watch()  # type: ignore[no-untyped-call]  # untyped in kubernetes 37
        self.wanted = ""
        self.healthy: dict[str, float] = {}
        self.paused: dict[str, float] = {}
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        place = {"group": "argoproj.io", "version": "v1alpha1", "namespace": self._namespace, "plural": "rollouts"}
        found = self._watch.stream(self._objects.list_namespaced_custom_object, **place)  # type: ignore[no-untyped-call]
        with contextlib.suppress(HTTPError):  # the cluster ends before its watches do
            for event in found:
                self._note(event["object"], time.time())

    def _note(self, one: dict[str, Any], now: float) -> None:
        name, status = one["metadata"]["name"], one.get("status") or {}
        observed = str(status.get("observedGeneration")) == str(one["metadata"]["generation"])
        image = one["spec"]["template"]["spec"]["containers"][0]["image"]
        if not observed or image != self.wanted:
            return
        for pause in status.get("pauseConditions") or ():
            self.paused[name] = datetime.fromisoformat(pause["startTime"]).timestamp()
        if status.get("phase") == "Healthy":
            self.healthy.setdefault(name, now)

    def begin(self, image: str) -> None:
        """Forget what was; this image is wanted now."""
        self.healthy.clear()
        self.paused.clear()
        self.wanted = image

    def all(self, count: int) -> bool:
        """Wait until all are Healthy."""
        end = time.time() + LIMIT
        while len(self.healthy) < count and time.time() < end:
            time.sleep(0.01)
        return len(self.healthy) == count

    def close(self) -> None:
        """Look no more."""
        self._watch.stop()  # type: ignore[no-untyped-call]


def run(cluster: DirectCluster, kubeconfig: Path, count: int) -> dict[str, Any]:
    """Make `count` rollouts, change their image, and tell how long that took."""
    namespace = f"rb{uuid.uuid4().hex[:8]}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    seen = Seen(kubeconfig, namespace)
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            seen.begin("nginx:1")
            began = time.time()
            list(pool.map(lambda n: cluster.create(rollout(n, "nginx:1"), namespace=namespace), range(count)))
            assert seen.all(count), "they were not all made"
            made = time.time() - began
            time.sleep(1 + uuid.uuid4().int % 1000 / 1000)
            seen.begin("nginx:2")
            began = time.time()
            template = {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}
            change = {"spec": {"template": template}}
            list(pool.map(lambda n: cluster.patch(API, "Rollout", namespace, f"r{n}", change), range(count)))
            assert seen.all(count), "they were not all updated"
        last = max(seen.healthy.values())
        beyond = max(at - seen.paused.get(name, at) - PAUSE for name, at in seen.healthy.items())
        return {"create_s": round(made, 2), "update_s": round(last - began, 2), "beyond_pause_s": round(beyond, 2)}
    finally:
        seen.close()
        cluster.delete("v1", "Namespace", "", namespace)


def main() -> None:
    """Both sizes, on `argosy up`."""
    name = f"bench-{os.getpid()}"
    info = ensure_up(name, owner_pid=os.getpid(), wait_all=True)
    os.environ["KUBECONFIG"] = str(info.kubeconfig)
    context = str(yaml.safe_load(info.kubeconfig.read_text())["current-context"])
    cluster = connect(info.kubeconfig)
    with tempfile.TemporaryDirectory() as folder:
        up = Up(Path(folder) / "data", "--cluster", context).ready()
        try:
            few = [run(cluster, info.kubeconfig, 5) for _ in range(10)]
            figures = {key: statistics.median(one[key] for one in few) for key in few[0]}
            print(json.dumps({"bench": "rollouts", "n": 5, "runs": len(few)} | figures))
            time.sleep(10)  # what was removed is collected
            print(
                json.dumps(
                    {"bench": "rollouts", "n": 50, **run(cluster, info.kubeconfig, 50), "memory_mb": _memory(up)}
                )
            )
        finally:
            up.kill()
            cluster.close()
            stop(name)


def _memory(up: Up) -> float:
    """Resident megabytes of all its processes."""
    pids = [up.process.pid, *up.workers()]
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


if __name__ == "__main__":
    main()
