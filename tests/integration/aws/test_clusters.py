"""Firings that reach a real API server from the deployed stack: found by EKS's API, let in by the function's own token.

The development cluster stands behind a door that checks tokens as EKS does, and asks LocalStack's STS who has signed them.
Who may come in then has the rights that infra/eks-rbac.yaml gives, and no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo
from argosy.services.mail import pack
from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from contracts.cluster import grant
from support.awsflow import REGION, Apply, Template, failures, hook, patiently, post
from support.eks import Door, EksApi, Sts, behind
from support.events import dependency, event, sensor, trigger
from support.gitserver import Repo, serving
from support.localstack import LocalStack, Stack
from support.plainserver import plain_server
from support.up import Sink

pytestmark = pytest.mark.cluster

RBAC = Path(__file__).parents[3] / "infra" / "eks-rbac.yaml"
HUB = {"kind": "ServiceAccount", "name": "hub", "namespace": "argosy"}
LARGE = "x" * 210_000
LAST = {"atLeastOnce": True}
PASSWORD = "it's secret/4711"


@pytest.fixture(scope="module")
def administrator(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    """The development cluster, with a namespace whose default account may make ConfigMaps, and one whose may not."""
    made = connect(dev_cluster.kubeconfig)
    for name in ("ns", "argosy"):
        made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    grant(made, "ns", "", "configmaps", "create", "get")
    for manifest in yaml.safe_load_all(RBAC.read_text()):
        subjects = {"subjects": [HUB]} if "subjects" in manifest else {}
        made.create({**manifest, **subjects})
    made.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "hub", "namespace": "argosy"}})
    yield made
    made.close()


@pytest.fixture(scope="module")
def door(
    administrator: DirectCluster, dev_cluster: ClusterInfo, localstack: LocalStack, stack: Stack, eks: EksApi
) -> Iterator[Door]:
    """The home cluster of the stack."""
    asked = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}).encode()
    path = "/api/v1/namespaces/argosy/serviceaccounts/hub/token"
    code, told = behind(dev_cluster.kubeconfig)("POST", path, {"Content-Type": "application/json"}, asked)
    assert code == 201, told
    upstream = behind(dev_cluster.kubeconfig, json.loads(told)["status"]["token"])
    function = stack.resources["ClusterTriggerFunction"]
    role = stack.outputs["ClusterTriggerRoleArn"].rpartition("/")[2]
    known = {f"arn:aws:sts::000000000000:assumed-role/{role}/{function}"}
    made = Door("home", upstream, Sts(localstack.endpoint), known)
    eks.clusters["home"] = made.described | {"arn": f"arn:aws:eks:{REGION}:000000000000:cluster/home"}
    yield made
    del eks.clusters["home"]
    made.close()


def config_map(name: str, **more: Any) -> dict[str, Any]:
    """A trigger's template that keeps what an event's body says."""
    resource = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more}, "data": {}}
    parameter = {"src": {"dependencyName": "dep", "dataKey": "body.text"}, "dest": "data.text"}
    return {"operation": "create", "source": {"resource": resource}, "parameters": [parameter]}


def kept(cluster: DirectCluster, name: str) -> str:
    try:
        return str(cluster.get("v1", "ConfigMap", "ns", name)["data"]["text"])
    except NotFound:
        return ""


def test_an_event_makes_an_object_as_the_sensors_account(
    stack: Stack, apply: Apply, runtime: Runtime, administrator: DirectCluster, door: Door
) -> None:
    apply(hook("k8s", "/"), sensor([trigger(k8s=config_map("made"))], [dependency("dep", source="k8s")], name="k8s"))
    assert post(stack, "ns/k8s", {"text": "hello"}) == 200
    assert patiently(runtime, lambda: kept(administrator, "made") == "hello" or bool(failures(runtime, "k8s")))
    assert failures(runtime, "k8s") == []
    assert door.refusals == []
    assert set(door.callers) == door.known


@pytest.fixture
def outside(stack: Stack, localstack: LocalStack, tmp_path: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """Trigger sources that hold a manifest each, by their type; the ConfigMap in it is named after the type."""
    here, keys = localstack.host_address, {"user": "git", "password": PASSWORD, "id": "AKIA", "key": "sesame"}
    stack.client("secretsmanager").create_secret(Name="argosy/it/ns/outside", SecretString=json.dumps(keys))
    selected = {key: {"name": "outside", "key": key} for key in keys}
    bucket = {"name": "outside", "key": "a/map.yaml"}
    stack.client("s3").create_bucket(Bucket=bucket["name"])
    stack.client("s3").put_object(Bucket=bucket["name"], Key=bucket["key"], Body=manifest("from-s3").encode())
    Repo(tmp_path / "repository").commit({"a/map.yaml": manifest("from-git")})
    with (
        plain_server(lambda _: (200, manifest("from-url").encode())) as url,
        serving(tmp_path, PASSWORD) as git,
    ):
        port = urlsplit(localstack.endpoint).port
        yield {
            "url": {"path": url.replace("127.0.0.1", here)},
            "git": {
                "url": git.url("repository", here),
                "filePath": "a/map.yaml",
                "creds": {"username": selected["user"], "password": selected["password"]},
            },
            "s3": {
                "endpoint": f"{here}:{port}",
                "insecure": True,
                "bucket": bucket,
                "accessKey": selected["id"],
                "secretKey": selected["key"],
            },
        }


def manifest(name: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {}})


def test_an_object_that_stands_outside_is_read_by_one_function_and_made_by_another(
    stack: Stack,
    apply: Apply,
    runtime: Runtime,
    administrator: DirectCluster,
    door: Door,
    outside: dict[str, dict[str, Any]],
) -> None:
    triggers = [trigger(kind, k8s={**config_map(kind), "source": {kind: where}}) for kind, where in outside.items()]
    apply(hook("outside", "/"), sensor(triggers, [dependency("dep", source="outside")], name="outside"))
    assert post(stack, "ns/outside", {"text": "hello"}) == 200

    def made() -> bool:
        return all(kept(administrator, f"from-{kind}") == "hello" for kind in outside)

    assert patiently(runtime, lambda: made() or bool(failures(runtime, "outside")))
    assert failures(runtime, "outside") == []


def test_what_is_delivered_three_times_is_carried_out_once(
    stack: Stack, apply: Apply, runtime: Runtime, administrator: DirectCluster, door: Door
) -> None:
    thrice = sensor([trigger(k8s=config_map("thrice"))], [dependency("dep", source="thrice-k8s")], name="thrice-k8s")
    apply(hook("thrice-k8s", "/"), thrice)
    occurred = event({"body": {"text": "hello"}}, source="thrice-k8s")
    body = pack({"namespace": "ns", "bus": "default", "event": occurred.as_json()}, runtime.blobs)
    for _ in range(3):
        stack.client("sqs").send_message(QueueUrl=stack.outputs["BusQueueUrl"], MessageBody=body)
    assert patiently(runtime, lambda: kept(administrator, "thrice") == "hello")
    assert post(stack, "ns/thrice-k8s", {"text": "again"}) == 200, "the name is taken by another firing: a failure"
    assert patiently(runtime, lambda: bool(failures(runtime, "thrice-k8s")))

    def counts() -> tuple[int, int]:
        found = with_status(runtime.store, runtime.objects.get("Sensor", "ns", "thrice-k8s"))["status"]
        return found["triggers"]["t"].get("fired", 0), found["triggers"]["t"].get("failed", 0)

    assert patiently(runtime, lambda: sum(counts()) == 2), "counted after it is told"
    assert counts() == (1, 1)


def test_what_is_forbidden_is_repeated_and_then_handed_to_an_http_trigger(
    stack: Stack, apply: Apply, runtime: Runtime, sink: Sink, to_sink: Template, door: Door
) -> None:
    """The account of another namespace may do nothing; what is too large for a message goes by the bucket each time."""
    last = trigger("last", http=to_sink("/forbidden"), more=LAST)
    more = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "duration": "1s", "jitter": 0}, "dlqTrigger": last}
    first = trigger("first", k8s=config_map("never", namespace="kube-system"), more=more)
    apply(hook("forbidden", "/"), sensor([first], [dependency("dep", source="forbidden")], name="forbidden"))
    assert post(stack, "ns/forbidden", {"text": LARGE}) == 200
    assert sink.wait("forbidden")[0].body == {"got": {"text": LARGE}}
    (reason,) = failures(runtime, "forbidden")
    assert "after 2 of 2 attempts" in reason
    assert 'User "system:serviceaccount:ns:default" cannot create resource "configmaps"' in reason


def test_a_failed_http_trigger_is_handed_to_one_in_the_cluster(
    stack: Stack,
    apply: Apply,
    runtime: Runtime,
    localstack: LocalStack,
    administrator: DirectCluster,
    to_sink: Template,
    door: Door,
) -> None:
    last = trigger("last", k8s=config_map("last-resort"), more=LAST)
    closed = {**to_sink("/closed"), "url": f"http://{localstack.host_address}:9/"}
    more = {"atLeastOnce": True, "retryStrategy": {"steps": 1}, "dlqTrigger": last}
    first = trigger("first", http=closed, more=more)
    apply(hook("resort", "/"), sensor([first], [dependency("dep", source="resort")], name="resort"))
    assert post(stack, "ns/resort", {"text": "in the end"}) == 200
    assert patiently(runtime, lambda: kept(administrator, "last-resort") == "in the end")


def test_a_cluster_that_knows_us_no_more(stack: Stack, apply: Apply, runtime: Runtime, door: Door) -> None:
    known, door.known = door.known, set()
    try:
        strange = sensor([trigger(k8s=config_map("strange"))], [dependency("dep", source="strange")], name="strange")
        apply(hook("strange", "/"), strange)
        assert post(stack, "ns/strange", {"text": "x"}) == 200
        assert patiently(runtime, lambda: bool(failures(runtime, "strange")))
    finally:
        door.known = known
    (reason,) = failures(runtime, "strange")
    assert "aws eks create-access-entry --cluster-name home" in reason
