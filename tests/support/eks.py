"""EKS for tests: its API, which tells where a cluster is, and the door of a cluster, which lets in who has a token.

`Door` is a server with TLS before anything that answers requests: it checks a token as the authenticator of EKS does
(aws-iam-authenticator v0.7, pkg/token/token.go) and asks `identify` who has signed it. `behind` puts it before the
development cluster. `EksApi` answers DescribeCluster.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import ssl
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import yaml

TLS: Final = Path(__file__).parent / "tls"
CA: Final = (TLS / "cert.pem").read_text()
HEADER: Final = "x-k8s-aws-id"
_PARAMETERS: Final = {
    *(
        "action",
        "version",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-security-token",
    ),
    *("x-amz-signature", "x-amz-signedheaders"),
}
_HONOURED: Final = timedelta(minutes=15)

Answered = tuple[int, bytes]
Upstream = Callable[[str, str, Mapping[str, str], bytes], Answered]
Identify = Callable[[str, str], str]


class Refused(Exception):
    """A token that lets nobody in."""


def arn(name: str, region: str = "eu-central-1", account: str = "123456789012") -> str:
    """The ARN of a cluster."""
    return f"arn:aws:eks:{region}:{account}:cluster/{name}"


def opened(token: str, *, now: datetime) -> str:
    """The request that a token holds, to be sent with the cluster's name in a header. Raises Refused."""
    if not token.startswith("k8s-aws-v1.") or len(token) > 4096:
        raise Refused("no token of this version, or too long")
    text = token.removeprefix("k8s-aws-v1.")
    if "=" in text:
        raise Refused("padded")
    url = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.path != "/":
        raise Refused(f"not the root of STS: {parts.scheme} {parts.path}")
    if not re.fullmatch(r"sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?", parts.netloc):
        raise Refused(f"not STS: {parts.netloc}")
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    found = {name.lower(): value for name, value in pairs}
    if len(found) != len(pairs) or not found.keys() <= _PARAMETERS:
        raise Refused("a parameter that does not belong there")
    if found.get("action") != "GetCallerIdentity":
        raise Refused("another action")
    if HEADER not in found.get("x-amz-signedheaders", "").split(";"):
        raise Refused("signed without the cluster's name")
    if not 0 <= int(found["x-amz-expires"]) <= _HONOURED.total_seconds():
        raise Refused("good for too long")
    signed = datetime.strptime(found["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not signed - timedelta(minutes=5) <= now < signed + _HONOURED:
        raise Refused(f"expired: signed at {signed}, now {now}")
    return url


def signed_with(url: str, cluster: str, secret: str) -> bool:
    """Whether a request's signature is that of `secret`, when the cluster adds its name (AWS Signature Version 4)."""
    parts = urlsplit(url)
    found = dict(parse_qsl(parts.query))
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in found.items())
    query = "&".join(f"{name}={value}" for name, value in pairs if name != "X-Amz-Signature")
    headers = f"host:{parts.netloc}\n{HEADER}:{cluster}\n"
    nothing = hashlib.sha256(b"").hexdigest()
    canonical = "\n".join(["GET", "/", query, headers, found["X-Amz-SignedHeaders"], nothing])
    scope = found["X-Amz-Credential"].split("/", 1)[1]
    text = "\n".join(["AWS4-HMAC-SHA256", found["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), found["X-Amz-Signature"])


def believing(secret: str) -> Identify:
    """Knows one secret key, as `me`."""

    def identify(url: str, cluster: str) -> str:
        if not signed_with(url, cluster, secret):
            raise Refused("the signature does not hold")
        return "me"

    return identify


@dataclass(frozen=True)
class Sts:
    """An STS that goes by the key in a header and believes every signature, as LocalStack's does."""

    endpoint: str

    def __call__(self, url: str, cluster: str) -> str:
        query = parse_qs(urlsplit(url).query)
        signed = (
            f"Credential={query['X-Amz-Credential'][0]}, SignedHeaders=host, Signature={query['X-Amz-Signature'][0]}"
        )
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {signed}", HEADER: cluster, "Accept": "application/json"}
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        with urllib.request.urlopen(urllib.request.Request(self.endpoint, body, headers), timeout=30) as answer:
            told: str = answer.read().decode()
        found = re.search(r'arn:aws:[^<"]+', told)
        if not found:
            raise Refused(told)
        return found[0]


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that go away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us is what a test wants."""


class _Server:
    """A server on a free port, for all that this module serves."""

    def __init__(self, answer: Upstream, tls: bool) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.title(): value for name, value in self.headers.items()}
                code, answered = answer(self.command, self.path, headers, body)
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answered)))
                self.end_headers()
                self.wfile.write(answered)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Door:
    """The API endpoint of a cluster.

    `identify(url, cluster)` says who has signed the request that a token holds, or raises Refused; `known` are those who may
    come in (None = all). `tokens` are those that were shown, `callers` who came in.
    """

    cluster: str
    upstream: Upstream
    identify: Identify
    known: set[str] | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tokens: list[str] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._server = _Server(self._answer, tls=True)
        self.endpoint = f"https://localhost:{self._server.port}"

    def close(self) -> None:
        """Nobody answers any more."""
        self._server.close()

    @property
    def described(self) -> dict[str, Any]:
        """What EKS tells of it."""
        return {
            "name": self.cluster,
            "endpoint": self.endpoint,
            "certificateAuthority": {"data": base64.b64encode(CA.encode()).decode()},
            "status": "ACTIVE",
        }

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        try:
            if token in self.revoked:
                raise Refused("revoked")
            caller = self.identify(opened(token, now=self.now()), self.cluster)
            if self.known is not None and caller not in self.known:
                raise Refused(f"unknown: {caller}")
        except Refused as x:
            self.refusals.append(str(x))
            return 401, json.dumps({"kind": "Status", "code": 401, "message": "Unauthorized"}).encode()
        self.callers.append(caller)
        return self.upstream(method, path, headers, body)


def behind(kubeconfig: Path, token: str = "") -> Upstream:
    """The cluster of a kubeconfig; each request gets `token`, or that of the file."""
    read = yaml.safe_load(kubeconfig.read_text())
    cluster, user = read["clusters"][0]["cluster"], read["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    server = urlsplit(cluster["server"])
    kept = ("Content-Type", "Accept", "Impersonate-User")

    def upstream(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        connection = http.client.HTTPSConnection(server.netloc, context=context, timeout=30)
        try:
            sent = {name: headers[name] for name in kept if name in headers}
            connection.request(method, path, body or None, sent | {"Authorization": f"Bearer {token or user['token']}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return upstream


@dataclass
class EksApi:
    """EKS's own API: DescribeCluster of the clusters in `clusters`, by name."""

    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(self._answer, tls=False)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        """Nobody answers any more."""
        self._server.close()

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        name = path.removeprefix("/clusters/")
        self.asked.append(name)
        if method != "GET" or name not in self.clusters:
            return 404, json.dumps({"__type": "ResourceNotFoundException", "message": f"No cluster {name}"}).encode()
        return 200, json.dumps({"cluster": self.clusters[name]}).encode()
