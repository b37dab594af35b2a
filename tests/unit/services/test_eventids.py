"""Ids of events: no two alike, in the order of their coming, the same for what is delivered again."""

from datetime import UTC, datetime, timedelta

from argosy.services.eventids import new_event_id, same_event_id

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_new_ids_are_hexadecimal_and_never_the_same() -> None:
    ids = {new_event_id(NOW) for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(one) for one in ids} == {32}
    assert all(int(one, 16) for one in ids)


def test_new_ids_sort_as_events_come() -> None:
    ids = [new_event_id(NOW + timedelta(milliseconds=at)) for at in range(0, 100_000, 7)]
    assert ids == sorted(ids)


def test_what_is_delivered_again_keeps_its_id() -> None:
    assert same_event_id("hook", "delivery-1") == same_event_id("hook", "delivery-1")
    assert len({same_event_id("hook", "1"), same_event_id("hook", "2"), same_event_id("other", "1")}) == 3
