"""Calls of a real gRPC server that serves `triggers.Trigger`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from argosy.adapters.messages import MessageExecutor
from argosy.adapters.messages.custom import read_message, write_message
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, Permanent, Unavailable
from argosy.events.effects import Assignment, SendMessage
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.secrets import FakeSecrets
from support.brokers.base import TLS
from support.up import free_port

FIRING = FiringInfo("f" * 32, "ns", "s", "t", trace="a" * 32)
CERTIFICATE = (TLS / "cert.pem").read_text()


@dataclass
class Server:
    """Gives `resource`, answers Execute with `done`, or fails a method as `fail` says; keeps what it was asked."""

    port: int
    resource: bytes = b'{"kind": "Build"}'
    policy: bytes = b"\x08\x01\x12\x04fine"
    fail: Mapping[str, grpc.StatusCode] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[int, bytes], Mapping[str, str]]] = field(default_factory=list)

    def _method(self, name: str, answer: Any) -> Any:
        def serve(request: bytes, context: Any) -> bytes:
            self.asked.append((name, read_message(request), dict(context.invocation_metadata())))
            if name in self.fail:
                context.abort(self.fail[name], "not today")
            made: bytes = answer()
            return made

        return grpc.unary_unary_rpc_method_handler(serve)

    @contextlib.contextmanager
    def running(self, *, secure: bool) -> Iterator[Server]:
        """Serve."""
        server = grpc.server(futures.ThreadPoolExecutor(2))
        answers = {
            "FetchResource": lambda: write_message({1: self.resource}),
            "Execute": lambda: write_message({1: b"done"}),
            "ApplyPolicy": lambda: self.policy,
        }
        methods = {name: self._method(name, answer) for name, answer in answers.items()}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("triggers.Trigger", methods)])
        where = f"127.0.0.1:{self.port}"
        if secure:
            pair = ((TLS / "key.pem").read_bytes(), CERTIFICATE.encode())
            server.add_secure_port(where, grpc.ssl_server_credentials([pair]))
        else:
            server.add_insecure_port(where)
        server.start()
        try:
            yield self
        finally:
            server.stop(None).wait()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(free_port()).running(secure=False) as one:
        yield one


def call(trigger: Mapping[str, Any], body: str | None = '{"id":"7"}', values: Any = ()) -> str:
    executor = MessageExecutor(FakeSecrets({"ns": {"authority": {"crt": CERTIFICATE, "bad": "no"}}}))
    effect = SendMessage("custom", {"spec": {}, **trigger}, "default", body, values=values)
    return asyncio.run(executor.execute(effect, FIRING))


def test_the_three_calls(server: Server) -> None:
    spec = {"url": "https://example.org/x", "a": "1"}
    said = call({"serverURL": f"localhost:{server.port}", "spec": spec}, values=(Assignment("metadata.name", "7"),))
    assert said == f"localhost:{server.port}: executed; policy holds: fine"
    (_, fetch, metadata), (_, execute, _), (_, policy, _) = server.asked
    assert yaml.safe_load(fetch[1]) == spec
    assert execute == {1: b'{"kind": "Build","metadata":{"name":"7"}}', 2: b'{"id":"7"}'}
    assert policy == {1: b"done"}
    assert [name for name, _, _ in server.asked] == ["FetchResource", "Execute", "ApplyPolicy"]
    assert metadata["idempotency-key"] == FIRING.id
    assert metadata["x-argosy-trace"] == FIRING.trace


def test_a_policy_that_does_not_hold_fails_nothing(server: Server) -> None:
    server.policy = b"\x12\x02no"
    assert call({"serverURL": f"127.0.0.1:{server.port}"}, None).endswith("policy does not hold: no")
    assert server.asked[1][1] == {1: server.resource}


@pytest.mark.parametrize("resource", [b"kind: Build", b"\xff", b""])
def test_parameters_need_a_resource_in_json(server: Server, resource: bytes) -> None:
    server.resource = resource
    url = {"serverURL": f"127.0.0.1:{server.port}"}
    with pytest.raises(EvaluationError, match="no JSON"):
        call(url, values=(Assignment("a", "1"),))
    assert call(url)
    assert server.asked[-2][1].get(1, b"") == resource


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, Denied),
        (grpc.StatusCode.INVALID_ARGUMENT, Permanent),
        (grpc.StatusCode.UNKNOWN, Unavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Unavailable),
    ],
)
@pytest.mark.parametrize("method", ["FetchResource", "Execute", "ApplyPolicy"])
def test_what_the_server_refuses(server: Server, method: str, code: grpc.StatusCode, kind: type[ArgosyError]) -> None:
    server.fail = {method: code}
    with pytest.raises(kind, match=f"{method}: {code.name}: not today") as caught:
        call({"serverURL": f"127.0.0.1:{server.port}"})
    assert type(caught.value) is kind


def test_by_tls() -> None:
    with Server(free_port()).running(secure=True) as server:
        place = {"serverURL": f"127.0.0.1:{server.port}", "secure": True}
        right = {"name": "authority", "key": "crt"}
        assert call({**place, "certSecret": right})
        assert call({**place, "certSecret": right, "serverNameOverride": "localhost"})
        for wrong in (
            {"certSecret": right, "serverNameOverride": "other.example"},
            {"certSecret": {**right, "key": "bad"}},
        ):
            with pytest.raises(Unavailable):
                call({**place, **wrong})
        with pytest.raises(Unavailable):
            call({"serverURL": f"127.0.0.1:{server.port}"})


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("127.0.0.1:1", Unavailable),  # nobody listens there
        ("nobody.invalid:80", Unavailable),
        ("169.254.169.254:80", Denied),
        ("localhost", InvalidObject),
        ("unix:///tmp/x", InvalidObject),
    ],
)
def test_servers_that_are_not_reached(url: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        call({"serverURL": url})


@given(st.binary(max_size=64))
def test_any_answer_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(EvaluationError):
        read_message(data)


@given(st.dictionaries(st.integers(1, 20), st.binary(min_size=1, max_size=300)))
def test_there_and_back(fields: dict[int, bytes]) -> None:
    assert read_message(write_message(fields)) == fields
