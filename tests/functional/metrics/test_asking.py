"""Metric systems as analyses ask them: a real Prometheus, and servers that do what goes wrong."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.adapters.metrics.asking import HttpMetrics
from argosy.errors import ArgosyError, EvaluationError, Permanent, Unavailable
from argosy.ports.metrics import Ask
from argosy.rollouts.analysis.providers import Answer, Measured, provider_of
from support.prometheus import prometheus
from support.up import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus")) as url:
        yield url


def measured(url: str, query: str, **metric: Any) -> Measured:
    """One measurement, from the metric to its phase; what is raised on the way is its error."""
    config = {"address": url, "query": query, **metric.pop("config", {})}
    whole = {"name": "m", "provider": {"prometheus": config}, **metric}
    provider, given = provider_of(whole)
    try:
        asked = provider.question(given, lambda *_: "", datetime.now(UTC))
        ask = Ask(asked.method, asked.url, asked.headers, asked.body, asked.timeout)
        reply = HttpMetrics().http(ask)
        return provider.measured(whole, provider.answer(given, Answer(reply.status, reply.body)))
    except ArgosyError as x:
        return Measured("Error", message=str(x))


@pytest.mark.parametrize(
    ("query", "condition", "phase", "value"),
    [
        ("scalar(vector(0.97))", "result >= 0.95", "Successful", "0.97"),
        ("vector(0.97)", "result[0] >= 0.95", "Successful", "[0.97]"),
        ("vector(0.5)", "result[0] >= 0.95", "Failed", "[0.5]"),
        ("vector(1) and vector(2) > 3", "result[0] >= 0.95", "Error", ""),
        ("vector(1) and vector(2) > 3", "len(result) == 0", "Successful", "[]"),
        ("vector(0) / 0", "isNaN(result[0])", "Successful", "[NaN]"),
        ("up", "result[0] == 1", "Successful", "[1]"),
        ('"text"', "true", "Error", ""),
        ("sum(", "true", "Error", ""),
    ],
)
def test_a_real_prometheus(server: str, query: str, condition: str, phase: str, value: str) -> None:
    until(lambda: measured(server, "up").value == "[1]", "it has scraped itself")
    found = measured(server, query, successCondition=condition)
    assert (found.phase, found.value) == (phase, value), found.message


def test_a_range(server: str) -> None:
    span = {"rangeQuery": {"start": 'now() - duration("4s")', "end": "now()", "step": "1s"}}
    found = measured(server, "vector(2)", successCondition="all(result, # == 2)", config=span)
    assert (found.phase, found.value.count("2") >= 4) == ("Successful", True), found.message


def test_one_that_is_down() -> None:
    found = measured("http://127.0.0.1:9", "up")
    assert (found.phase, "did not answer" in found.message) == ("Error", True)


def test_without_an_address() -> None:
    assert measured("", "up").message == "prometheus address is not configured"


@pytest.fixture
def odd() -> Iterator[str]:
    """/token gives a bearer token, /who tells who asks, /large answers with two megabytes, /away redirects."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(200, json.dumps({"access_token": "t0ken", "expires_in": 3600}))

        def do_GET(self) -> None:
            if self.path == "/large":
                self._answer(200, "x" * 2_000_000)
            elif self.path == "/away":
                self._answer(302, "", "http://169.254.169.254/latest/meta-data")
            else:
                self._answer(200, json.dumps({"who": self.headers.get("Authorization", "")}))

        def _answer(self, status: int, text: str, location: str = "") -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def test_client_credentials(odd: str) -> None:
    token = {"url": f"{odd}/token", "id": "me", "secret": "s", "scopes": ["read"]}
    reply = HttpMetrics().http(Ask("GET", f"{odd}/who", token=token))
    assert json.loads(reply.body) == {"who": "Bearer t0ken"}


def test_what_is_too_large_is_refused(odd: str) -> None:
    with pytest.raises(Permanent, match="more than 1000000 bytes"):
        HttpMetrics().http(Ask("GET", f"{odd}/large"))


def test_a_redirect_to_where_nobody_may_go(odd: str) -> None:
    with pytest.raises(ArgosyError) as caught:
        HttpMetrics().http(Ask("GET", f"{odd}/away"))
    assert not isinstance(caught.value, EvaluationError)


@pytest.mark.parametrize(
    ("url", "kind"), [("http://127.0.0.1:9/", Unavailable), ("nothing", Permanent), ("ftp://x/", Permanent)]
)
def test_addresses(url: str, kind: type[ArgosyError]) -> None:
    with pytest.raises(kind):
        HttpMetrics().http(Ask("GET", url))
