"""The embedded HTTP server, spoken to in raw bytes over a real socket."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

import pytest

from argosy.local.httpserver import HttpServer, Reply, Request

LIMIT = 100


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
    ("another protocol", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", [200]),
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
