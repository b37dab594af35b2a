"""What every `Queue` does, run on the fake and on SQLite by subclasses that give the fixtures.

`clock`: the clock that the queue reads. `queue`: an empty queue with the queues of `SPECS`.
"""

from __future__ import annotations

import pytest

from argosy.errors import InvalidObject, NotFound
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.queue import Delivery, Depth, Outgoing, Queue, QueueSpec

SPECS = (
    QueueSpec("plain", visibility=30, max_receives=3, dlq="plain-dlq"),
    QueueSpec("plain-dlq", visibility=30),
    QueueSpec("ordered", fifo=True, visibility=30, max_receives=3, dlq="ordered-dlq"),
    QueueSpec("ordered-dlq", fifo=True, visibility=30),
    QueueSpec("endless", visibility=10, max_receives=2),
)


def texts(*bodies: str) -> list[Outgoing]:
    return [Outgoing(body) for body in bodies]


def grouped(*messages: str) -> list[Outgoing]:
    """`a1 b1 a2`: the letter is the group."""
    return [Outgoing(message, group=message[0]) for message in messages]


def bodies(deliveries: list[Delivery]) -> list[str]:
    return [delivery.body for delivery in deliveries]


class QueueContract:
    """The suite."""

    received_when_dead = 1
    """The receive count of a dead letter, the first time it is received from there after three times before."""

    # What was sent arrives

    def test_attributes_go_with_a_message_into_the_dlq_and_back(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", [Outgoing("marked", attributes={"why": "näh", "from": "x"}), Outgoing("plain")])
        assert [d.attributes for d in sorted(queue.receive("plain", 10), key=lambda d: d.body)] == [
            {"why": "näh", "from": "x"},
            {},
        ]
        for _ in range(3):
            clock.advance(30)
            queue.receive("plain", 10)
        dead = sorted(queue.receive("plain-dlq", 10), key=lambda d: d.body)
        assert [d.attributes for d in dead] == [{"why": "näh", "from": "x"}, {}]

    def test_what_was_sent_arrives_oldest_first(self, queue: Queue, clock: FakeClock) -> None:
        ids = queue.send("plain", texts("one", "two", "three"))
        assert len(set(ids)) == 3
        got = queue.receive("plain", 10)
        assert bodies(got) == ["one", "two", "three"]
        assert [delivery.id for delivery in got] == ids
        assert {delivery.receive_count for delivery in got} == {1}
        assert {delivery.sent_at for delivery in got} == {clock.now().timestamp()}

    def test_no_more_than_the_limit(self, queue: Queue) -> None:
        queue.send("plain", texts("one", "two", "three"))
        assert bodies(queue.receive("plain", 2)) == ["one", "two"]
        assert bodies(queue.receive("plain", 2)) == ["three"]
        assert queue.receive("plain", 2) == []

    def test_queues_do_not_see_each_other(self, queue: Queue) -> None:
        queue.send("plain", texts("one"))
        assert queue.receive("endless", 10) == []
        assert bodies(queue.receive("plain", 10)) == ["one"]

    def test_nothing_sent_is_nothing(self, queue: Queue) -> None:
        assert queue.send("plain", []) == []
        assert queue.receive("plain", 10) == []

    @pytest.mark.parametrize("body", ["", "é\u0000\n\"'\\", "x" * 300_000, "{}"])
    def test_a_body_arrives_as_it_was(self, queue: Queue, body: str) -> None:
        queue.send("plain", texts(body))
        assert bodies(queue.receive("plain", 1)) == [body]

    # Visibility

    def test_a_received_message_is_hidden_for_the_visibility_timeout(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", texts("one"))
        (first,) = queue.receive("plain", 1)
        clock.advance(29.9)
        assert queue.receive("plain", 1) == []
        clock.advance(0.2)
        (second,) = queue.receive("plain", 1)
        assert (second.id, second.body, second.receive_count) == (first.id, "one", 2)
        assert second.handle != first.handle

    def test_what_is_deleted_does_not_come_again(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", texts("one", "two"))
        got = queue.receive("plain", 10)
        queue.delete("plain", [got[0].handle])
        queue.delete("plain", [got[0].handle])
        clock.advance(31)
        assert bodies(queue.receive("plain", 10)) == ["two"]

    def test_a_late_acknowledgement_counts_while_nobody_else_has_it(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", texts("one"))
        (first,) = queue.receive("plain", 1)
        clock.advance(31)
        queue.delete("plain", [first.handle])
        assert queue.receive("plain", 1) == []

    def test_a_stale_handle_does_nothing(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", texts("one"))
        (first,) = queue.receive("plain", 1)
        clock.advance(31)
        (second,) = queue.receive("plain", 1)
        queue.delete("plain", [first.handle])
        queue.release("plain", [first.handle])
        assert queue.depth("plain") == Depth(0, 1, 0)
        queue.delete("plain", [second.handle])
        assert queue.depth("plain") == Depth(0, 0, 0)

    def test_a_handle_of_another_queue_does_nothing(self, queue: Queue) -> None:
        queue.send("plain", texts("one"))
        (one,) = queue.receive("plain", 1)
        queue.delete("endless", [one.handle])
        assert queue.depth("plain").in_flight == 1

    @pytest.mark.parametrize("delay", [0.0, 5.0])
    def test_released_messages_come_again_after_the_delay(self, queue: Queue, clock: FakeClock, delay: float) -> None:
        queue.send("plain", texts("one", "two"))
        first, second = queue.receive("plain", 10)
        queue.release("plain", [second.handle], delay)
        if delay:
            assert queue.receive("plain", 10) == []
            clock.advance(delay)
        (again,) = queue.receive("plain", 10)
        assert (again.body, again.receive_count) == ("two", 2)
        queue.delete("plain", [first.handle, second.handle, again.handle])
        assert queue.depth("plain").total == 0

    def test_a_released_handle_is_void(self, queue: Queue) -> None:
        queue.send("plain", texts("one"))
        (one,) = queue.receive("plain", 1)
        queue.release("plain", [one.handle])
        queue.delete("plain", [one.handle])
        assert queue.depth("plain") == Depth(1, 0, 0)

    # Delays

    @pytest.mark.parametrize("delay", [0.5, 60.0, 900.0])
    def test_a_delayed_message_waits(self, queue: Queue, clock: FakeClock, delay: float) -> None:
        queue.send("plain", [Outgoing("later", delay=delay), Outgoing("now")])
        assert bodies(queue.receive("plain", 10)) == ["now"]
        clock.advance(delay - 0.25)
        assert "later" not in bodies(queue.receive("plain", 10))
        clock.advance(0.25)
        assert "later" in bodies(queue.receive("plain", 10))

    def test_the_depth_tells_waiting_flying_and_delayed_apart(self, queue: Queue, clock: FakeClock) -> None:
        assert queue.depth("plain") == Depth(0, 0, 0)
        queue.send("plain", [*texts("one", "two", "three"), Outgoing("later", delay=60)])
        queue.receive("plain", 1)
        assert queue.depth("plain") == Depth(2, 1, 1)
        assert queue.depth("plain").total == 4
        clock.advance(60)
        assert queue.depth("plain") == Depth(4, 0, 0)

    # Bad sends

    @pytest.mark.parametrize(
        ("name", "bad"),
        [
            ("plain", Outgoing("x", delay=-1)),
            ("plain", Outgoing("x", delay=900.5)),
            ("plain", Outgoing("x", group="g")),
            ("plain", Outgoing("x", dedup="d")),
            ("ordered", Outgoing("x")),
            ("ordered", Outgoing("x", dedup="d")),
            ("ordered", Outgoing("x", group="g", delay=1)),
        ],
    )
    def test_a_bad_message_spoils_the_whole_send(self, queue: Queue, name: str, bad: Outgoing) -> None:
        good = Outgoing("good", group="g" if name == "ordered" else "")
        with pytest.raises(InvalidObject):
            queue.send(name, [good, bad, good])
        assert queue.depth(name).total == 0

    def test_a_queue_that_was_not_declared(self, queue: Queue) -> None:
        for call in (
            lambda: queue.send("nope", texts("x")),
            lambda: queue.receive("nope", 1),
            lambda: queue.delete("nope", []),
            lambda: queue.release("nope", []),
            lambda: queue.depth("nope"),
        ):
            with pytest.raises(NotFound, match="nope"):
                call()

    # Dead letters

    def test_a_message_received_too_often_moves_to_the_dead_letters(self, queue: Queue, clock: FakeClock) -> None:
        (sent,) = queue.send("plain", texts("poison"))
        for count in (1, 2, 3):
            (delivery,) = queue.receive("plain", 1)
            assert delivery.receive_count == count
            clock.advance(31)
        assert queue.receive("plain", 1) == []
        assert queue.depth("plain").total == 0
        (dead,) = queue.receive("plain-dlq", 1)
        assert (dead.id, dead.body, dead.receive_count) == (sent, "poison", self.received_when_dead)

    def test_a_dead_letter_holds_up_nothing_else(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", texts("poison"))
        for _ in range(3):
            queue.receive("plain", 1)
            clock.advance(31)
        queue.send("plain", texts("good"))
        assert bodies(queue.receive("plain", 10)) == ["good"]
        assert queue.depth("plain-dlq").visible == 1

    def test_without_dead_letters_a_message_comes_for_ever(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("endless", texts("one"))
        counts = []
        for _ in range(5):
            counts.append(queue.receive("endless", 1)[0].receive_count)
            clock.advance(11)
        assert counts == [1, 2, 3, 4, 5]

    # FIFO groups

    def test_a_group_arrives_in_order(self, queue: Queue) -> None:
        queue.send("ordered", grouped("a1", "a2"))
        queue.send("ordered", grouped("a3"))
        got = queue.receive("ordered", 10)
        assert bodies(got) == ["a1", "a2", "a3"]
        assert {delivery.group for delivery in got} == {"a"}

    def test_nothing_of_a_group_while_one_of_it_is_in_flight(self, queue: Queue) -> None:
        queue.send("ordered", grouped("a1", "a2", "b1"))
        (first,) = queue.receive("ordered", 1)
        assert first.body == "a1"
        (other,) = queue.receive("ordered", 10)
        assert other.body == "b1"
        queue.delete("ordered", [first.handle])
        assert bodies(queue.receive("ordered", 10)) == ["a2"]

    def test_a_group_waits_for_what_is_redelivered(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("ordered", grouped("a1", "a2"))
        (first,) = queue.receive("ordered", 1)
        clock.advance(31)
        assert bodies(queue.receive("ordered", 1)) == ["a1"]
        assert queue.receive("ordered", 1) == []
        queue.delete("ordered", [first.handle])  # stale
        assert queue.receive("ordered", 1) == []

    def test_a_group_waits_for_what_was_released_with_a_delay(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("ordered", grouped("a1", "a2", "b1"))
        (first,) = queue.receive("ordered", 1)
        queue.release("ordered", [first.handle], 5)
        assert bodies(queue.receive("ordered", 10)) == ["b1"]
        clock.advance(5)
        assert bodies(queue.receive("ordered", 10)) == ["a1", "a2"]

    def test_groups_are_independent(self, queue: Queue) -> None:
        queue.send("ordered", grouped(*(f"{group}{number}" for number in range(3) for group in "abcd")))
        seen: dict[str, list[str]] = {group: [] for group in "abcd"}
        while got := queue.receive("ordered", 5):
            for delivery in got:
                seen[delivery.group].append(delivery.body)
            queue.delete("ordered", [delivery.handle for delivery in got])
        assert seen == {group: [f"{group}{number}" for number in range(3)] for group in "abcd"}

    def test_a_dead_letter_sets_its_group_free(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("ordered", grouped("a1", "a2"))
        for _ in range(3):
            assert bodies(queue.receive("ordered", 1)) == ["a1"]
            clock.advance(31)
        assert bodies(queue.receive("ordered", 1) or queue.receive("ordered", 1)) == ["a2"]
        (dead,) = queue.receive("ordered-dlq", 1)
        assert (dead.body, dead.group) == ("a1", "a")

    # Deduplication

    def test_a_repeated_deduplication_id_is_dropped(self, queue: Queue) -> None:
        (first,) = queue.send("ordered", [Outgoing("one", group="g", dedup="d")])
        (second,) = queue.send("ordered", [Outgoing("two", group="h", dedup="d")])
        assert second == first
        assert bodies(queue.receive("ordered", 10)) == ["one"]

    def test_duplicates_within_one_send(self, queue: Queue) -> None:
        ids = queue.send("ordered", [Outgoing(body, group="g", dedup="d") for body in ("one", "two")])
        assert ids[0] == ids[1]
        assert bodies(queue.receive("ordered", 10)) == ["one"]

    def test_ids_are_remembered_after_delivery_for_five_minutes(self, queue: Queue, clock: FakeClock) -> None:
        message = Outgoing("one", group="g", dedup="d")
        queue.send("ordered", [message])
        (got,) = queue.receive("ordered", 1)
        queue.delete("ordered", [got.handle])
        clock.advance(299)
        queue.send("ordered", [message])
        assert queue.depth("ordered").total == 0
        clock.advance(2)
        queue.send("ordered", [message])
        assert queue.depth("ordered").visible == 1

    def test_other_ids_and_none_are_not_dropped(self, queue: Queue) -> None:
        queue.send("ordered", [Outgoing("x", group="g", dedup=dedup) for dedup in ("d", "e", "", "")])
        assert queue.depth("ordered").visible == 4

    def test_each_queue_has_its_own_ids(self, queue: Queue) -> None:
        for name in ("ordered", "ordered-dlq"):
            queue.send(name, [Outgoing("x", group="g", dedup="d")])
        assert [queue.depth(name).visible for name in ("ordered", "ordered-dlq")] == [1, 1]
