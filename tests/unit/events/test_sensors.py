"""Sensors compiled for deciding: who hears an event, stable ids, broken triggers, firings that carry a problem."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import HttpCall, LogEvents
from argosy.events.sensors import Dropped, Match, firing_id
from support.events import NOW, Body, compiled, dependency, event, fire, sensor, trigger

HTTP: Body = {"url": "http://x/", "payload": [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]}
FILTER = {"data": [{"path": "body.message", "type": "string", "value": ["hello"]}]}


def names(found: list[Match | Dropped]) -> list[tuple[str, str]]:
    return [(one.trigger.name if isinstance(one, Match) else "dropped", one.dependency) for one in found]


# Who hears an event


def test_subjects() -> None:
    made = compiled(
        sensor(
            [trigger("one", conditions="a"), trigger("two", conditions="b && c")],
            [
                dependency("a", source="x"),
                dependency("b", subject="y"),
                dependency("c"),
                dependency("unused", source="z"),
            ],
        )
    )
    assert set(made.subjects) == {("x", "example"), ("hook", "y"), ("hook", "example")}


@pytest.mark.parametrize(
    ("source", "subject", "found"),
    [
        ("hook", "example", [("one", "a"), ("two", "a"), ("two", "b")]),
        ("hook", "other", [("two", "c")]),
        ("hook", "nothing", []),
        ("Hook", "example", []),
        ("ho*", "example", []),
    ],
)
def test_an_event_reaches_every_dependency_of_every_trigger(
    source: str, subject: str, found: list[tuple[str, str]]
) -> None:
    made = compiled(
        sensor(
            [trigger("one", conditions="a"), trigger("two")],
            [dependency("a"), dependency("b"), dependency("c", subject="other")],
        )
    )
    assert names(made.match(event({}, source=source, subject=subject))) == found


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"body": {"message": "hello"}}, [("t", "dep")]),
        ({"body": {"message": "bye"}}, []),
        ({"body": {}}, [("dropped", "dep")]),
        ("nope", [("dropped", "dep")]),
    ],
)
def test_filters_decide(payload: object, found: list[tuple[str, str]]) -> None:
    made = compiled(sensor([trigger()], [dependency("dep", filters=FILTER)]))
    assert names(made.match(event(payload))) == found


def test_a_filter_that_fails_is_told_once_for_all_triggers() -> None:
    made = compiled(sensor([trigger("one"), trigger("two")], [dependency("dep", filters=FILTER)]))
    (dropped,) = made.match(event({"body": {}}))
    assert isinstance(dropped, Dropped)
    assert "body.message" in dropped.reason


def test_filters_and_triggers_see_what_the_transform_made() -> None:
    scripted = dependency("a", transform={"script": "return {body = {message = event.old}}"}, filters=FILTER)
    by_jq = dependency("b", transform={"jq": "."})
    made = compiled(sensor([trigger(conditions="a || b || c")], [scripted, by_jq, dependency("c")]))
    found = made.match(event({"old": "hello"}), lambda _program, _document: '{"by":"jq"}')
    payloads = {one.dependency: one.event.data for one in found if isinstance(one, Match)}
    assert payloads == {"a": '{"body":{"message":"hello"}}', "b": '{"by":"jq"}', "c": '{"old":"hello"}'}


def test_a_transform_that_fails_drops_the_event_for_its_dependency() -> None:
    broken = dependency("a", transform={"script": "error('no')"})
    made = compiled(
        sensor([trigger("one", conditions="a"), trigger("two", conditions="a || b")], [broken, dependency("b")])
    )
    assert names(made.match(event({}))) == [("dropped", "a"), ("two", "b")]


def test_a_failing_dependency_does_not_stop_another() -> None:
    made = compiled(sensor([trigger(conditions="a || b")], [dependency("a", filters=FILTER), dependency("b")]))
    assert names(made.match(event({}))) == [("dropped", "a"), ("t", "b")]


@pytest.mark.parametrize("conditions", ["nothing", "a &&", "a & b"])
def test_a_trigger_whose_condition_cannot_be_used_is_left_out(conditions: str) -> None:
    made = compiled(
        sensor(
            [trigger("broken", conditions=conditions), trigger("good", conditions="a")],
            [dependency("a"), dependency("b")],
        )
    )
    assert names(made.match(event({}))) == [("good", "a")]
    assert set(made.broken) == {"broken"}


# Firings


def test_a_firing() -> None:
    firing = fire(sensor([trigger(http=HTTP)]), {"dep": event({"body": {"id": 7}})})
    assert (firing.namespace, firing.sensor, firing.trigger) == ("ns", "s", "t")
    assert firing.events == {"dep": event().id}
    assert firing.problem == ""
    assert isinstance(firing.effect, HttpCall)
    assert firing.effect.body == '{"id":"7"}'
    assert (firing.at_least_once, firing.retry, firing.last_resort) == (False, None, None)


def test_the_id_names_sensor_trigger_and_events() -> None:
    base = ("uid", "t", {"a": "1", "b": "2"})
    known = firing_id(*base)
    assert len(known) == 32
    assert int(known, 16) >= 0
    assert firing_id("uid", "t", {"b": "2", "a": "1"}) == known
    others = [
        firing_id("uid2", "t", {"a": "1", "b": "2"}),
        firing_id("uid", "t2", {"a": "1", "b": "2"}),
        firing_id("uid", "t", {"a": "2", "b": "1"}),
        firing_id("uid", "t", {"a": "1"}),
    ]
    assert len({known, *others}) == 5


def test_the_same_events_give_the_same_firing_at_any_time() -> None:
    body = sensor([trigger(k8s=_pod())])
    first = fire(body, {"dep": event({"n": 1})})
    later = fire(body, {"dep": event({"n": 1})}, now=NOW.replace(year=2030))
    assert first.id == later.id
    assert first.effect is not None
    assert later.effect is not None
    assert first.effect.manifest["metadata"]["name"] == later.effect.manifest["metadata"]["name"]  # type: ignore[union-attr]  # both are WriteObject


def test_a_new_version_of_a_sensor_fires_under_the_same_id() -> None:
    with_uid = sensor([trigger()])
    with_uid["metadata"]["uid"] = "u-1"
    changed = sensor([trigger(http=HTTP)])
    changed["metadata"]["uid"] = "u-1"
    again = sensor([trigger()])
    again["metadata"]["uid"] = "u-2"
    ids = [fire(body, {"dep": event({"body": {"id": 1}})}).id for body in (with_uid, changed, again)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (trigger(http=HTTP), "body.id"),
        (trigger(pulsar={"url": "x"}), "no trigger that this version serves"),
        (trigger(k8s={"source": {"resource": {"kind": "Pod"}}}), "apiVersion"),
        (
            trigger(more={"parameters": [{"src": {"dependencyName": "dep", "dataKey": "nope"}, "dest": "log.x"}]}),
            "'nope' is not in the event",
        ),
        (
            trigger(
                http={"url": "http://x/"},
                more={"parameters": [{"src": {"dependencyName": "dep", "value": "x"}, "dest": "http.timeout"}]},
            ),
            "template.http.timeout after its parameters",
        ),
        (
            trigger(
                http={"url": "http://x/"},
                more={
                    "parameters": [
                        {"src": {"dependencyName": "dep", "dataKey": "far", "useRawData": True}, "dest": "http.x"}
                    ]
                },
            ),
            "not JSON that can be used",
        ),
    ],
)
def test_a_firing_that_cannot_be_built_carries_its_problem(made: Body, reason: str) -> None:
    firing = fire(sensor([made]), {"dep": event('{"far": 1e999}')})
    assert firing.effect is None
    assert reason in firing.problem


@pytest.mark.parametrize(
    "payload",
    ['{"a":' + "[" * depth + "]" * depth + "}" for depth in (300, 900, 2000, 50_000)]
    + ['{"a": 1e999}', '{"a": "\\ud800"}'],
)
@pytest.mark.parametrize(
    "template",
    [{"k8s": {"source": {"resource": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}}}}, {"http": HTTP}],
)
@pytest.mark.parametrize("dest", ["k8s.source.resource.data", "http.headers", "http.payload", "k8s.source"])
def test_no_payload_makes_firing_raise(payload: str, template: Body, dest: str) -> None:
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "a", "useRawData": True}, "dest": dest}]
    fire(sensor([trigger(more={"parameters": parameters}, **template)]), {"dep": event(payload)})


def test_template_parameters_reach_the_trigger() -> None:
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "where"}, "dest": "http.url"}]
    made = trigger(http={"url": "http://old/"}, more={"parameters": parameters})
    firing = fire(sensor([made]), {"dep": event({"where": "http://new/"})})
    assert isinstance(firing.effect, HttpCall)
    assert firing.effect.url == "http://new/"


@pytest.mark.parametrize(
    ("template", "kind"),
    [({"http": HTTP, "log": {}}, HttpCall), ({"log": {}, "pulsar": {}}, LogEvents)],
)
def test_the_first_kind_that_is_served_counts(template: Body, kind: type[Any]) -> None:
    firing = fire(sensor([trigger(**template)]), {"dep": event({"body": {"id": 1}})})
    assert isinstance(firing.effect, kind)


# What happens after the last attempt


def test_the_last_resort() -> None:
    backup = trigger(
        "backup", http={"url": "http://backup/"}, more={"atLeastOnce": True, "retryStrategy": {"steps": 2}}
    )
    body = sensor([trigger(more={"atLeastOnce": True, "retryStrategy": {"steps": 3}, "dlqTrigger": backup})])
    firing = fire(body, {"dep": event({})})
    assert firing.at_least_once
    assert firing.retry is not None
    assert firing.retry.steps == 3
    last = firing.last_resort
    assert last is not None
    assert (last.trigger, last.last_resort, last.at_least_once) == ("backup", None, True)
    assert isinstance(last.effect, HttpCall)
    assert last.id != firing.id
    assert fire(body, {"dep": event({})}).last_resort == last


def test_without_at_least_once_there_is_no_last_resort() -> None:
    backup = trigger("backup", more={"atLeastOnce": True})
    assert fire(sensor([trigger(more={"dlqTrigger": backup})]), {"dep": event({})}).last_resort is None


def _pod() -> Body:
    resource = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}}
    return {"source": {"resource": resource}}
