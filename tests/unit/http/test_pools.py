"""Open connections: how many there are at most, how long idle ones live, and what ends with a thread's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from argosy.adapters.http import pools
from argosy.adapters.http.executor import HttpExecutor
from argosy.adapters.loops import close_thread_loop, run, thread_loop
from argosy.errors import Unavailable
from argosy.events.effects import HttpCall
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.secrets import FakeSecrets
from support.httpserver import Answer, HttpServer, Seen, ok, serving

FIRING = FiringInfo("f" * 32, "ns", "s", "t")
# Different targets to a client, and all the same address.
HOSTS = ("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001")


class Clock(asyncio.SelectorEventLoop):
    """An event loop whose time can be put forward."""

    ahead = 0.0

    def time(self) -> float:
        """See asyncio."""
        return super().time() + self.ahead


def forward(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clock)
    loop.ahead += seconds


def targets(server: HttpServer) -> list[str]:
    return [f"http://{host}:{server.port}/" for host in HOSTS]


async def burst(made: HttpExecutor, url: str, number: int) -> None:
    await asyncio.gather(*(made.execute(HttpCall(url), FIRING) for _ in range(number)))


async def still_open() -> int:
    await asyncio.sleep(0)  # what was closed is gone once the loop has turned
    await asyncio.sleep(0)
    return pools.here().open


async def of_this_thread() -> pools.Pools:
    return pools.here()


@contextmanager
def elsewhere(answer: Answer = ok) -> Iterator[HttpServer]:
    """A server on a thread of its own."""
    started: Future[tuple[HttpServer, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stop = asyncio.Event()
        async with serving(answer) as server:
            started.set_result((server, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    server, loop, stop = started.result(10)
    try:
        yield server
    finally:
        close_thread_loop()
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def test_idle_connections_grow_old() -> None:
    async def work() -> None:
        async with serving() as server:
            made = HttpExecutor(FakeSecrets())
            await burst(made, server.url, 5)
            forward(pools.KEPT_SECONDS - 1)
            await burst(made, server.url, 1)
            assert (server.connections, await still_open()) == (5, 5)
            forward(2)
            await burst(made, server.url, 1)
            assert (server.connections, await still_open()) == (5, 1)
            forward(pools.KEPT_SECONDS + 1)
            await burst(made, server.url, 1)
            assert (server.connections, await still_open()) == (6, 1)

    asyncio.run(work(), loop_factory=Clock)


@pytest.mark.parametrize("users", [0, 1])
def test_targets_without_connections_and_requests_are_forgotten(users: int) -> None:
    async def work() -> None:
        held = pools.Pools(asyncio.get_running_loop())
        first = held.of((False, "a", 80, None))
        assert held.of((False, "a", 80, None)) is first
        first.users = users
        forward(pools.KEPT_SECONDS + 1)
        held.of((False, "b", 80, None))
        assert (held.of((False, "a", 80, None)) is first) is bool(users)

    asyncio.run(work(), loop_factory=Clock)


@pytest.mark.parametrize("limit", [1, 3, 40])
def test_the_limit_of_the_process(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(pools, "OPEN_AT_MOST", limit)
    most = 0

    def answer(seen: Seen) -> bytes:
        nonlocal most
        most = max(most, pools.here().open)
        return ok(seen)

    async def work() -> int:
        async with serving(answer) as server:
            made = HttpExecutor(FakeSecrets())
            await asyncio.gather(*(burst(made, url, 20) for url in targets(server)))
            return len(server.seen)

    assert asyncio.run(work()) == 100
    assert 0 < most <= limit


def test_idle_connections_of_other_targets_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "OPEN_AT_MOST", 2)

    async def work() -> None:
        async with serving() as server:
            made = HttpExecutor(FakeSecrets())
            for url in targets(server):
                await burst(made, url, 1)
            assert (server.connections, await still_open()) == (5, 2)

    asyncio.run(work())


def test_idle_connections_of_another_loop_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "OPEN_AT_MOST", 4)

    def other(url: str) -> None:
        run(burst(HttpExecutor(FakeSecrets()), url, 1))
        close_thread_loop()

    async def work() -> None:
        async with serving() as server:
            await burst(HttpExecutor(FakeSecrets()), server.url, 4)
            assert await still_open() == 4
            await asyncio.to_thread(other, server.url)
            assert await still_open() == 3

    asyncio.run(work())


def test_who_gives_up_waiting_for_room_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "OPEN_AT_MOST", 1)

    def answer(seen: Seen) -> bytes:
        return b"" if seen.target == "/hang" else ok(seen)

    async def work() -> None:
        async with serving(answer) as server:
            made = HttpExecutor(FakeSecrets())
            one, two, three, *_ = targets(server)
            calls = [HttpCall(f"{one}hang", timeout=0.3), HttpCall(two, timeout=0.1), HttpCall(three)]
            hung, late, served = await asyncio.gather(
                *(made.execute(call, FIRING) for call in calls), return_exceptions=True
            )
            assert isinstance(hung, Unavailable)
            assert isinstance(late, Unavailable)
            assert isinstance(served, str)

    asyncio.run(work())


@pytest.mark.parametrize(("limit", "kept"), [(400, 6), (12, 6), (11, 0), (6, 0)])
def test_a_loop_at_rest_leaves_half_to_the_others(monkeypatch: pytest.MonkeyPatch, limit: int, kept: int) -> None:
    monkeypatch.setattr(pools, "OPEN_AT_MOST", limit)
    with elsewhere() as server:
        run(burst(HttpExecutor(FakeSecrets()), server.url, 6))
        assert run(of_this_thread()).open == kept


def test_old_connections_are_closed_when_a_batch_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with elsewhere() as server:
        run(burst(HttpExecutor(FakeSecrets()), server.url, 6))
        later = thread_loop().time() + pools.KEPT_SECONDS + 1
        monkeypatch.setattr(thread_loop(), "time", lambda: later)
        assert run(of_this_thread()).open == 0


def test_a_loop_is_closed_with_its_connections() -> None:
    with elsewhere() as server:
        made = HttpExecutor(FakeSecrets())
        run(burst(made, server.url, 4))
        before, held = thread_loop(), run(of_this_thread())
        assert held.open == 4
        close_thread_loop()
        assert before.is_closed()
        assert held.open == 0
        close_thread_loop()
        run(burst(made, server.url, 1))
        assert thread_loop() is not before
        assert server.connections == 5


def test_what_still_runs_ends_with_the_loop() -> None:
    arrived: Future[None] = Future()

    def silent(_seen: Seen) -> bytes:
        arrived.set_result(None)
        return b""

    async def until_it_arrived() -> None:
        await asyncio.wrap_future(arrived)

    with elsewhere(silent) as server:
        task = thread_loop().create_task(HttpExecutor(FakeSecrets()).execute(HttpCall(server.url), FIRING))
        run(until_it_arrived())
        held = run(of_this_thread())
        close_thread_loop()
        assert task.cancelled()
        assert held.open == 0
