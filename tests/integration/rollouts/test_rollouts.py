"""Rollouts on a real API server, decided by `argosy up`, driven as users drive them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.rollouts.replicasets import HASH
from support.rollouts import API, Shop
from support.rolloutworld import rollout_body
from support.up import Up, argosy, until, write

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("rollouts")]

STEPS = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "1s"}}, {"setWeight": 100}]


def test_a_canary_with_nothing_but_the_patches_of_the_verbs(up: Up, shop: Shop) -> None:
    shop.rollout({"canary": {"steps": STEPS}})
    shop.watch()
    shop.image("app:2")
    shop.reaches("Paused", "CanaryPauseStep", step=1)
    assert shop.sets() == {"app:1": 3, "app:2": 1}
    shop.do("abort")
    shop.reaches("Degraded", "RolloutAborted: Rollout aborted update to revision 2")
    shop.until(lambda: shop.sets() == {"app:1": 4} or None, "only the stable version")
    shop.do("retry")
    shop.reaches("Paused", "CanaryPauseStep", step=1)
    shop.do("promote")
    shop.reaches("Healthy", step=5)
    assert shop.sets() == {"app:2": 4}
    assert shop.least is not None
    assert shop.least >= 3
    shop.image("app:1")
    shop.reaches("Paused", step=1)
    shop.do("promote-full")
    shop.reaches("Healthy")
    shop.do("restart")
    shop.until(lambda: shop.status.get("restartedAt"), "all pods are restarted")
    assert shop.least >= 3


def test_the_commands(up: Up, shop: Shop, context: str) -> None:
    shop.rollout({"canary": {"steps": [{"setWeight": 25}, {"pause": {}}]}})

    def rollouts(*words: str) -> str:
        done = argosy("rollouts", *words, "-n", shop.namespace, "--kube-context", context)
        assert done.code == 0, done.err
        return done.out

    assert "Healthy" in rollouts("list", "rollouts")
    rollouts("set", "image", "web", "c=app:2")
    shop.reaches("Paused")
    shown = rollouts("get", "rollout", "web")
    assert "app:1 (stable)" in shown
    assert "app:2 (canary)" in shown
    assert "revision:2" in shown
    assert rollouts("status", "web", "--no-watch") == "Paused - CanaryPauseStep\n"
    rollouts("promote", "web")
    assert rollouts("status", "web", "--timeout", "60s").endswith("Healthy\n")
    rollouts("undo", "web")
    shop.reaches("Paused")
    rollouts("abort", "web")
    shop.reaches("Degraded")
    rollouts("retry", "rollout", "web")
    shop.reaches("Paused")
    rollouts("promote", "web", "--full")
    shop.reaches("Healthy")
    failing = argosy("rollouts", "get", "rollout", "nothing", "-n", shop.namespace, "--kube-context", context)
    assert (failing.code, "nothing" in failing.err) == (1, True)


def test_what_is_made_listed_and_ended_by_command(up: Up, shop: Shop, context: str, tmp_path: Path) -> None:
    """In the namespace of the kubeconfig's context, and several at once."""
    kubeconfig = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    next(one for one in kubeconfig["contexts"] if one["name"] == context)["context"]["namespace"] = shop.namespace
    del kubeconfig["current-context"]
    there = tmp_path / "kubeconfig"
    there.write_text(yaml.safe_dump(kubeconfig))

    def rollouts(*words: object) -> str:
        done = argosy("rollouts", *words, "--kube-context", context, "--kubeconfig", there)
        assert done.code == 0, done.err
        return done.out

    bodies = []
    for name in ("one", "two"):
        body = rollout_body({"canary": {}}, replicas=1)
        body["metadata"] = {"name": name}
        del body["status"]
        bodies.append(body)
    template = {"name": "e", "replicas": 1, "selector": {"matchLabels": {"app": "e"}}}
    template["template"] = {
        "metadata": {"labels": {"app": "e"}},
        "spec": {"containers": [{"name": "c", "image": "app:1"}]},
    }
    experiment = {
        "apiVersion": API,
        "kind": "Experiment",
        "metadata": {"name": "tried"},
        "spec": {"templates": [template]},
    }
    assert rollouts("create", "-f", write(tmp_path / "made.yaml", *bodies, experiment)).count(" created") == 3
    assert rollouts("pause", "one", "two") == "rollout 'one' paused\nrollout 'two' paused\n"
    assert {one["metadata"]["name"] for one in json.loads(rollouts("list", "rollouts", "-o", "json"))["items"]} == {
        "one",
        "two",
    }
    until(lambda: "Running" in rollouts("list", "experiments"), "the experiment runs")
    rollouts("terminate", "experiment", "tried")
    until(lambda: "Successful" in rollouts("list", "experiments"), "the experiment has ended")


@pytest.fixture
def metrics() -> Iterator[dict[str, Any]]:
    """A server that answers a path with what stands here: status and body."""
    answers: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answers.get(self.path.partition("?")[0], (404, ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answers["url"] = f"http://127.0.0.1:{server.server_port}"
    yield answers
    server.shutdown()
    server.server_close()


def template(name: str, url: str, **metric: Any) -> dict[str, Any]:
    whole = {"name": name, "provider": {"web": {"url": url, "jsonPath": "{$.rate}"}}, **metric}
    return {"apiVersion": API, "kind": "AnalysisTemplate", "metadata": {"name": name}, "spec": {"metrics": [whole]}}


def analysis(name: str) -> dict[str, Any]:
    return {"templates": [{"templateName": name}]}


def test_blue_green_with_analyses_before_and_after(up: Up, shop: Shop, metrics: dict[str, Any]) -> None:
    metrics["/before"] = metrics["/after"] = (200, '{"rate": 0.99}')
    for name in ("before", "after"):
        shop.create(template(name, f"{metrics['url']}/{name}", successCondition="result > 0.95"))
    shop.service("active", "preview")
    shop.rollout(
        {
            "blueGreen": {
                "activeService": "active",
                "previewService": "preview",
                "prePromotionAnalysis": analysis("before"),
                "postPromotionAnalysis": analysis("after"),
            }
        }
    )
    first = shop.status["stableRS"]
    shop.image("app:2")
    second = shop.reaches("Healthy")["stableRS"]
    assert selected(shop, "active") == second != first
    assert {one["metadata"]["labels"]["rollout-type"] for one in shop.list("AnalysisRun")} == {
        "PrePromotion",
        "PostPromotion",
    }
    metrics["/after"] = (200, '{"rate": 0.5}')
    shop.image("app:3")
    status = shop.reaches("Degraded")
    assert status["message"].endswith('Metric "after" assessed Failed due to failed (1) > failureLimit (0)')
    shop.until(lambda: selected(shop, "active") == second or None, "the switch back")
    metrics["/before"] = (200, "nonsense")
    shop.image("app:4")
    status = shop.reaches("Degraded")
    assert "Pre-promotion analysis phase error/failed" in status["message"]
    assert selected(shop, "active") == second


def selected(shop: Shop, name: str) -> str:
    service = shop.cluster.get("v1", "Service", shop.namespace, name)
    return str(service["spec"]["selector"].get(HASH, ""))


def test_an_inconclusive_analysis_pauses_and_a_run_is_made_anew(up: Up, shop: Shop, metrics: dict[str, Any]) -> None:
    metrics["/rate"] = (200, '{"rate": 0.9}')
    conditions = {"successCondition": "result > 0.95", "failureCondition": "result < 0.5"}
    shop.create(template("rate", f"{metrics['url']}/rate", **conditions))
    shop.rollout({"canary": {"steps": [{"setWeight": 25}, {"analysis": analysis("rate")}, {"setWeight": 50}]}})
    shop.image("app:2")
    shop.reaches("Paused", "InconclusiveAnalysisRun", step=1)
    metrics["/rate"] = (200, '{"rate": 0.99}')
    shop.cluster.patch(
        API, "Rollout", shop.namespace, "web", {"status": {"pauseConditions": None}}, subresource="status"
    )
    shop.reaches("Healthy")
    assert sorted(one["status"]["phase"] for one in shop.list("AnalysisRun")) == ["Inconclusive", "Successful"]


def test_an_experiment_step(up: Up, shop: Shop, metrics: dict[str, Any]) -> None:
    metrics["/rate"] = (200, '{"rate": 1}')
    shop.create(template("rate", f"{metrics['url']}/rate", successCondition="result == 1"))
    templates = [{"name": "base", "specRef": "stable"}, {"name": "new", "specRef": "canary"}]
    analyses = [{"name": "rate", "templateName": "rate", "requiredForCompletion": True}]
    step = {"experiment": {"templates": templates, "analyses": analyses, "scaleDownDelaySeconds": 0}}
    shop.rollout({"canary": {"steps": [step, {"setWeight": 50}]}}, replicas=2)
    shop.image("app:2")
    shop.reaches("Healthy")
    (experiment,) = shop.list("Experiment")
    assert experiment["status"]["phase"] == "Successful"

    def templates_of() -> list[str]:
        (found,) = shop.list("Experiment")
        return [one["status"] for one in found["status"]["templateStatuses"]]

    shop.until(lambda: templates_of() == ["Successful", "Successful"] or None, "its templates have ended")
    shop.until(lambda: shop.sets() == {"app:2": 2} or None, "their pods go")


def test_a_deployment_is_migrated(up: Up, shop: Shop) -> None:
    labels = {"app": "web"}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": pods}
    shop.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "old"}, "spec": spec})
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "old", "scaleDown": "onsuccess"}
    strategy = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}
    shop.create(
        {
            "apiVersion": API,
            "kind": "Rollout",
            "metadata": {"name": "web"},
            "spec": {"replicas": 2, "workloadRef": reference, "strategy": strategy},
        }
    )
    shop.reaches("Healthy")

    def old() -> dict[str, Any]:
        return shop.cluster.get("apps/v1", "Deployment", shop.namespace, "old")

    shop.until(lambda: old()["spec"]["replicas"] == 0 or None, "the Deployment is scaled down")
    changed = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "app:2"}]}}}}
    shop.cluster.patch("apps/v1", "Deployment", shop.namespace, "old", changed)
    shop.until(lambda: shop.status.get("phase") == "Paused" or None, "its new version is rolled out")
    assert shop.status["workloadObservedGeneration"] == str(old()["metadata"]["generation"])


def test_nginx_weights_and_an_autoscaler_in_the_middle(up: Up, shop: Shop) -> None:
    shop.service("new", "old")
    backend = {"service": {"name": "old", "port": {"number": 80}}}
    rule = {"host": "shop", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    meta = {"name": "web"}
    shop.create({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {"rules": [rule]}})
    routing = {"nginx": {"stableIngress": "web"}}
    names = {"canaryService": "new", "stableService": "old"}
    shop.rollout({"canary": {"steps": [{"setWeight": 25}, {"pause": {}}], "trafficRouting": routing, **names}})
    shop.image("app:2")
    shop.reaches("Paused", step=1)
    found = shop.cluster.get("networking.k8s.io/v1", "Ingress", shop.namespace, "web-web-canary")
    assert found["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] == "25"
    assert shop.sets() == {"app:1": 4, "app:2": 1}
    target = {"apiVersion": API, "kind": "Rollout", "name": "web"}
    spec = {"minReplicas": 8, "maxReplicas": 9, "scaleTargetRef": target}
    shop.create({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec})
    shop.until(lambda: shop.sets() == {"app:1": 8, "app:2": 2} or None, "both grow")
    shop.do("promote")
    shop.reaches("Healthy")


def test_what_is_wrong_is_said_and_nothing_moves(up: Up, shop: Shop) -> None:
    shop.rollout({"canary": {"steps": [{"setWeight": 25}]}}, replicas=2)
    change = {"spec": {"strategy": {"canary": {"canaryService": "missing", "stableService": "gone"}}}}
    shop.cluster.patch(API, "Rollout", shop.namespace, "web", change)
    status = shop.reaches("Degraded")
    assert 'service "missing" not found' in status["message"]
    assert shop.sets() == {"app:1": 2}
    shop.service("missing", "gone")
    shop.reaches("Healthy")
