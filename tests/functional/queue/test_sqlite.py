"""What is the SQLite queue's own: durability, invocations, group commit, several processes, disk trouble."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.sqlite.queue import SqliteQueue, Unit
from argosy.errors import Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.queue import Depth, Outgoing, QueueSpec
from contracts.queue import SPECS, bodies, grouped, texts
from support.processes import Script, disk_full

READY = """
import sys
from pathlib import Path
from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.errors import ArgosyError
from argosy.ports.clock import SystemClock
from argosy.ports.queue import Outgoing, QueueSpec
queue = SqliteQueue(Path(sys.argv[1]), [QueueSpec("plain", visibility=3600), QueueSpec("next")], SystemClock())
print("ready", flush=True)
sys.stdin.readline()
"""
PLAIN = (QueueSpec("plain", visibility=3600), QueueSpec("next"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(path: Path, clock: FakeClock) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(path, SPECS, clock)
    yield queue
    queue.close()


def later(clock: FakeClock) -> FakeClock:
    """The clock, moved past everything that processes with the machine's clock have written."""
    clock.advance(100 * 366 * 86_400)
    return clock


# Durability


def test_messages_outlive_the_process(path: Path, clock: FakeClock) -> None:
    queue = SqliteQueue(path, SPECS, clock)
    queue.send("plain", [*texts("waiting", "flying"), Outgoing("delayed", delay=60)])
    queue.send("ordered", [Outgoing("x", group="g", dedup="d")])
    queue.receive("plain", 1)
    queue.close()
    queue.close()
    queue = SqliteQueue(path, SPECS, clock)
    assert queue.depth("plain") == Depth(1, 1, 1)
    queue.send("ordered", [Outgoing("y", group="g", dedup="d")])
    assert bodies(queue.receive("ordered", 10)) == ["x"]
    queue.close()


def test_recover_makes_what_was_in_flight_visible(queue: SqliteQueue) -> None:
    queue.send("plain", [*texts("a", "b", "c"), Outgoing("delayed", delay=60)])
    queue.send("ordered", grouped("a1", "a2"))
    (held, _) = queue.receive("plain", 2)
    queue.receive("ordered", 1)
    assert queue.recover() == 3
    assert queue.depth("plain") == Depth(3, 0, 1)
    queue.delete("plain", [held.handle])
    got = queue.receive("plain", 10)
    assert sorted(bodies(got)) == ["a", "b", "c"]
    assert Counter(delivery.receive_count for delivery in got) == {2: 2, 1: 1}
    assert bodies(queue.receive("ordered", 1)) == ["a1"]


def test_recover_with_nothing_in_flight(queue: SqliteQueue) -> None:
    queue.send("plain", texts("a"))
    assert queue.recover() == 0


def test_the_next_visible_time(queue: SqliteQueue, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    assert queue.next_visible("plain") is None
    queue.send("plain", [Outgoing("later", delay=60)])
    assert queue.next_visible("plain") == now + 60
    queue.send("plain", texts("now"))
    assert queue.next_visible("plain") == now
    queue.receive("plain", 10)
    assert queue.next_visible("plain") == now + 30


@pytest.mark.parametrize("durable", [True, False])
def test_what_was_sent_outlives_a_kill(path: Path, clock: FakeClock, durable: bool) -> None:
    loop = """
number = 0
while True:
    ids = queue.send("plain", [Outgoing(f"{number}"), Outgoing(f"{number} too")])
    print(ids[0], flush=True)
    number += 1
"""
    sender = Script(READY.replace("SystemClock())", f"SystemClock(), durable={durable})") + loop, path)
    sender.go()
    told = [sender.line() for _ in range(30)]
    sender.kill()
    queue = SqliteQueue(path, PLAIN, later(clock))
    got = queue.receive("plain", 1_000_000)
    assert told == [delivery.id for delivery in got if not delivery.body.endswith("too")][: len(told)]
    halves = Counter(delivery.body.removesuffix(" too") for delivery in got)
    assert set(halves.values()) == {2}, "half of a send is there"
    queue.close()


def test_a_killed_consumer_loses_nothing(path: Path, clock: FakeClock) -> None:
    loop = """
while True:
    got = queue.receive("plain", 3)
    with queue.invocation() as unit:
        queue.send("next", [Outgoing(delivery.body) for delivery in got])
    unit.acknowledged = queue.handles("plain", [delivery.handle for delivery in got])
    queue.commit(unit)
    print(len(got), flush=True)
"""
    queue = SqliteQueue(path, PLAIN, clock)
    sent = [f"{number:04}" for number in range(400)]
    queue.send("plain", texts(*sent))
    consumer = Script(READY + loop, path)
    consumer.go()
    for _ in range(20):
        consumer.line()
    consumer.kill()
    later(clock)
    queue.recover()
    waiting, moved = bodies(queue.receive("plain", 1000)), bodies(queue.receive("next", 1000))
    assert len(moved) >= 60
    assert sorted(waiting + moved) == sent, "every message is in exactly one of the two queues"
    queue.close()


# Several writers


def test_two_processes_write_at_once(path: Path, clock: FakeClock) -> None:
    loop = """
for number in range(100):
    queue.send("plain", [Outgoing(f"{sys.argv[2]}-{number}")])
"""
    writers = [Script(READY + loop, path, name) for name in ("one", "two")]
    for writer in writers:
        writer.go()
    for writer in writers:
        writer.finish()
    queue = SqliteQueue(path, PLAIN, later(clock))
    got = bodies(queue.receive("plain", 1000))
    assert sorted(got) == sorted(f"{name}-{number}" for name in ("one", "two") for number in range(100))
    queue.close()


def test_two_processes_share_the_work(path: Path, clock: FakeClock) -> None:
    loop = """
while got := queue.receive("plain", 7):
    print(*(delivery.body for delivery in got), flush=True)
    queue.delete("plain", [delivery.handle for delivery in got])
print("end", flush=True)
"""
    queue = SqliteQueue(path, PLAIN, clock)
    queue.send("plain", texts(*(str(number) for number in range(300))))
    readers = [Script(READY + loop, path) for _ in range(2)]
    for reader in readers:
        reader.go()
    seen: list[str] = []
    for reader in readers:
        while (line := reader.line()) != "end":
            seen.extend(line.split())
        reader.finish()
    assert sorted(seen, key=int) == [str(number) for number in range(300)]
    assert queue.depth("plain").total == 0
    queue.close()


def test_many_threads_share_commits(queue: SqliteQueue) -> None:
    ids: list[str] = []

    def send(name: int) -> None:
        for number in range(20):
            ids.extend(queue.send("plain", texts(f"{name}/{number}", f"{name}/{number}b")))

    threads = [threading.Thread(target=send, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = queue.receive("plain", 1000)
    assert sorted(delivery.id for delivery in got) == sorted(ids)
    assert len(set(ids)) == 320
    per_thread = [[d.body for d in got if d.body.startswith(f"{name}/")] for name in range(8)]
    expected = [[f"{name}/{number}{half}" for number in range(20) for half in ("", "b")] for name in range(8)]
    assert per_thread == expected, "what one thread sends stays in order"


# Invocations


def test_an_invocation_holds_back_what_it_sends(queue: SqliteQueue) -> None:
    with queue.invocation() as unit:
        ids = queue.send("plain", texts("held"))
        assert queue.depth("plain").total == 0
    assert queue.depth("plain").total == 0
    assert not unit.empty
    queue.commit(unit)
    assert [delivery.id for delivery in queue.receive("plain", 1)] == ids


def test_an_invocation_that_is_not_committed_leaves_nothing(queue: SqliteQueue) -> None:
    with queue.invocation():
        queue.send("plain", texts("forgotten"))
    with queue.invocation() as unit:
        pass
    assert unit.empty
    queue.commit(unit)
    assert queue.depth("plain").total == 0


def test_an_invocation_is_that_of_its_thread(queue: SqliteQueue) -> None:
    with queue.invocation():
        other = threading.Thread(target=lambda: queue.send("plain", texts("from another thread")))
        other.start()
        other.join()
        assert queue.depth("plain").total == 1
    queue.send("plain", texts("after it"))
    assert queue.depth("plain").total == 2


def test_a_failed_invocation_does_not_hold_back_the_next_send(queue: SqliteQueue) -> None:
    def fail() -> None:
        with queue.invocation():
            queue.send("plain", texts("held"))
            raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        fail()
    queue.send("plain", texts("at once"))
    assert bodies(queue.receive("plain", 10)) == ["at once"]


def test_a_unit_sends_acknowledges_and_releases(queue: SqliteQueue, clock: FakeClock) -> None:
    queue.send("plain", texts("done", "again"))
    done, again = queue.receive("plain", 10)
    with queue.invocation() as unit:
        queue.send("endless", texts("effect"))
    unit.acknowledged = queue.handles("plain", [done.handle])
    unit.released = [(handle, 5.0) for handle in queue.handles("plain", [again.handle])]
    queue.commit(unit)
    assert queue.depth("plain") == Depth(0, 0, 1)
    assert bodies(queue.receive("endless", 10)) == ["effect"]
    clock.advance(5)
    assert [(d.body, d.receive_count) for d in queue.receive("plain", 10)] == [("again", 2)]


def test_units_of_one_turn_of_the_loop_are_all_committed(queue: SqliteQueue) -> None:
    def unit(body: str) -> Unit:
        with queue.invocation() as made:
            queue.send("plain", texts(body))
        return made

    async def run() -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Semaphore(0)
        problems: list[Exception | None] = []

        def then(problem: Exception | None) -> None:
            problems.append(problem)
            done.release()

        for number in range(10):
            queue.commit_soon(unit(str(number)), loop, then)
        for _ in range(10):
            await done.acquire()
        assert queue.depth("plain").total == 10
        queue.commit_soon(unit("10"), loop, then)
        await done.acquire()
        assert problems == [None] * 11

    asyncio.run(run())
    assert bodies(queue.receive("plain", 20)) == [str(number) for number in range(11)]


def test_what_a_thread_commits_along_is_told_on_the_loop(queue: SqliteQueue) -> None:
    async def run() -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        where: list[int] = []

        def then(_: Exception | None) -> None:
            where.append(threading.get_ident())
            told.set()

        with queue.invocation() as unit:
            queue.send("plain", texts("a"))
        queue.commit_soon(unit, loop, then)
        other = threading.Thread(target=queue.send, args=("plain", texts("b")))
        other.start()
        other.join()  # it has committed both, while the loop stood still
        assert (queue.depth("plain").total, where) == (2, [])
        await told.wait()
        assert where == [threading.get_ident()]

    asyncio.run(run())


# Taking: leases in the memory of the only consumer


def test_what_is_taken_is_hidden_until_it_is_let_go(queue: SqliteQueue, clock: FakeClock) -> None:
    queue.send("plain", texts("a", "b", "c"))
    first = queue.take("plain", 2)
    assert [(d.body, d.receive_count) for d in first] == [("a", 1), ("b", 1)]
    clock.advance(100_000)
    second = queue.take("plain", 10)
    assert bodies(second) == ["c"]
    assert queue.take("plain", 10) == []
    assert queue.next_visible("plain") is None
    queue.let_go("plain", first)
    assert bodies(queue.take("plain", 10)) == ["a", "b"]


def test_a_taken_message_is_settled_by_its_handle(queue: SqliteQueue, clock: FakeClock) -> None:
    queue.send("plain", texts("done", "again"))
    done, again = taken = queue.take("plain", 10)
    queue.delete("plain", [done.handle])
    queue.release("plain", [again.handle], delay=5)
    queue.let_go("plain", taken)
    assert queue.depth("plain") == Depth(0, 0, 1)
    clock.advance(5)
    (got,) = queue.take("plain", 10)
    assert (got.body, got.receive_count) == ("again", 2)
    queue.delete("plain", [again.handle])
    assert queue.depth("plain").total == 1, "the handle of an earlier receive is void"


def test_a_message_that_is_taken_again_and_again_ends_in_the_dlq(queue: SqliteQueue) -> None:
    queue.send("plain", texts("poison"))
    counts = []
    while got := queue.take("plain", 10):
        counts.append(got[0].receive_count)
        queue.release("plain", [got[0].handle])
        queue.let_go("plain", got)
    assert counts == list(range(1, SPECS[0].max_receives + 1))
    assert bodies(queue.receive(SPECS[0].dlq, 10)) == ["poison"]


def test_one_that_kills_its_consumer_takes_no_other_with_it(path: Path, clock: FakeClock) -> None:
    queue = SqliteQueue(path, SPECS, clock)
    queue.send("plain", texts("a", "poison", "b"))
    done: list[str] = []
    for _ in range(20):
        while got := queue.take("plain", 10):
            if "poison" in bodies(got):
                break  # the process dies, and what it had in memory with it
            done += bodies(got)
            queue.delete("plain", [delivery.handle for delivery in got])
            queue.let_go("plain", got)
        queue.close()
        queue = SqliteQueue(path, SPECS, clock)
        queue.recover()
    assert sorted(done) == ["a", "b"]
    assert bodies(queue.receive(SPECS[0].dlq, 10)) == ["poison"]
    assert queue.depth("plain").total == 0
    queue.close()


def test_long_leases_are_written(queue: SqliteQueue, clock: FakeClock) -> None:
    queue.send("plain", texts("slow", "waiting"))
    (slow,) = queue.take("plain", 1)
    assert queue.depth("plain") == Depth(2, 0, 0)
    queue.write_leases("plain")
    queue.write_leases("plain")
    assert queue.depth("plain") == Depth(1, 1, 0)
    queue.delete("plain", [slow.handle])
    queue.let_go("plain", [slow])
    assert bodies(queue.take("plain", 10)) == ["waiting"]


def test_threads_never_take_the_same_message(queue: SqliteQueue) -> None:
    queue.send("plain", texts(*(str(number) for number in range(300))))
    taken: list[str] = []

    def work() -> None:
        while got := queue.take("plain", 7):
            taken.extend(bodies(got))
            queue.delete("plain", [delivery.handle for delivery in got])
            queue.let_go("plain", got)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, taken)) == list(range(300))


# Trouble with the disk


@pytest.mark.parametrize("where", ["file/queue.db", "/proc/argosy/queue.db", "folder"])
def test_a_place_that_cannot_be_written(tmp_path: Path, clock: FakeClock, where: str) -> None:
    (tmp_path / "file").write_text("this is a file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unavailable, match="cannot open"):
        SqliteQueue(tmp_path / where, SPECS, clock)
    gc.collect()  # tells of connections that were left open


def test_a_file_that_is_no_database(path: Path, clock: FakeClock) -> None:
    path.write_text("no database, but quite some text " * 100)
    with pytest.raises(Unavailable, match=r"queue\.db"):
        SqliteQueue(path, SPECS, clock)
    gc.collect()


def test_a_full_disk_is_told_and_loses_nothing_that_was_told(path: Path, clock: FakeClock) -> None:
    loop = """
queue.send("plain", [Outgoing("first")])
(held,) = queue.receive("plain", 1)
full(Path(sys.argv[1]).parent)
number = 0
try:
    while True:
        queue.send("plain", [Outgoing(f"{number} " + "x" * 50_000)])
        number += 1
except ArgosyError as x:
    print(type(x).__name__, flush=True)
with queue.invocation() as unit:
    queue.send("next", [Outgoing("x" * 500_000)])
unit.acknowledged = queue.handles("plain", [held.handle])
try:
    queue.commit(unit)
    print("committed", flush=True)
except ArgosyError as x:
    print(type(x).__name__, flush=True)
print(number, queue.depth("plain").in_flight, queue.depth("next").total, flush=True)
room()
queue.commit(unit)
print(queue.depth("plain").total, queue.depth("next").total, flush=True)
queue.close()
"""
    sender = Script(disk_full(READY) + loop, path)
    sender.go()
    assert [sender.line(), sender.line()] == ["Unavailable", "Unavailable"]
    stored = sender.line().split()[0]
    assert sender.line() == f"{stored} 1"
    sender.finish()
    queue = SqliteQueue(path, PLAIN, later(clock))
    assert [body.split()[0] for body in bodies(queue.receive("plain", 1000))] == [str(n) for n in range(int(stored))]
    queue.close()


def test_what_cannot_be_written_is_told_to_all_who_wait(queue: SqliteQueue) -> None:
    good, bad = (Unit(inserts=[("plain", 0.0, 0.0, body, "", body, "")]) for body in ("good", "\udc00"))
    problems: list[Exception | None] = []

    def gone(_: Exception | None) -> None:
        raise RuntimeError("a caller that has trouble of its own")

    async def run() -> None:
        loop = asyncio.get_running_loop()
        queue.commit_soon(bad, loop, problems.append)
        queue.commit_soon(good, loop, problems.append)
        queue.commit_soon(good, loop, gone)
        while len(problems) < 2:
            await asyncio.sleep(0)

    asyncio.run(run())
    assert [type(problem) for problem in problems] == [Unavailable, Unavailable]
    assert queue.depth("plain").total == 0
    queue.send("plain", texts("after"))
    assert bodies(queue.receive("plain", 10)) == ["after"]
