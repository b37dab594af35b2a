"""The runtime of the Lambda functions: what its environment must hold, and what an event costs on it."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.runtime import Settings, assemble, create
from argosy.errors import InvalidObject
from argosy.events.effects import EFFECTS
from argosy.local.functions import sqs_event
from argosy.resources.manifests import Manifest
from argosy.services.objects import WIRING
from argosy.services.outcomes import sensor_status
from argosy.services.queues import BUS, TRIGGERS
from argosy.services.wiring import wiring_loop
from support.aws import REGION
from support.awsruntime import ACCOUNT, HOOK, NAMES, Counted, call, fired, installation, post, pump
from support.events import dependency, event_source, sensor, trigger
from support.functions import failed

URLS = {"ARGOSY_QUEUE_BUS": "https://sqs/1/bus", "ARGOSY_QUEUE_TRIGGERS": "https://sqs/1/triggers"}
PAYLOAD = {"src": {"dependencyName": "hook", "dataKey": "body"}, "dest": "body"}


# Settings


@pytest.mark.parametrize("name", [*NAMES, *URLS])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_is_named(name: str, value: str | None) -> None:
    given = {key: text for key, text in {**NAMES, **URLS, name: value}.items() if text is not None}
    with pytest.raises(InvalidObject, match=f"lacks {name}: template.yaml"):
        Settings.read(given)


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(InvalidObject) as caught:
        Settings.read({})
    assert all(name in str(caught.value) for name in (*NAMES, *URLS))
    assert "DLQ" not in str(caught.value)


def test_what_may_be_left_out() -> None:
    settings = Settings.read({**NAMES, **URLS})
    assert (settings.targets, settings.place.allowed, settings.open_webhooks) == ((), (), False)
    assert (settings.place.partition, settings.sqs_function) == ("aws", "")
    assert sorted(settings.queues) == [BUS, TRIGGERS]


def test_everything_that_can_be_given() -> None:
    more = {
        "AWS_REGION": REGION,
        "ARGOSY_PARTITION": "aws-cn",
        "ARGOSY_ACCOUNT": ACCOUNT,
        "ARGOSY_ALLOWED_SOURCES": "a,b,,",
        "ARGOSY_ALLOWED_TARGETS": "c",
        "ARGOSY_SQS_FUNCTION": "f",
        "ARGOSY_SOURCES_ARN": "q",
        "ARGOSY_OPEN_WEBHOOKS": "true",
        "ARGOSY_QUEUE_BUS_DLQ": "d",
    }
    settings = Settings.read({**NAMES, **URLS, **more})
    place = settings.place
    assert (place.partition, place.region, place.account, place.stage) == ("aws-cn", REGION, ACCOUNT, "it")
    assert (place.allowed, settings.targets, settings.open_webhooks) == (("a", "b"), ("c",), True)
    assert (settings.sqs_function, settings.sources_arn, settings.queues["bus-dlq"]) == ("f", "q", "d")


@pytest.mark.parametrize(("value", "opened"), [("true", True), ("false", False), ("True", False), ("1", False)])
def test_webhooks_are_open_on_one_word_alone(value: str, opened: bool) -> None:
    assert Settings.read({**NAMES, **URLS, "ARGOSY_OPEN_WEBHOOKS": value}).open_webhooks is opened


# What is assembled


def test_a_function_makes_its_runtime_from_its_environment(
    clients: Clients, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = create()
    made.objects.apply([Manifest(event_source(HOOK))], "ns")
    assert made.objects.get("EventSource", "ns", "hook")["spec"] == HOOK


@pytest.mark.parametrize("function", ["", "arn:aws:lambda:eu-central-1:123456789012:function:sqs"])
def test_one_function_wires_and_the_others_do_not(environment: dict[str, str], function: str) -> None:
    made = assemble(Settings.read({**environment, "ARGOSY_SQS_FUNCTION": function}), Clients(environment))
    if function:
        wiring_loop(made).run(WIRING)
    else:
        with pytest.raises(InvalidObject, match="wires no event sources"):
            _ = made.wirer


def test_nothing_is_called_and_no_executor_made_before_it_is_needed(environment: dict[str, str]) -> None:
    counted = Counted(Clients(environment))
    made = assemble(Settings.read(environment), counted.clients)
    assert counted.calls == Counter()
    assert set(made.executors) == set(EFFECTS)


# What an event costs


@pytest.mark.parametrize("endpoints", [["example"], ["example", "other"]], ids=["plain", "joined"])
def test_one_firing(environment: dict[str, str], endpoints: list[str]) -> None:
    made = installation(environment, joined=len(endpoints) > 1)
    for endpoint in endpoints:
        post(made, endpoint)
    assert pump(made, BUS, "sensor") == len(endpoints)
    assert pump(made, TRIGGERS, "trigger") == 1
    assert fired(made) == 1


@pytest.mark.parametrize("endpoints", [["example"], ["example", "other"]], ids=["plain", "joined"])
def test_what_is_delivered_again_fires_nothing_again(environment: dict[str, str], endpoints: list[str]) -> None:
    made = installation(environment, joined=len(endpoints) > 1)
    for endpoint in endpoints:
        post(made, endpoint)
    events = made.queue.receive(BUS, 10)
    for _ in range(3):
        assert failed(call("sensor", sqs_event(BUS, events), made)) == []
    deliveries = made.queue.receive(TRIGGERS, 10)
    assert len(deliveries) == 3
    for delivery in deliveries:
        assert failed(call("trigger", sqs_event(TRIGGERS, [delivery]), made)) == []
    assert fired(made) == 1


@pytest.mark.parametrize("endpoints", [["example"] * 10, ["example", "other"] * 5], ids=["plain", "joined"])
def test_what_an_event_costs_in_a_batch_of_ten(environment: dict[str, str], endpoints: list[str]) -> None:
    """At most 4 rows written and 3 calls of SQS for each event, those of Lambda's own pollers included."""
    firings = endpoints.count("example")
    made = installation(environment, joined="other" in endpoints)
    for endpoint in sorted(set(endpoints)):
        post(made, endpoint)
    pump(made, BUS, "sensor")
    pump(made, TRIGGERS, "trigger")  # its counters are there now

    counted = Counted(Clients(environment))
    made = assemble(Settings.read(environment), counted.clients)
    for endpoint in endpoints:
        post(made, endpoint)
    assert pump(made, BUS, "sensor") == 10
    assert pump(made, TRIGGERS, "trigger") == firings
    print(
        f"each of ten events: {counted.writes / 10} rows written, {counted.queue_calls / 10} calls of SQS: {counted.calls}"
    )
    assert counted.writes <= 4 * 10
    assert counted.queue_calls <= 3 * 10
    assert not any(name.startswith("s3.") for name in counted.calls)
    assert fired(made) == firings + 1


def test_a_large_event_goes_by_claim_check(environment: dict[str, str]) -> None:
    made = installation(environment)
    post(made, text="x" * 300_000)
    (delivery,) = made.queue.receive(BUS, 10)
    assert set(json.loads(delivery.body)) == {"blob"}
    assert failed(call("sensor", sqs_event(BUS, [delivery]), made)) == []
    assert pump(made, TRIGGERS, "trigger") == 1
    assert fired(made) == 1


def test_a_target_that_is_not_allowed_is_recorded_and_not_reached(environment: dict[str, str]) -> None:
    made = assemble(Settings.read(environment), Clients(environment))
    target = {"sqs": {"queueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:bus", "payload": [PAYLOAD]}}
    body = sensor([trigger("t", aws=target)], [dependency("hook", source="webhook")], namespace="argo-events")
    source = event_source(HOOK, name="webhook", namespace="argo-events")
    made.objects.apply([Manifest(source), Manifest(body)])
    post(made)
    pump(made, BUS, "sensor")
    pump(made, TRIGGERS, "trigger")
    failures = sensor_status(made.store, "argo-events", "s")["failures"]
    assert "AllowedTargetArns" in failures[0]["reason"]
    assert made.queue.depth(BUS).visible == 0
