"""The way into EKS clusters: no kubeconfig, no secret, only an identity of AWS that the cluster knows.

In: the ARN of a cluster and AWS clients. Out: a `DirectCluster`. Called by entry points of functions, behind `LazyCluster`.

Endpoint and CA come from EKS's DescribeCluster, which is asked once, and again when the endpoint does not answer. The
bearer token is what `aws eks get-token` (AWS CLI 2, customizations/eks/get_token.py) makes: a request for the caller's
identity that is signed for STS, with the cluster's name as a signed header, so that another cluster cannot use it. The
cluster sends that request and learns who signed it. It honours a token for fifteen minutes, whatever the signature says
(aws-iam-authenticator v0.7, pkg/token/token.go): tokens are kept for fourteen, and made anew once when one is refused.

On purpose different: the request is signed for STS of the cluster's own region, which a VPC's endpoint answers for.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from argosy.adapters.aws.errors import telling
from argosy.adapters.kube.client import ClientConnection, load_package
from argosy.adapters.kube.connection import Answer, Call
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import Denied, InvalidObject, NotFound, Unavailable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from argosy.adapters.aws.clients import Clients

__all__ = ["EksCluster", "connect", "token_of"]

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):eks:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):"
    r"cluster/(?P<name>[0-9A-Za-z][0-9A-Za-z_-]{0,99})"
)
# What the names of AWS's servers end with, by partition (botocore 1.44, data/partitions.json).
_SUFFIXES: Final = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-us-gov": "amazonaws.com",
}
_PREFIX: Final = "k8s-aws-v1."
_HEADER: Final = "x-k8s-aws-id"
_SIGNED_SECONDS: Final = 60
_KEPT_SECONDS: Final = 14 * 60.0
_OURS: Final = "the function's role (output ClusterTriggerRoleArn, of Applications ReconcileAppRoleArn)"
_REACH: Final = (
    "a private endpoint is reached from its VPC alone: parameters VpcSubnetIds and VpcSecurityGroupIds, and the cluster's "
    "security group must let port 443 in"
)


@dataclass(frozen=True, slots=True)
class EksCluster:
    """A cluster by its ARN; `role_arn` is a role to assume for it (another account's), with its `external_id`."""

    arn: str
    role_arn: str = ""
    external_id: str = ""

    def __post_init__(self) -> None:
        """Raises InvalidObject for what is no cluster's ARN."""
        found = _ARN.fullmatch(self.arn)
        if not found or found["partition"] not in _SUFFIXES:
            raise InvalidObject(
                f"{self.arn!r} is not the ARN of an EKS cluster, such as "
                "arn:aws:eks:eu-central-1:123456789012:cluster/main: check the parameter EksClusterArns"
            )

    def part(self, name: str) -> str:
        """`partition`, `region`, `account` or `name`."""
        found = _ARN.fullmatch(self.arn)
        return found[name] if found else ""

    @property
    def who(self) -> str:
        """The identity that the cluster sees, in words."""
        return f"the role {self.role_arn}" if self.role_arn else _OURS


def connect(cluster: EksCluster, clients: Clients, *, now: Callable[[], float] = time.time) -> DirectCluster:
    """Find the cluster; `now` is in epoch seconds.

    Raises `NotFound` or `Denied` when EKS does not tell of it, `Unavailable` while it is being made or EKS is away.
    Later calls raise `Unavailable` when its endpoint does not answer and `Denied` when it does not know us.
    """
    return DirectCluster(_EksConnection(_access(cluster, clients, now)))


def token_of(cluster: EksCluster, clients: Clients, *, now: Callable[[], float] = time.time) -> Callable[[], str]:
    """What gives a good token of a cluster whose endpoint and CA are known. Raises as `connect`, when it is called."""
    return _access(cluster, clients, now).token


def _access(cluster: EksCluster, clients: Clients, now: Callable[[], float]) -> _Access:
    region = cluster.part("region")
    acting = clients.assuming(cluster.role_arn, cluster.external_id, region) if cluster.role_arn else clients
    return _Access(cluster, acting, now)


@dataclass(frozen=True, slots=True)
class _Door:
    endpoint: str
    ca: str


class _Access:
    """What lets us into one cluster: its door as last described, and a token."""

    def __init__(self, cluster: EksCluster, clients: Clients, now: Callable[[], float]) -> None:
        self.cluster = cluster
        self._clients, self._now = clients, now
        self._token, self._made = "", 0.0
        self._mutex = threading.Lock()

    def token(self) -> str:
        """The token that is good now."""
        with self._mutex:
            if not self._token or self._now() - self._made >= _KEPT_SECONDS:
                self._token, self._made = self._sign(), self._now()
            return self._token

    def refuse(self, token: str) -> None:
        """Make another token next time, unless somebody else has."""
        with self._mutex:
            if self._token == token:
                self._token = ""

    def describe(self) -> _Door:
        """The door as EKS tells it now."""
        arn = self.cluster.arn
        with self._explained(), telling(f"EKS cluster {arn}"):
            eks = self._clients.regional("eks", self.cluster.part("region"))
            told: Mapping[str, Any] = eks.describe_cluster(name=self.cluster.part("name"))["cluster"]
        if told.get("arn", arn) != arn:
            raise NotFound(
                f"EKS cluster {arn}: what is described under this name is {told['arn']}: a cluster of another account "
                "needs a role there to assume"
            )
        endpoint, ca = told.get("endpoint"), (told.get("certificateAuthority") or {}).get("data")
        if not endpoint or not ca:
            raise Unavailable(f"EKS cluster {arn} has no endpoint: it is {told.get('status', 'not ready')}")
        try:
            return _Door(endpoint, base64.b64decode(ca, validate=True).decode("ascii"))
        except (binascii.Error, UnicodeDecodeError) as x:
            raise Unavailable(f"EKS cluster {arn}: EKS told a CA that cannot be read: {x}") from x

    @contextmanager
    def _explained(self) -> Iterator[None]:
        who = self.cluster.who
        try:
            yield
        except NotFound as x:
            raise NotFound(f"{x}: check its ARN (parameter EksClusterArns)") from x
        except Denied as x:
            if getattr(x.__cause__, "operation_name", "") == "AssumeRole":
                raise Denied(f"{x}: the role must trust {_OURS}, with this external id if it asks for one") from x
            raise Denied(f"{x}: {who} needs eks:DescribeCluster on it; the stack grants it for EksClusterArns") from x
        except Unavailable as x:
            needed = "EKS and of STS" if self.cluster.role_arn else "EKS"
            text = f"{x}; in a VPC without a NAT this takes an interface endpoint of {needed}"
            raise Unavailable(text, delay=x.delay) from x

    def _sign(self) -> str:
        region, name = self.cluster.part("region"), self.cluster.part("name")
        url = f"https://sts.{region}.{_SUFFIXES[self.cluster.part('partition')]}/?Action=GetCallerIdentity&Version=2011-06-15"
        with telling(f"EKS cluster {self.cluster.arn}"):
            signed = self._clients.signed(url, "sts", region, headers={_HEADER: name}, seconds=_SIGNED_SECONDS)
        return _PREFIX + base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


class _EksConnection(ClientConnection):
    """A connection that finds the cluster again when it has moved, and renews a token that is refused."""

    def __init__(self, access: _Access) -> None:
        self._access = access
        self._door = access.describe()
        self._moving = threading.Lock()
        super().__init__(_client(self._door), access.token)

    def call(self, call: Call, subject: str) -> Answer:
        """See `Connection.call`. Raises `Denied` when the cluster refuses a fresh token, too."""
        token = self._access.token()
        answer = self._reach(call, subject)
        if answer.status == 401:
            self._access.refuse(token)
            answer = self._reach(call, subject)
        if answer.status == 401:
            cluster = self._access.cluster
            raise Denied(
                f"{subject}: EKS cluster {cluster.arn} does not know {cluster.who} ({_message(answer.body)}): make an "
                f"access entry for it: aws eks create-access-entry --cluster-name {cluster.part('name')} "
                "--principal-arn ROLE_ARN"
            )
        return answer

    def _reach(self, call: Call, subject: str) -> Answer:
        door = self._door
        try:
            return super().call(call, subject)
        except Unavailable as x:
            if not self._moved(door):
                text = f"{x}; this is EKS cluster {self._access.cluster.arn}: {_REACH}"
                raise Unavailable(text, delay=x.delay) from x
        return super().call(call, subject)

    def _moved(self, before: _Door) -> bool:
        """Whether there is another door than `before` now."""
        with self._moving:
            if self._door == before:
                found = self._access.describe()
                if found != before:
                    self.use(_client(found))
                    self._door = found
            return self._door != before


def _client(door: _Door) -> ApiClient:
    load_package()
    from kubernetes.client import ApiClient, Configuration

    configuration = Configuration()
    configuration.host, configuration.ca_cert_data, configuration.retries = door.endpoint, door.ca, False
    return ApiClient(configuration)


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return "status 401"
