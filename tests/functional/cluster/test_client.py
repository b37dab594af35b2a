"""The client against servers that answer badly or not at all, and what it makes of statuses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.problems import is_route_missing, problem
from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    Expired,
    InvalidObject,
    NotFound,
    Unavailable,
    Unsupported,
)
from argosy.ports.cluster import ServiceAccount


def status(code: int, message: str, **fields: Any) -> bytes:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "code": code, "message": message} | fields).encode()


@pytest.mark.parametrize(
    ("code", "body", "expected", "text"),
    [
        (400, status(400, "no selector"), InvalidObject, "X/n/a: no selector"),
        (401, status(401, "Unauthorized"), Denied, "X/n/a: Unauthorized"),
        (403, status(403, "x is forbidden"), Denied, "X/n/a: x is forbidden"),
        (404, status(404, "x not found"), NotFound, "X/n/a: x not found"),
        (405, status(405, "no create"), Unsupported, "does not allow this on the kind: no create"),
        (409, status(409, "exists", reason="AlreadyExists"), AlreadyExists, "X/n/a: exists"),
        (409, status(409, "modified", reason="Conflict"), Conflict, "X/n/a: modified"),
        (410, status(410, "too old", reason="Expired"), Expired, "X/n/a: too old"),
        (413, b"too large", InvalidObject, "X/n/a: too large"),
        (422, status(422, "bad name"), InvalidObject, "X/n/a: bad name"),
        (429, status(429, "slow down"), Unavailable, "answers 429: slow down"),
        (500, b"oops", Unavailable, "answers 500: oops"),
        (500, status(500, "failed to create typed patch object (n/a): .x: no"), InvalidObject, "X/n/a: failed to"),
        (503, b"", Unavailable, "answers 503: HTTP status 503"),
        (504, status(504, "timeout"), Unavailable, "answers 504: timeout"),
        (302, b"", Unavailable, "answers 302"),
    ],
)
def test_statuses_become_errors(code: int, body: bytes, expected: type[ArgosyError], text: str) -> None:
    error = problem(code, body, {}, "X/n/a")
    assert type(error) is expected
    assert text in str(error)


@pytest.mark.parametrize(
    ("body", "headers", "delay"),
    [
        (status(429, "m", details={"retryAfterSeconds": 7}), {"retry-after": "1"}, 7),
        (status(429, "m"), {"retry-after": "2"}, 2),
        (b"", {"retry-after": "Fri, 20 Nov 2026 00:00:00 GMT"}, 0),
        (b"", {}, 0),
    ],
)
def test_a_busy_server_says_when_to_come_back(body: bytes, headers: dict[str, str], delay: float) -> None:
    error = problem(429, body, headers, "X")
    assert isinstance(error, Unavailable)
    assert error.delay == delay


def test_the_field_of_a_single_cause_is_kept() -> None:
    error = problem(422, status(422, "m", details={"causes": [{"field": "spec.replicas"}]}), {}, "X")
    assert isinstance(error, InvalidObject)
    assert error.field == "spec.replicas"


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (404, b"404 page not found\n", True),
        (404, status(404, "the server could not find the requested resource", details={}), True),
        (404, status(404, "m", details={"kind": "configmaps", "name": "x"}), False),
        (403, b"", False),
    ],
)
def test_a_missing_path_is_no_missing_object(code: int, body: bytes, expected: bool) -> None:
    assert is_route_missing(code, body) is expected


class Server:
    """An API server of canned answers that remembers requests."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {
            "/version": (200, b'{"gitVersion": "v1.2.3"}', {})
        }
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                headers = {key.title(): value for key, value in self.headers.items()}
                server.requests.append((self.command, self.path, headers))
                code, body, headers = server.answers.get(self.path.partition("?")[0], (404, b"404 page not found", {}))
                if code == 0:
                    self.close_connection = True
                    return
                self.send_response(code)
                for key, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def serves(self, path: str, value: Any, code: int = 200, **headers: str) -> None:
        self.answers[path] = (code, value if isinstance(value, bytes) else json.dumps(value).encode(), headers)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    running.serves("/api/v1", {"resources": [{"name": "configmaps", "kind": "ConfigMap", "namespaced": True}]})
    yield running
    running.close()


def kubeconfig(folder: Path, url: str, **more: str) -> Path:
    path = folder / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": url} | more}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "here",
    }
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Iterator[DirectCluster]:
    connected = connect(kubeconfig(tmp_path, server.url), "here")
    yield connected
    connected.close()


MAPS = "/api/v1/namespaces/n/configmaps"


def test_the_version_is_asked_with_the_token(cluster: DirectCluster, server: Server) -> None:
    assert cluster.version() == "v1.2.3"
    assert server.requests[0][2]["Authorization"] == "Bearer secret-token"


def test_kinds_are_asked_once(cluster: DirectCluster, server: Server) -> None:
    server.serves(MAPS, {"items": [], "metadata": {}})
    for _ in range(3):
        cluster.list("v1", "ConfigMap", "n")
    assert [path for _, path, _ in server.requests].count("/api/v1") == 1


def test_an_unknown_kind_is_asked_for_once_more_each_time(cluster: DirectCluster, server: Server) -> None:
    server.serves(MAPS, {"items": [], "metadata": {}})
    cluster.list("v1", "ConfigMap", "n")
    with pytest.raises(NotFound, match="serves no v1 Gadget"):
        cluster.list("v1", "Gadget", "n")
    assert [path for _, path, _ in server.requests].count("/api/v1") == 2


def test_a_kind_that_was_removed_is_unknown_again(cluster: DirectCluster, server: Server) -> None:
    server.serves(MAPS, {"items": [], "metadata": {}})
    cluster.list("v1", "ConfigMap", "n")
    del server.answers[MAPS]
    for _ in range(2):
        with pytest.raises(NotFound, match="serves no v1 ConfigMap"):
            cluster.list("v1", "ConfigMap", "n")


def test_lists_are_read_to_the_last_page(cluster: DirectCluster, server: Server) -> None:
    pages = {"": ("a", "next"), "next": ("b", "")}

    class Paged(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            if key != MAPS:
                return super().get(key, default)
            token = "next" if "continue=next" in server.requests[-1][1] else ""
            name, following = pages[token]
            body = {"items": [{"metadata": {"name": name}}], "metadata": {"continue": following}}
            return 200, json.dumps(body).encode(), {}

    server.answers = Paged(server.answers)
    found = cluster.list("v1", "ConfigMap", "n", label_selector="a=b")
    assert [one["metadata"]["name"] for one in found] == ["a", "b"]
    assert found[0]["kind"] == "ConfigMap"
    assert all("labelSelector=a%3Db" in path for _, path, _ in server.requests if path.startswith(MAPS))


def test_impersonation_is_a_header_of_the_users_calls_only(cluster: DirectCluster, server: Server) -> None:
    server.serves(f"{MAPS}/x", {"kind": "ConfigMap"})
    cluster.acting_as(ServiceAccount("n", "runner")).get("v1", "ConfigMap", "n", "x")
    cluster.get("v1", "ConfigMap", "n", "x")
    users = [headers.get("Impersonate-User") for _, path, headers in server.requests if path.startswith(MAPS)]
    assert users == ["system:serviceaccount:n:runner", None]


def test_what_an_owner_made_goes_with_it(cluster: DirectCluster, server: Server) -> None:
    server.serves(f"{MAPS}/x", {"kind": "Status"})
    cluster.delete("v1", "ConfigMap", "n", "x")
    assert server.requests[-1][:2] == ("DELETE", f"{MAPS}/x")
    assert json.loads(server.bodies[-1])["propagationPolicy"] == "Background"


def test_a_connection_that_breaks_is_unavailable_and_not_retried(cluster: DirectCluster, server: Server) -> None:
    server.answers[MAPS] = (0, b"", {})
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    with pytest.raises(Unavailable, match=r"ConfigMap/n/x: no answer from http://127\.0\.0\.1"):
        cluster.create(manifest, namespace="n")
    assert [path for method, path, _ in server.requests if method == "POST"] == [f"{MAPS}?fieldManager=argosy"]


def test_a_redirect_does_not_take_the_token_elsewhere(cluster: DirectCluster, server: Server) -> None:
    server.serves(f"{MAPS}/x", b"", 302, Location=f"{server.url}/elsewhere")
    with pytest.raises(Unavailable, match="answers 302"):
        cluster.get("v1", "ConfigMap", "n", "x")
    assert server.requests[-1][1] == f"{MAPS}/x"


def test_through_the_proxy_of_a_kubeconfig(server: Server, tmp_path: Path) -> None:
    there = "http://cluster.example:1"
    server.serves(f"{there}/version", {"gitVersion": "v1.2.4"})
    server.serves(f"{there}/api/v1", json.loads(server.answers["/api/v1"][1]))
    server.serves(f"{there}{MAPS}/x", {"kind": "ConfigMap"})
    server.serves(f"{there}{MAPS}/y", status(404, "no y", details={"kind": "configmaps"}), 404)
    cluster = connect(kubeconfig(tmp_path, there, **{"proxy-url": server.url}))
    try:
        assert cluster.version() == "v1.2.4"
        assert cluster.acting_as(ServiceAccount("n", "runner")).get("v1", "ConfigMap", "n", "x") == {
            "kind": "ConfigMap"
        }
        assert server.requests[-1][2]["Impersonate-User"] == "system:serviceaccount:n:runner"
        assert server.requests[-1][2]["Authorization"] == "Bearer secret-token"
        with pytest.raises(NotFound, match="no y"):
            cluster.get("v1", "ConfigMap", "n", "y")
    finally:
        cluster.close()


def test_discovery_that_is_denied(cluster: DirectCluster, server: Server) -> None:
    server.serves("/apis/argoproj.io/v1alpha1", status(403, "no discovery for you"), 403)
    with pytest.raises(Denied, match="no discovery for you"):
        cluster.list("argoproj.io/v1alpha1", "Workflow", "n")


def test_credentials_that_are_refused(server: Server, tmp_path: Path) -> None:
    server.serves("/version", status(401, "Unauthorized"), 401)
    with pytest.raises(Denied, match="Unauthorized"):
        connect(kubeconfig(tmp_path, server.url))


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Unavailable, match="no answer from"):
            connect(kubeconfig(tmp_path, url))


def test_no_tls_where_tls_was_expected(server: Server, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        connect(kubeconfig(tmp_path, server.url.replace("http:", "https:")))


def test_a_missing_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"kubeconfig .*nothing"):
        connect(tmp_path / "nothing")


def test_a_missing_context(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"context elsewhere"):
        connect(kubeconfig(tmp_path, server.url), "elsewhere")


@pytest.mark.parametrize("content", ["{", "", "[]", "5", "clusters: 5"])
def test_a_spoilt_kubeconfig(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises((InvalidObject, NotFound), match="config"):
        connect(path)
