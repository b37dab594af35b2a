"""What hub and agents say to each other comes back from JSON as it went in, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.control.agents.reports import SHARDS, Item, error_of, error_to_json, event_id, shard
from argosy.control.agents.scopes import DOOR, EVENTS, MIRROR, Subscription, Wanted
from argosy.control.agents.units import unit_from_json, unit_to_json
from argosy.control.effects import Apply, Patch, Remove, Unit, Version
from argosy.control.keys import Key
from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    EvaluationError,
    Expired,
    InvalidObject,
    NotFound,
    Pending,
    Permanent,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

EXPIRES = datetime(2026, 1, 1, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?", fullmatch=True)
numbers = st.integers(0, 2**53)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(texts, values, max_size=4)
versions = st.builds(Version, texts, numbers)
keys = st.builds(Key, names, st.just("") | names, names, st.just("") | names, names)
writes = st.one_of(
    st.builds(Apply, keys, bodies), st.builds(Patch, keys, bodies, versions), st.builds(Remove, keys, versions)
)
units = st.builds(
    Unit,
    st.lists(writes, max_size=4).map(tuple),
    st.dictionaries(keys, st.none() | versions, max_size=4),
    expires=st.just(EXPIRES),
)
scopes = st.builds(Wanted, texts, names, names, texts, texts, st.sampled_from([EVENTS, DOOR, MIRROR]))
items = st.builds(
    Item,
    texts,
    st.sampled_from(["ADDED", "MODIFIED", "DELETED"]),
    texts,
    texts,
    texts,
    numbers,
    st.none() | bodies,
)


def sent(body: Any) -> Any:
    return orjson.loads(orjson.dumps(body))


@given(items)
def test_changes(item: Item) -> None:
    assert Item.from_json(sent(item.as_json())) == item


@given(units)
@settings(max_examples=50)
def test_units(unit: Unit) -> None:
    assert unit_from_json(sent(unit_to_json(unit)), EXPIRES) == unit


@given(st.lists(scopes, max_size=6), texts, st.lists(names, max_size=3))
def test_subscriptions(wanted: list[Wanted], secret_key: str, namespaces: list[str]) -> None:
    one = Subscription.of(wanted, secret_key, namespaces)
    back = Subscription.from_json(sent(one.as_json()))
    assert back == one
    assert back.digest == one.digest
    assert Subscription.of(reversed(wanted + wanted), secret_key, reversed(namespaces)).digest == one.digest


@given(scopes, scopes)
def test_keys_tell_scopes_apart(one: Wanted, other: Wanted) -> None:
    assert (one.key == other.key) is (one == other)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "text",
        ["s", "ADDED", "ns", "n", "u", 1],
        ["s", "ADDED", "ns", "n", "u", "1", None],
        ["s", "ADDED", "ns", "n", 7, 1, None],
        ["s", "ADDED", "ns", "n", "u", 1, "text"],
        ["s", "ADDED", "ns", "n", "u", 1, None, "more"],
    ],
)
def test_no_change(data: Any) -> None:
    with pytest.raises(EvaluationError, match="not a change"):
        Item.from_json(data)


@pytest.mark.parametrize(
    "body",
    [{}, {"writes": [], "read": 7}, {"writes": [{}], "read": []}, {"writes": [{"target": "x"}], "read": []}],
)
def test_no_unit(body: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError):
        unit_from_json(body, EXPIRES)


@pytest.mark.parametrize("body", [{}, {"scopes": 7}, {"scopes": [["a"]]}, {"scopes": [["a"] * 9]}])
def test_no_subscription(body: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError, match="not a subscription"):
        Subscription.from_json(body)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AlreadyExists("x"), AlreadyExists),
        (Conflict("x"), Conflict),
        (Denied("x"), Denied),
        (Unauthenticated("x"), Denied),
        (EvaluationError("x"), EvaluationError),
        (Expired("x"), Expired),
        (InvalidObject("x", obj="o", field="f"), InvalidObject),
        (Unsupported("x", obj="o", field="f"), Unsupported),
        (NotFound("x"), NotFound),
        (Permanent("x"), Permanent),
        (Unavailable("x", delay=3), Unavailable),
        (Pending("x", delay=1), Unavailable),
        (ArgosyError("x"), Permanent),
    ],
)
def test_errors(error: ArgosyError, kind: type[ArgosyError]) -> None:
    back = error_of(sent(error_to_json(error)))
    assert type(back) is kind
    assert str(back) == str(error)
    assert getattr(back, "delay", 0) == getattr(error, "delay", 0)


@pytest.mark.parametrize("body", [{}, {"error": "Exploded", "text": "x"}, {"error": None}, {"error": ["x"]}])
def test_an_error_that_nobody_knows_is_for_good(body: dict[str, Any]) -> None:
    assert type(error_of(body)) is Permanent


def test_the_same_change_has_the_same_event_id_and_no_other() -> None:
    places = [(cluster, uid, version, kind) for cluster in "ab" for uid in "uv" for version in (1, 2) for kind in "xy"]
    ids = [event_id(*place) for place in places]
    assert ids == [event_id(*place) for place in places]
    assert len(set(ids)) == len(places)
    assert all(len(one) == 32 for one in ids)


@given(texts)
def test_an_object_has_one_of_so_many_groups(uid: str) -> None:
    assert shard(uid) == shard(uid)
    assert shard(uid) in {f"changes-{number}" for number in range(SHARDS)}
