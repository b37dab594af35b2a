"""The executor of `http` effects against a real server: requests, redirects, kept connections, everything that fails."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from argosy.adapters.http.executor import HttpExecutor
from argosy.errors import ArgosyError, Denied, EvaluationError, NotFound, Permanent, Unavailable
from argosy.events.effects import HttpCall, Reference
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.secrets import FakeSecrets
from support.httpserver import Answer, HttpServer, Seen, ok, serving

FIRING = FiringInfo("f" * 32, "ns", "s", "t")
TLS = Path(__file__).parents[2] / "support" / "tls"
SECRETS = {
    "ns": {
        "auth": {"user": "joe", "password": "s3cret", "token": "t0ken\n"},
        "tls": {"ca": (TLS / "cert.pem").read_text(), "bad": "nope"},
    }
}
CONFIGS = {"ns": {"settings": {"colour": "blue"}}}


def secret(key: str, name: str = "auth", kind: str = "secret") -> Reference:
    return Reference(kind, name, key)


def executor() -> HttpExecutor:
    return HttpExecutor(FakeSecrets(SECRETS, CONFIGS))


def send(call: Callable[[str], HttpCall], answer: Answer = ok) -> tuple[str, Seen]:
    """Carry out one call; what was said of it, and what the server saw last."""

    async def run() -> tuple[str, Seen]:
        async with serving(answer) as server:
            return await executor().execute(call(server.url), FIRING), server.seen[-1]

    return asyncio.run(run())


def status(code: int, *headers: str) -> Answer:
    lines = "".join(f"{header}\r\n" for header in headers)
    return lambda _seen: f"HTTP/1.1 {code} X\r\n{lines}Content-Length: 0\r\n\r\n".encode()


# The request


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", [None, "", '{"é": 1}'])
def test_the_request(method: str, body: str | None) -> None:
    said, seen = send(lambda url: HttpCall(f"{url}a?b=c", method, body=body))
    assert (seen.method, seen.target, seen.body) == (method, "/a?b=c", (body or "").encode())
    assert seen.header("content-length") == [str(len((body or "").encode()))]
    assert seen.header("content-type") == ["application/json"]
    assert seen.header("idempotency-key") == [FIRING.id]
    assert len(seen.header("host")) == 1
    assert said.startswith(f"{method} http://127.0.0.1:")
    assert said.endswith("/a: 200")


def test_headers_secrets_and_host() -> None:
    said, seen = send(
        lambda url: HttpCall(
            url,
            headers={"Content-Type": "text/plain", "Idempotency-Key": "mine", "X-Plain": "é"},
            secure_headers={"X-Token": secret("token"), "X-Colour": secret("colour", "settings", "config")},
            username=secret("user"),
            password=secret("password"),
            basic_auth=True,
            host="other.example.org",
        )
    )
    assert seen.header("content-type") == ["text/plain"]
    assert seen.header("idempotency-key") == ["mine"]
    assert seen.header("x-plain") == ["é".encode().decode("latin-1")]
    assert seen.header("x-token") == ["t0ken"]
    assert seen.header("x-colour") == ["blue"]
    assert seen.header("authorization") == ["Basic am9lOnMzY3JldA=="]
    assert seen.header("host") == ["other.example.org"]
    assert "s3cret" not in said


@pytest.mark.parametrize("name", ["content-type", "IDEMPOTENCY-KEY", "User-Agent"])
def test_a_header_of_the_manifest_replaces_ours_in_any_case(name: str) -> None:
    _, seen = send(lambda url: HttpCall(url, headers={name: "mine"}))
    assert seen.header(name) == ["mine"]


@pytest.mark.parametrize("value", ["é", "日本", "\N{GRINNING FACE}"])
def test_header_values_go_out_as_utf8(value: str) -> None:
    _, seen = send(lambda url: HttpCall(url, headers={"X-Plain": value}))
    assert [sent.encode("latin-1") for sent in seen.header("x-plain")] == [value.encode()]


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding", "Trailer", "Connection", "Host"])
@pytest.mark.parametrize("form", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("secure", [False, True])
def test_headers_that_a_manifest_does_not_set(name: str, form: Callable[[str], str], *, secure: bool) -> None:
    def call(url: str) -> HttpCall:
        if secure:
            return HttpCall(url, secure_headers={form(name): secret("user")}, body="{}")
        return HttpCall(url, headers={form(name): "joe"}, body="{}")

    _, seen = send(call)
    assert "joe" not in seen.header(name)
    assert seen.header("content-length") == ["2"]
    assert len(seen.header("host")) == 1


@pytest.mark.parametrize(
    ("location", "kept"), [("/there", True), ("there", True), ("http://127.0.0.1:PORT/there", False)]
)
def test_the_host_of_the_manifest_follows_relative_redirects(location: str, *, kept: bool) -> None:
    def answer(seen: Seen) -> bytes:
        port = seen.body.decode()
        return status(307, f"Location: {location.replace('PORT', port)}")(seen) if seen.target == "/" else ok(seen)

    _, seen = send(lambda url: HttpCall(url, host="other.example.org", body=url.split(":")[2].strip("/")), answer)
    assert seen.target == "/there"
    assert (seen.header("host") == ["other.example.org"]) is kept


@pytest.mark.parametrize(
    ("user", "password", "expected"),
    [
        (secret("user"), None, "Basic am9lOg=="),
        (None, secret("password"), "Basic OnMzY3JldA=="),
        (None, None, "Basic Og=="),
    ],
)
def test_basic_auth_with_parts_missing(user: Reference | None, password: Reference | None, expected: str) -> None:
    _, seen = send(lambda url: HttpCall(url, basic_auth=True, username=user, password=password))
    assert seen.header("authorization") == [expected]


def test_a_user_in_the_url() -> None:
    _, seen = send(lambda url: HttpCall(url.replace("127", "joe:s3cret@127")))
    assert seen.header("authorization") == ["Basic am9lOnMzY3JldA=="]
    assert "s3cret" not in seen.target


# The answer


@pytest.mark.parametrize("code", [200, 201, 204, 304, 400, 404, 500, 503])
def test_without_a_policy_every_status_is_success(code: int) -> None:
    said, _ = send(HttpCall, status(code))
    assert said.endswith(f": {code}")


@pytest.mark.parametrize(("code", "allow", "good"), [(200, (200, 201), True), (201, (200,), False), (500, (), False)])
def test_the_policy(code: int, allow: tuple[int, ...], good: bool) -> None:
    if good:
        send(lambda url: HttpCall(url, allow=allow), status(code))
    else:
        with pytest.raises(Unavailable, match=f"answered {code}"):
            send(lambda url: HttpCall(url, allow=allow), status(code))


@pytest.mark.parametrize(
    ("code", "method", "followed"),
    [
        (301, "POST", "GET"),
        (302, "PUT", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "DELETE", "DELETE"),
        (302, "GET", "GET"),
    ],
)
def test_redirects_are_followed_as_in_go(code: int, method: str, followed: str) -> None:
    def answer(seen: Seen) -> bytes:
        return status(code, "Location: /there?x=1")(seen) if seen.target == "/" else ok(seen)

    _, seen = send(lambda url: HttpCall(url, method, body="{}"), answer)
    assert (seen.method, seen.target) == (followed, "/there?x=1")
    assert seen.body == (b"{}" if (followed == method and method != "GET") or (method == "GET") else b"")
    assert seen.header("idempotency-key") == [FIRING.id]


def test_redirects_without_end() -> None:
    with pytest.raises(Unavailable, match="redirects"):
        send(HttpCall, status(302, "Location: /"))


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest", "http://[fe80::1]/"])
def test_a_redirect_does_not_get_around_the_egress_rule(location: str) -> None:
    with pytest.raises(Denied):
        send(HttpCall, status(302, f"Location: {location}"))


@pytest.mark.parametrize("location", ["ftp://x/", "http://[::1"])
def test_a_redirect_to_what_is_no_url(location: str) -> None:
    with pytest.raises(Permanent):
        send(HttpCall, status(302, f"Location: {location}"))


def test_credentials_do_not_follow_to_another_host() -> None:
    async def run() -> list[Seen]:
        async with serving() as other, serving(status(307, f"Location: http://localhost:{other.port}/")) as first:
            await executor().execute(HttpCall(first.url, basic_auth=True, username=secret("user")), FIRING)
            return [*first.seen, *other.seen]

    first, second = asyncio.run(run())
    assert first.header("authorization") != []
    assert second.header("authorization") == []


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000,
    ],
)
def test_forms_of_answers(raw: bytes) -> None:
    said, _ = send(HttpCall, lambda _seen: raw)
    assert said.endswith(": 200")


@pytest.mark.parametrize("length", ["", "Content-Length: 9\r\n"])
def test_an_answer_that_ends_with_its_connection(length: str) -> None:
    # The status is the answer, as in Argo Events; what becomes of the body does not matter.
    async def run() -> str:
        answer = f"HTTP/1.1 200 OK\r\n{length}\r\nhello".encode()
        async with serving(lambda _seen: answer, close_after=1) as server:
            return await executor().execute(HttpCall(server.url), FIRING)

    assert asyncio.run(run()).endswith(": 200")


# Connections


def sequence(
    work: Callable[[HttpExecutor, HttpServer], Awaitable[None]], answer: Answer = ok, *, close_after: int = 0
) -> HttpServer:
    async def run() -> HttpServer:
        async with serving(answer, close_after=close_after) as server:
            await work(executor(), server)
            return server

    return asyncio.run(run())


async def three(made: HttpExecutor, server: HttpServer) -> None:
    for number in range(3):
        await made.execute(HttpCall(f"{server.url}{number}"), FIRING)


def test_connections_are_kept() -> None:
    server = sequence(three)
    assert [seen.target for seen in server.seen] == ["/0", "/1", "/2"]
    assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    server = sequence(three, close_after=1)
    assert [seen.target for seen in server.seen] == ["/0", "/1", "/2"]
    assert server.connections == 3


def test_connection_close_is_honoured() -> None:
    assert sequence(three, status(200, "Connection: close")).connections == 3


def test_many_at_once() -> None:
    async def many(made: HttpExecutor, server: HttpServer) -> None:
        await asyncio.gather(*(made.execute(HttpCall(f"{server.url}{number}"), FIRING) for number in range(300)))

    server = sequence(many)
    assert sorted(int(seen.target[1:]) for seen in server.seen) == list(range(300))
    assert server.connections <= 16


def test_each_event_loop_has_its_own() -> None:
    made = executor()

    async def run() -> None:
        async with serving() as server:
            await made.execute(HttpCall(server.url), FIRING)

    asyncio.run(run())
    asyncio.run(run())


# Failures


def nobody() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}/"


@pytest.mark.parametrize(
    ("call", "problem", "text"),
    [
        (HttpCall(nobody()), Unavailable, "127.0.0.1"),
        (HttpCall("http://does-not-exist.invalid/"), Unavailable, "does-not-exist.invalid"),
        (HttpCall("nope"), Permanent, "not a URL"),
        (HttpCall("http://169.254.169.254/latest/meta-data"), Denied, "169.254.169.254"),
        (HttpCall(nobody(), headers={"A": "x\r\nB: y"}), Permanent, "line break"),
        (HttpCall(nobody(), headers={"A\nB": "x"}), Permanent, "does not allow"),
        (HttpCall(nobody(), method="GET / HTTP/1.1\r\nA: b\r\n\r\nPOST"), Permanent, "does not allow"),
        (HttpCall(nobody(), headers={"A: b, C": "x"}), Permanent, "does not allow"),
        (HttpCall(nobody(), method="GET /evil"), Permanent, "does not allow"),
        (HttpCall(nobody(), host="x\r\nB: y"), Permanent, "line break"),
        (HttpCall(nobody(), headers={"A": "\ud800"}), Permanent, "UTF-8 cannot carry"),
        (HttpCall(nobody(), secure_headers={"A": secret("nope")}), NotFound, "nope"),
        (HttpCall(nobody(), basic_auth=True, password=secret("x", "y")), NotFound, "y"),
        (HttpCall("https://localhost/", ca=secret("bad", "tls")), EvaluationError, "certificates"),
        (HttpCall("https://localhost/", client_cert=secret("bad", "tls")), EvaluationError, "certificates"),
    ],
)
def test_what_cannot_be_sent(call: HttpCall, problem: type[ArgosyError], text: str) -> None:
    with pytest.raises(problem, match=text):
        asyncio.run(executor().execute(call, FIRING))


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"HTTP/9.9 yes\r\n\r\n", b"\x16\x03\x01"])
def test_a_peer_that_speaks_something_else(raw: bytes) -> None:
    with pytest.raises(Unavailable):
        send(lambda url: HttpCall(url, timeout=5), lambda _seen: raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Le",
    ],
)
def test_an_answer_that_breaks_off(raw: bytes) -> None:
    async def run() -> None:
        async with serving(lambda _seen: raw, close_after=1) as server:
            await executor().execute(HttpCall(server.url), FIRING)

    with pytest.raises(Unavailable, match=r"closed|broke"):
        asyncio.run(run())


def test_a_peer_that_says_nothing() -> None:
    with pytest.raises(Unavailable, match=r"no answer within 0\.1 s"):
        send(lambda url: HttpCall(url, timeout=0.1), lambda _seen: b"")


def test_one_that_hangs_holds_up_no_other() -> None:
    def answer(seen: Seen) -> bytes:
        return b"" if seen.target == "/hang" else ok(seen)

    async def both(made: HttpExecutor, server: HttpServer) -> None:
        hanging = asyncio.ensure_future(made.execute(HttpCall(f"{server.url}hang", timeout=0.2), FIRING))
        for number in range(20):
            await made.execute(HttpCall(f"{server.url}{number}"), FIRING)
        with pytest.raises(Unavailable, match="no answer"):
            await hanging
        await made.execute(HttpCall(f"{server.url}after"), FIRING)

    assert len(sequence(both, answer).seen) == 22


# TLS


def secured(call: Callable[[str], HttpCall]) -> str:
    async def run() -> str:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
        async with serving(tls=context) as server:
            return await executor().execute(call(f"https://localhost:{server.port}/"), FIRING)

    return asyncio.run(run())


@pytest.mark.parametrize("trust", ["ca", "insecure"])
def test_https(trust: str) -> None:
    said = secured(lambda url: HttpCall(url, ca=secret("ca", "tls")) if trust == "ca" else HttpCall(url, insecure=True))
    assert said.endswith(": 200")


def test_a_certificate_that_nobody_trusts() -> None:
    with pytest.raises(Unavailable, match="certificate"):
        secured(HttpCall)
