"""The way into EKS: what is asked of AWS (moto), the token as a cluster checks it, and what goes wrong on the way."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from certifi import where
from moto.backends import get_backend
from moto.sts.exceptions import STSClientError
from moto.sts.models import STSBackend

from argosy.adapters.aws.clients import Clients
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.eks import EksCluster, connect
from argosy.adapters.kube.lazy import LazyCluster
from argosy.errors import ArgosyError, Denied, InvalidObject, NotFound, Unavailable
from argosy.ports.cluster import ServiceAccount
from support.aws import ENVIRONMENT, REGION, Wire, mocked
from support.eks import Answered, Door, Refused, arn, believing, opened, signed_with

MAIN = EksCluster(arn("main"))
FOURTEEN_MINUTES = 14 * 60


@dataclass
class Time:
    """The time of the process, of AWS's signatures and of the cluster."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def seconds(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Upstream:
    """An API server that has a version and nothing else."""

    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.requests.append((method, path, headers.get("Impersonate-User")))
        if self.answers:
            return self.answers.pop(0)
        if path == "/version":
            return 200, b'{"gitVersion": "v1.34.0-eks-1"}'
        if path == "/api/v1":
            return 200, b'{"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": true}]}'
        return 200, json.dumps({"kind": "ConfigMap", "metadata": {"name": "x"}}).encode()


@pytest.fixture
def time() -> Iterator[Time]:
    made = Time()
    with patch("botocore.auth.get_current_datetime", lambda: made.now.replace(tzinfo=None)):
        yield made


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mocked() as clients:
        yield clients


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def door(upstream: Upstream, time: Time) -> Iterator[Door]:
    made = Door("main", upstream, believing(ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]), now=lambda: time.now)
    yield made
    made.close()


@pytest.fixture
def eks(clients: Clients) -> Wire:
    return Wire(clients.regional("eks", REGION))


@pytest.fixture
def connected(clients: Clients, eks: Wire, door: Door, time: Time) -> Iterator[DirectCluster]:
    described(eks, door)
    made = connect(MAIN, clients, now=time.seconds)
    yield made
    made.close()


def described(eks: Wire, *doors: Door, **more: Any) -> None:
    for door in doors:
        eks.instead("DescribeCluster", {"cluster": {**door.described, **more}})


# The ARN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "main",
        "arn:aws:eks:eu-central-1:123456789012:nodegroup/main/a/b",
        "arn:aws:eks::123456789012:cluster/main",
        "arn:awsome:eks:eu-central-1:123456789012:cluster/main",
        "arn:aws:eks:eu-central-1:1234:cluster/main",
        "arn:aws:eks:eu-central-1:123456789012:cluster/*",
        " arn:aws:eks:eu-central-1:123456789012:cluster/main",
    ],
)
def test_what_is_no_cluster(text: str) -> None:
    with pytest.raises(InvalidObject, match="EksClusterArns"):
        EksCluster(text)


def test_what_an_arn_tells() -> None:
    parts = [EksCluster(arn("a_b-1")).part(name) for name in ("partition", "region", "account", "name")]
    assert parts == ["aws", "eu-central-1", "123456789012", "a_b-1"]


# The token


def test_the_cluster_lets_us_in(connected: DirectCluster, door: Door) -> None:
    assert connected.version() == "v1.34.0-eks-1"
    assert (door.callers, door.refusals) == (["me"], [])


def test_the_token_is_for_this_cluster_alone(connected: DirectCluster, door: Door, time: Time) -> None:
    connected.version()
    url = opened(door.tokens[0], now=time.now)
    secret = ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]
    assert signed_with(url, "main", secret)
    assert not signed_with(url, "other", secret)
    assert not signed_with(url, "main", "another secret")


def test_the_token_is_a_request_to_sts_of_the_clusters_region(connected: DirectCluster, door: Door, time: Time) -> None:
    connected.version()
    url = opened(door.tokens[0], now=time.now)
    assert url.startswith(f"https://sts.{REGION}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&")
    assert "X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id" in url


@pytest.mark.parametrize(
    ("cluster", "host"),
    [
        ("arn:aws-cn:eks:cn-north-1:123456789012:cluster/main", "sts.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/main", "sts.us-gov-west-1.amazonaws.com"),
        (arn("main", "us-east-1"), "sts.us-east-1.amazonaws.com"),
    ],
)
def test_other_regions_and_partitions(clients: Clients, door: Door, time: Time, cluster: str, host: str) -> None:
    eks = Wire(clients.regional("eks", cluster.split(":")[3]))
    described(eks, door)
    made = connect(EksCluster(cluster), clients, now=time.seconds)
    made.version()
    made.close()
    assert opened(door.tokens[0], now=time.now).startswith(f"https://{host}/?")


def test_a_token_is_kept_for_fourteen_minutes(connected: DirectCluster, door: Door, time: Time) -> None:
    for seconds in (0, FOURTEEN_MINUTES - 1, 1, 1):
        time.advance(seconds)
        connected.version()
    first, *_, last = door.tokens
    assert [door.tokens.count(one) for one in (first, last)] == [2, 2]
    assert door.refusals == []


def test_a_token_that_is_refused_is_made_anew_once(
    connected: DirectCluster, door: Door, time: Time, upstream: Upstream
) -> None:
    connected.version()
    door.revoked.update(door.tokens)
    time.advance(1)
    assert connected.version() == "v1.34.0-eks-1"
    assert (len(door.tokens), len(upstream.requests)) == (3, 2)


def test_an_identity_that_the_cluster_does_not_know(connected: DirectCluster, door: Door) -> None:
    door.known = set()
    with pytest.raises(Denied) as caught:
        connected.version()
    assert len(door.tokens) == 2
    for text in (MAIN.arn, "ClusterTriggerRoleArn", "aws eks create-access-entry --cluster-name main", "Unauthorized"):
        assert text in str(caught.value)
    with pytest.raises(Denied):
        connected.version()
    assert len(door.tokens) == 4


def test_no_token_stands_in_an_error(connected: DirectCluster, door: Door) -> None:
    door.known = set()
    with pytest.raises(Denied) as caught:
        connected.version()
    assert not [token for token in door.tokens if token[:40] in repr(caught.value)]


def test_a_service_accounts_call_goes_with_our_token(connected: DirectCluster, upstream: Upstream) -> None:
    user = ServiceAccount("team", "runner")
    connected.acting_as(user).get("v1", "ConfigMap", "team", "x")
    assert upstream.requests == [
        ("GET", "/api/v1", None),
        ("GET", "/api/v1/namespaces/team/configmaps/x", user.user),
    ]


def test_without_credentials(door: Door, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    with mocked():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        with pytest.raises(Denied, match="AWS_ACCESS_KEY_ID"):
            connect(MAIN, Clients({"AWS_REGION": REGION}), now=time.seconds)


# Finding the cluster


def test_a_cluster_is_described_once(connected: DirectCluster, eks: Wire) -> None:
    for _ in range(3):
        connected.version()
    assert eks.calls["DescribeCluster"] == 1


def test_a_cluster_that_is_not_there(clients: Clients) -> None:
    with pytest.raises(NotFound, match=f"EKS cluster {MAIN.arn}: DescribeCluster: .*parameter EksClusterArns"):
        connect(MAIN, clients)


@pytest.mark.parametrize(
    ("status", "code", "expected", "text"),
    [
        (403, "AccessDeniedException", Denied, "ClusterTriggerRoleArn.*needs eks:DescribeCluster"),
        (429, "ThrottlingException", Unavailable, "Throttling"),
        (500, "ServerException", Unavailable, "an interface endpoint of EKS"),
        (400, "ClientException", ArgosyError, "ClientException"),
    ],
)
def test_eks_does_not_tell(
    clients: Clients, eks: Wire, status: int, code: str, expected: type[ArgosyError], text: str
) -> None:
    eks.answer("DescribeCluster", status, code, times=3)
    with pytest.raises(expected, match=f"(?s)EKS cluster {MAIN.arn}: .*{text}"):
        connect(MAIN, clients)


@pytest.mark.parametrize(
    ("more", "expected", "text"),
    [
        ({"endpoint": None, "status": "CREATING"}, Unavailable, "has no endpoint: it is CREATING"),
        ({"certificateAuthority": {}, "status": "FAILED"}, Unavailable, "has no endpoint: it is FAILED"),
        ({"certificateAuthority": {"data": "?"}}, Unavailable, "a CA that cannot be read"),
        ({"arn": arn("main", account="210987654321")}, NotFound, "another account needs a role"),
    ],
)
def test_a_cluster_that_cannot_be_used(
    clients: Clients, eks: Wire, door: Door, more: dict[str, Any], expected: type[ArgosyError], text: str
) -> None:
    described(eks, door, **more)
    with pytest.raises(expected, match=f"EKS cluster {MAIN.arn}.*{text}"):
        connect(MAIN, clients)


def test_a_cluster_that_is_ready_later_is_found_then(clients: Clients, eks: Wire, door: Door, time: Time) -> None:
    lazy = LazyCluster(lambda: connect(MAIN, clients, now=time.seconds))
    described(eks, door, endpoint=None)
    with pytest.raises(Unavailable):
        lazy.version()
    described(eks, door)
    assert lazy.version() == lazy.acting_as(ServiceAccount("team")).version() == "v1.34.0-eks-1"
    assert eks.calls["DescribeCluster"] == 2


def nowhere() -> str:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"https://localhost:{closed.getsockname()[1]}"


def test_a_cluster_that_has_moved_is_found_again(clients: Clients, eks: Wire, door: Door, time: Time) -> None:
    described(eks, door, endpoint=nowhere())
    described(eks, door)
    made = connect(MAIN, clients, now=time.seconds)
    for _ in range(2):
        assert made.version() == "v1.34.0-eks-1"
    made.close()
    assert eks.calls["DescribeCluster"] == 2


def test_a_cluster_with_a_new_ca(clients: Clients, eks: Wire, door: Door, time: Time) -> None:
    other = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
    described(eks, door, certificateAuthority={"data": other})
    described(eks, door)
    made = connect(MAIN, clients, now=time.seconds)
    assert made.version() == "v1.34.0-eks-1"
    made.close()


def test_a_cluster_that_nobody_reaches(clients: Clients, eks: Wire, door: Door, time: Time) -> None:
    eks.instead("DescribeCluster", {"cluster": {**door.described, "endpoint": nowhere()}}, times=2)
    made = connect(MAIN, clients, now=time.seconds)
    with pytest.raises(Unavailable, match=f"version: no answer from .*EKS cluster {MAIN.arn}: .*VpcSubnetIds"):
        made.version()
    made.close()


def test_a_server_that_is_not_the_clusters_own_gets_no_token(
    clients: Clients, eks: Wire, door: Door, time: Time
) -> None:
    public = b64encode(Path(where()).read_bytes()).decode()
    described(eks, door, door, certificateAuthority={"data": public})
    made = connect(MAIN, clients, now=time.seconds)
    with pytest.raises(Unavailable, match=MAIN.arn):
        made.version()
    made.close()
    assert door.tokens == []


# Another role


THEIRS = EksCluster(arn("main", account="210987654321"), "arn:aws:iam::210987654321:role/hub", "e1")


def assumed(url: str, cluster: str) -> str:
    """The role whose keys have signed, as moto's STS gave them out."""
    key = parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].split("/")[0]
    for role in get_backend("sts")["210987654321"]["aws"].assumed_roles:
        if role.access_key_id == key and signed_with(url, cluster, role.secret_access_key):
            return f"{role.role_arn} {role.session_name} {role.external_id}"
    raise Refused(f"nobody has the key {key}")


def test_a_role_is_assumed_for_a_cluster_of_another_account(clients: Clients, door: Door, time: Time) -> None:
    vpc = {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    theirs = clients.assuming(THEIRS.role_arn, region=REGION).regional("eks", REGION)
    theirs.create_cluster(name="main", roleArn=THEIRS.role_arn, resourcesVpcConfig=vpc)
    cluster = get_backend("eks")["210987654321"][REGION].clusters["main"]
    cluster.endpoint, cluster.certificate_authority = door.endpoint, door.described["certificateAuthority"]
    door.identify = assumed
    made = connect(THEIRS, clients, now=time.seconds)
    assert made.version() == made.version() == "v1.34.0-eks-1"
    made.close()
    assert set(door.callers) == {f"{THEIRS.role_arn} argosy e1"}


@pytest.mark.filterwarnings("ignore:Exception.STSClientError")  # moto knows fewer codes than AWS
def test_a_role_that_may_not_be_assumed(clients: Clients) -> None:
    refusal = STSClientError("AccessDenied", "not authorized to perform: sts:AssumeRole")
    with (
        patch.object(STSBackend, "assume_role", side_effect=refusal),
        pytest.raises(Denied, match=f"EKS cluster {THEIRS.arn}: AssumeRole: .*the role must trust"),
    ):
        connect(THEIRS, clients)
