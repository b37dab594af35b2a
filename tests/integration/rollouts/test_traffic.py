"""Traffic on a real API server: Istio's objects, and an Application Load Balancer whose weights are its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.aws.balancers import AwsBalancers
from argosy.adapters.aws.clients import Clients
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import ArgosyError
from argosy.rollouts.replicasets import HASH
from argosy.rollouts.traffic.alb import MODE
from support.agents import CREDENTIALS
from support.balancers import balanced
from support.motoserver import moto_server
from support.rollouts import Shop
from support.up import Up, argosy, until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("rollouts")]

ISTIO = "networking.istio.io"
INGRESS = "networking.k8s.io/v1"
STEPS = [{"setWeight": 25}, {"pause": {}}]
NAMES = {"canaryService": "new", "stableService": "old"}
_NUMBERS = itertools.count()


@pytest.fixture
def istio(cluster: DirectCluster) -> Iterator[str]:
    """The API version of Istio's kinds, which the cluster has now; nobody serves them."""
    made = [definition(plural, kind) for plural, kind in KINDS.items()]
    for body in made:
        cluster.create(body)
    yield f"{ISTIO}/v1"
    for body in made:
        cluster.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", body["metadata"]["name"])


KINDS = {"virtualservices": "VirtualService", "destinationrules": "DestinationRule"}


def definition(plural: str, kind: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind}
    spec = {"group": ISTIO, "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": f"{plural}.{ISTIO}"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def test_istio_with_hosts_and_subsets(up: Up, shop: Shop, istio: str) -> None:
    shop.service("new", "old")
    destinations = [{"destination": {"host": "old", "subset": name}, "weight": 0} for name in ("stable", "canary")]
    route = {"name": "primary", "route": destinations}
    other = {"name": "others", "route": [{"destination": {"host": "elsewhere"}}]}
    subsets = [{"name": name, "labels": {"app": "web"}} for name in ("stable", "canary")]
    meta = {"name": "web"}
    for kind, spec in (
        ("VirtualService", {"hosts": ["shop"], "http": [route, other]}),
        ("DestinationRule", {"host": "old", "subsets": subsets}),
    ):
        until_served(shop, {"apiVersion": istio, "kind": kind, "metadata": meta, "spec": spec})
    routing = {
        "istio": {
            "virtualService": {"name": "web", "routes": ["primary"]},
            "destinationRule": {"name": "web", "canarySubsetName": "canary", "stableSubsetName": "stable"},
        }
    }
    shop.rollout({"canary": {"steps": STEPS, "trafficRouting": routing}})
    shop.image("app:2")
    status = shop.reaches("Paused", step=1)

    def weights() -> list[list[int]]:
        routes = shop.cluster.get(istio, "VirtualService", shop.namespace, "web")["spec"]["http"]
        return [[one.get("weight", -1) for one in each["route"]] for each in routes]

    assert weights() == [[75, 25], [-1]]
    rule = shop.cluster.get(istio, "DestinationRule", shop.namespace, "web")
    labels = {one["name"]: one["labels"][HASH] for one in rule["spec"]["subsets"]}
    assert labels == {"stable": status["stableRS"], "canary": status["currentPodHash"]}
    shop.do("promote")
    shop.reaches("Healthy")
    shop.until(lambda: weights() == [[100, 0], [-1]] or None, "all of the traffic goes to what is stable now")


def until_served(shop: Shop, body: dict[str, Any]) -> None:
    """A kind is served a moment after its definition is there."""

    def created() -> bool:
        try:
            shop.create(body)
        except ArgosyError:
            return False
        return True

    until(created, f"{body['kind']} is served")


def test_a_balancer_gets_its_weights_and_is_asked_for_them(
    context: str, cluster: DirectCluster, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody who would carry an annotation over: the balancer is set, and pods wait until it says so."""
    shop = Shop(cluster, f"alb-{next(_NUMBERS)}", "alb")
    new, old = (f"{shop.namespace}/web-{name}:80" for name in ("new", "old"))
    with moto_server() as endpoint:
        environ = {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        clients = Clients(environ)
        hostname, balancers = balanced(clients, new, old), AwsBalancers(clients)
        running = Up(data, "--cluster", context).ready()
        try:
            assert argosy("cluster", "set", "in-cluster", "--instance-id", "alb", data=data).code == 0
            shop.service("new", "old")
            ingress(shop, hostname)
            routing = {"alb": {"ingress": "web", "servicePort": 80}}
            annotations = {MODE: "direct"}
            shop.rollout({"canary": {"steps": STEPS, "trafficRouting": routing, **NAMES}}, annotations=annotations)
            shop.image("app:2")
            shop.reaches("Paused", step=1)

            def weights() -> list[int]:
                found = balancers.look(hostname, [new, old])
                return [found[new].weight, found[old].weight]

            assert weights() == [25, 75]
            assert shop.status["canary"]["weights"]["verified"] is True
            shop.do("abort")
            shop.until(lambda: weights() == [0, 100] or None, "all of the traffic is back")
            shop.do("retry")
            shop.reaches("Paused", step=1)
            shop.do("promote")
            shop.reaches("Healthy")
            assert shop.sets()["app:2"] == 4
            shop.until(lambda: weights() == [0, 100] or None, "all of the traffic goes to what is stable now")
        finally:
            running.kill()
            shop.close()


def ingress(shop: Shop, hostname: str) -> None:
    """As the AWS Load Balancer Controller leaves it: with the balancer's name in its status."""
    backend = {"service": {"name": "old", "port": {"name": "use-annotation"}}}
    rule = {"http": {"paths": [{"path": "/shop", "pathType": "Prefix", "backend": backend}]}}
    shop.create({"apiVersion": INGRESS, "kind": "Ingress", "metadata": {"name": "web"}, "spec": {"rules": [rule]}})
    status = {"loadBalancer": {"ingress": [{"hostname": hostname}]}}
    shop.cluster.patch(INGRESS, "Ingress", shop.namespace, "web", {"status": status}, subresource="status")
