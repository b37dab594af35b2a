"""The embedded HTTP server, spoken to in raw bytes over a real socket."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from argosy.local.httpserver import HttpServer, Reply, Request

LIMIT = 100
MANY = 20_000


@dataclass
class Echo:
    """Answers with what it was given; `held` requests are answered when `release` is called."""

    seen: list[Request] = field(default_factory=list)
    held: list[tuple[Request, Reply]] = field(default_factory=list)
    hold: bool = False

    def limit(self, request: Request) -> int:
        return LIMIT if request.path != "/nowhere" else -1

    def serve(self, request: Request, reply: Reply) -> None:
        self.seen.append(request)
        if self.hold:
            self.held.append((request, reply))
        else:
            self.answer(request, reply)

    def release(self) -> None:
        self.hold = False
        for request, reply in self.held:
            self.answer(request, reply)

    @staticmethod
    def answer(request: Request, reply: Reply) -> None:
        text = f"{request.method} {request.path} {request.query.decode()} {len(request.body)}"
        reply(200, {"x-body": request.body[:20].decode("latin-1")}, text.encode())


def talk(data: bytes, *, half: bool = False, handler: Echo | None = None) -> bytes:
    """Send bytes on a new connection, read until the server closes it."""

    async def run() -> bytes:
        server = HttpServer(handler or Echo())
        port = await server.open("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        if half:
            writer.write_eof()
        found = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        await server.close(5)
        return found

    return asyncio.run(run())


@asynccontextmanager
async def serving(handler: Echo, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[HttpServer, int]]:
    server = HttpServer(handler)
    port = await server.open("127.0.0.1", 0, tls)
    try:
        yield server, port
    finally:
        await server.close(5)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)


def request(
    method: bytes = b"POST", path: bytes = b"/a?b=c", body: bytes = b"{}", *, last: bool = True, head: bytes = b""
) -> bytes:
    close = b"Connection: close\r\n" if last else b""
    return b"%b %b HTTP/1.1\r\nHost: x\r\n%b%bContent-Length: %d\r\n\r\n%b" % (
        method,
        path,
        close,
        head,
        len(body),
        body,
    )


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"

CASES = [
    ("one", request(), [200]),
    ("pipelined", request(last=False) * 3 + request(), [200] * 4),
    ("HTTP/1.0 closes by itself", b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", [200]),
    ("a sender that waits for leave", request(head=b"Expect: 100-continue\r\n"), [100, 200]),
    (
        "chunked",
        request().replace(b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        [200],
    ),
    ("a length that is too large", request(body=b"x" * (LIMIT + 1)), [413]),
    ("a length that is just right", request(body=b"x" * LIMIT), [200]),
    (
        "chunks that are too large",
        request().replace(
            b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 0x65 + b"\r\n"
        ),
        [413],
    ),
    ("a path that leads nowhere may be long", request(path=b"/nowhere", body=b"x" * (LIMIT + 1)), [200]),
    ("no HTTP", b"\x16\x03\x01 hello\r\n\r\n", [400]),
    ("a negative length", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", [400]),
    (
        "length and chunks at once",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        [400],
    ),
    ("a head that is too large", b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 70_000 + b"\r\n\r\n", [431]),
    (
        "another protocol",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        [200],
    ),
    ("other protocols, one after the other", request(last=False, head=H2C) * 50 + request(), [200] * 51),
    ("another protocol and too large", request(body=b"x" * (LIMIT + 1), head=H2C), [413]),
    ("a tunnel", b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\nanything", [200]),
    ("thousands in one go", request(last=False) * 5000 + request(), [200] * 5001),
    ("what comes after the last request", request() + b"\x00rubbish" + request(), [200]),
    ("a refusal after requests", request(last=False) * 2 + b"rubbish\r\n\r\n", [200, 200, 400]),
    (
        "a trailer that is too large",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\na: " + b"b" * 200_000,
        [431],
    ),
]


@pytest.mark.parametrize(("data", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_answered(data: bytes, expected: list[int]) -> None:
    assert statuses(talk(data)) == expected


def test_a_request_is_given_whole() -> None:
    handler = Echo()
    answer = talk(request(b"PUT", b"/p/q?a=1&a=2", b"hello", head=b"X-Two: 1\r\nX-Two: 2\r\n"), handler=handler)
    assert answer.endswith(b"PUT /p/q a=1&a=2 5")
    assert b"x-body: hello\r\n" in answer
    assert [value for name, value in handler.seen[0].headers if name == "x-two"] == ["1", "2"]


def test_head_has_no_body() -> None:
    head, _, body = talk(request(b"HEAD", body=b"")).partition(b"\r\n\r\n")
    assert b"content-length: 13" in head
    assert body == b""


def test_a_sender_that_has_said_all_is_still_answered() -> None:
    assert statuses(talk(request(last=False), half=True)) == [200]


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
def test_a_number_that_is_no_port_opens_no_other(port: int) -> None:
    """uvloop takes the number modulo 65536."""
    with pytest.raises(OSError, match="a port is a number"):
        uvloop.run(HttpServer(Echo()).open("127.0.0.1", port))


def test_closing_waits_for_what_is_being_served() -> None:
    async def run() -> bytes:
        handler = Echo(hold=True)
        server = HttpServer(handler)
        port = await server.open("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request(last=False))
        while not handler.held:
            await asyncio.sleep(0)
        closing = asyncio.create_task(server.close(30))
        await asyncio.sleep(0)
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)
        handler.release()
        found = await asyncio.wait_for(reader.read(), 30)
        await closing
        writer.close()
        return found

    assert statuses(asyncio.run(run())) == [200]


@pytest.mark.parametrize("size", [1, 7, 8192, 100_000])
def test_an_offer_to_upgrade_changes_nothing_but_its_headers(size: int) -> None:
    async def run() -> bytes:
        async with serving(handler) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            data = request(body=b"hello", last=False, head=H2C) + request(body=b"again")
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await asyncio.sleep(0)
            found = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            return found

    handler = Echo()
    assert statuses(asyncio.run(run())) == [200, 200]
    assert [seen.body for seen in handler.seen] == [b"hello", b"again"]
    assert [seen.query for seen in handler.seen] == [b"b=c", b"b=c"]
    assert handler.seen[0].headers == [("host", "x"), ("content-length", "5")]


TARGETS = [
    (b"/a%20b?c=%20", "/a b", b"c=%20"),
    (b"/%C3%A9", "/é", b""),
    (b"/%2Fa%2fb", "//a/b", b""),
    (b"/%ff", "/%ff", b""),
    (b"/100%", "/100%", b""),
    (b"/a+b", "/a+b", b""),
    (b"http://host/path?a=b", "/path", b"a=b"),
    (b"http://host:80/a%20b", "/a b", b""),
    (b"http://host?a=/b", "/", b"a=/b"),
    (b"/to/http://host/path", "/to/http://host/path", b""),
]


@pytest.mark.parametrize(("target", "path", "query"), TARGETS)
def test_targets(target: bytes, path: str, query: bytes) -> None:
    handler = Echo()
    talk(request(path=target), handler=handler)
    assert [(seen.path, seen.query) for seen in handler.seen] == [(path, query)]


def test_trailers_are_no_headers() -> None:
    handler = Echo()
    data = (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\nx-late: 1\r\n\r\n"
    )
    assert statuses(talk(data, handler=handler)) == [200]
    assert "x-late" not in dict(handler.seen[0].headers)


def test_a_header_without_end_is_refused_while_it_comes() -> None:
    async def run() -> bytes:
        async with serving(Echo()) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 4_000_000)
            found = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            return found

    assert statuses(asyncio.run(run())) == [431]


def test_a_sender_that_does_not_listen_learns_that_it_sends_too_much() -> None:
    def send(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request(body=b"x" * 8_000_000, last=False))
            return b"".join(iter(lambda: connection.recv(65536), b""))

    async def run() -> bytes:
        async with serving(Echo()) as (_, port):
            return await asyncio.wait_for(asyncio.to_thread(send, port), 30)

    assert statuses(asyncio.run(run())) == [413]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (request(body=b"x" * (LIMIT + 1)), [200, 413]),
        (b"rubbish\r\n\r\n", [200, 400]),
        (request(path=b"/" + b"a" * 70_000), [200, 431]),
        (request(head=b"Expect: 100-continue\r\n").removesuffix(b"{}"), [200, 100]),
    ],
    ids=["413", "400", "431", "100"],
)
def test_nothing_overtakes_an_earlier_answer(second: bytes, expected: list[int]) -> None:
    async def run() -> bytes:
        handler = Echo(hold=True)
        async with serving(handler) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(last=False))
            await until(lambda: bool(handler.held))
            writer.write(second)
            connection = next(iter(server.connections))
            await until(lambda: connection._last or connection._leave_due)
            handler.release()
            found = await asyncio.wait_for(reader.readuntil(b"HTTP/1.1 %d" % expected[-1]), 30)
            writer.close()
            return found

    assert statuses(asyncio.run(run())) == expected


def test_closing_lets_a_body_that_has_begun_come() -> None:
    async def run() -> bytes:
        handler = Echo()
        async with serving(handler) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(body=b"hello", last=False)[:-3])
            connection = None
            while connection is None or not connection._reading:
                await asyncio.sleep(0)
                connection = next(iter(server.connections), None)
            closing = asyncio.create_task(server.close(30))
            await asyncio.sleep(0)
            writer.write(b"llo" + request(last=False))
            found = await asyncio.wait_for(reader.read(), 30)
            writer.close()
            await closing
            return found

    answer = asyncio.run(run())
    assert statuses(answer) == [200]
    assert b"connection: close" in answer
    assert answer.endswith(b" 5")


def test_requests_that_wait_are_few_however_many_are_sent() -> None:
    async def run() -> tuple[int, bytes]:
        handler = Echo(hold=True)
        async with serving(handler) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * MANY + request())
            await until(lambda: any(connection._paused for connection in server.connections))
            most = max(len(connection._waiting) for connection in server.connections)
            handler.release()
            found = await asyncio.wait_for(reader.read(), 60)
            writer.close()
            return most, found

    most, found = asyncio.run(run())
    assert most < 1000
    assert found.count(b"HTTP/1.1 200") == MANY + 1


def test_who_does_not_read_answers_is_not_read_and_cut_in_the_end() -> None:
    async def run() -> tuple[int, bool]:
        handler = Echo()
        async with serving(handler) as (server, port):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port))
            sending = asyncio.create_task(loop.sock_sendall(client, request(last=False) * 1_000_000))
            await until(lambda: any(connection._choked for connection in server.connections))
            served = len(handler.seen)
            connection = next(iter(server.connections))
            connection.close_if_slow(loop.time() + 50)
            kept = connection in server.connections
            connection.close_if_slow(loop.time() + 70)
            await until(lambda: not server.connections)
            with pytest.raises(OSError, match=r"reset|pipe"):
                await sending
            client.close()
            return served, kept

    served, kept = asyncio.run(run())
    assert kept
    assert served < 1_000_000


def test_the_end_of_sending_over_tls_gives_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        handler = Echo(hold=True)
        async with serving(handler, context) as (server, port):
            trusting = ssl.create_default_context(cafile=str(chain))
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname="localhost")
            writer.write(request(last=False))
            await until(lambda: bool(handler.held))
            writer.close()
            await until(lambda: not server.connections)
            handler.release()

    chain = tmp_path / "chain.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:localhost", "-keyout", chain, "-out", tmp_path / "cert.pem"],
        check=True,
        capture_output=True,
    )
    with chain.open("a") as file:
        file.write((tmp_path / "cert.pem").read_text())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    asyncio.run(run())
    assert "eof_received" not in caplog.text
