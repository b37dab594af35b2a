"""A small HTTP server on the test's own event loop: notes what it is sent, answers as it is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """A request as it came; header names as they were written."""

    connection: int
    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """All values of a header, by its name in any case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


Answer = Callable[[Seen], bytes]


def ok(_seen: Seen) -> bytes:
    """200 with an empty body."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class HttpServer:
    """What the server has seen, and where it is. `close_after` closes each connection after that many answers."""

    answer: Answer = ok
    close_after: int = 0
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Its address, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        number, answered = self.connections, 0
        try:
            while not self.close_after or answered < self.close_after:
                seen = await _read(reader, number)
                if seen is None:
                    break
                self.seen.append(seen)
                writer.write(self.answer(seen))
                await writer.drain()
                answered += 1
        except ConnectionError:
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader, connection: int) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Seen(connection, method, target, headers, await reader.readexactly(length))


@asynccontextmanager
async def serving(
    answer: Answer = ok, *, close_after: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[HttpServer]:
    """Run a server on a free port of 127.0.0.1."""
    made = HttpServer(answer, close_after)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()
