"""Events the whole way through the deployed stack: from HTTP, queues, topics, buckets, buses and the clock to targets."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest

from argosy.control.state import States
from argosy.control.wakes import WAKE_PREFIX
from argosy.ports.store import Put, Row
from argosy.services.mail import pack
from argosy.services.objects import WIRING
from argosy.services.outcomes import sensor_status
from argosy.services.queues import RECONCILE_SOURCE
from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from argosy.services.wiring import problems_of
from support.awsflow import REGION, Apply, Template, connected, hook, patiently, post, ticking, to_sink
from support.events import dependency, event, event_source, sensor, trigger
from support.localstack import LocalStack, Stack
from support.up import Sink

TWO_TICKS = 150.0  # the first may come before the calendar is due
REF = {"name": "n", "key": "k"}
TARGET = """
import json, urllib.request
def handler(event, context):
    body = json.dumps(event).encode()
    urllib.request.urlopen(urllib.request.Request({url!r}, body, {{"Content-Type": "application/json"}}), timeout=10)
"""


@pytest.fixture(scope="module", autouse=True)
def _calendar(apply: Apply, localstack: LocalStack, sink: Sink) -> None:
    """A calendar, whose turn comes while other tests run."""
    calendar = event_source({"calendar": {"example": {"interval": "30s"}}}, name="clock")
    template = to_sink(localstack, sink)("/clock", "eventTime")
    apply(calendar, sensor([trigger(http=template)], [dependency("dep", source="clock")], name="clock"))


def test_from_a_request_to_an_http_trigger(stack: Stack, apply: Apply, sink: Sink, to_sink: Template) -> None:
    apply(hook("hello", "/hello"))
    data = [{"path": "body.message", "type": "string", "value": ["hello"]}]
    dep = dependency("dep", source="hello", filters={"data": data})
    apply(sensor([trigger(http=to_sink("/hello"))], [dep], name="hello"))
    assert post(stack, "ns/hello/hello", {"message": "goodbye", "n": 1}) == 200
    assert post(stack, "ns/hello/hello", {"message": "hello", "n": 2}) == 200
    assert post(stack, "ns/hello/nowhere", {}) == 404
    assert sink.wait("hello")[0].body == {"got": {"message": "hello", "n": 2}}
    assert len(sink.at("hello")) == 1


def test_an_event_that_a_transform_fails_on_is_dropped_and_counted(
    stack: Stack, apply: Apply, runtime: Runtime
) -> None:
    apply(hook("failing", "/failing"))
    dep = dependency("dep", source="failing", transform={"jq": 'error("no")'})
    apply(sensor([trigger()], [dep], name="failing"))
    assert post(stack, "ns/failing/failing", {"n": 1}) == 200
    assert patiently(runtime, lambda: bool(sensor_status(runtime.store, "ns", "failing").get("dependencies")))


def test_lambda_and_queue_triggers(
    stack: Stack, localstack: LocalStack, apply: Apply, sink: Sink, runtime: Runtime
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("app.py", TARGET.format(url=f"http://{localstack.host_address}:{sink.port}/lambda"))
    stack.client("lambda").create_function(
        FunctionName="target",
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
    )
    queue = stack.client("sqs").create_queue(QueueName="target")["QueueUrl"]
    payload = [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]
    dep = dependency("dep", source="aws")
    arn = f"arn:aws:sqs:{REGION}:000000000000:target"
    apply(
        hook("aws", "/"),
        sensor(
            [
                trigger("lambda", awsLambda={"functionName": "target", "region": REGION, "payload": payload}),
                trigger("queue", aws={"sqs": {"queueArn": arn, "payload": payload}}),
            ],
            [dep],
            name="aws",
        ),
    )
    assert post(stack, "ns/aws", {"id": "7"}) == 200
    assert sink.wait("lambda")[0].body == {"id": "7"}
    got = stack.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    assert [message["Body"] for message in got] == ['{"id":"7"}']


def test_queues_topics_buckets_and_buses_feed_one_sensor(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Template, runtime: Runtime
) -> None:
    orders = stack.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    topic = stack.client("sns").create_topic(Name="orders")["TopicArn"]
    stack.client("s3").create_bucket(Bucket="orders")
    stack.client("s3").put_bucket_notification_configuration(
        Bucket="orders", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    stack.client("events").create_event_bus(Name="own")
    sns = {"region": REGION, "topicArn": topic, "webhook": {"endpoint": "/", "port": "12000"}}
    minio = {"endpoint": "s3.amazonaws.com", "bucket": {"name": "orders"}, "accessKey": REF, "secretKey": REF}
    apply(
        event_source({"sqs": {"example": {"region": REGION, "queue": "orders", "jsonBody": True}}}, name="sqs"),
        event_source({"sns": {"example": sns}}, name="sns"),
        event_source({"minio": {"example": {**minio, "filter": {"prefix": "in/", "suffix": ""}}}}, name="minio"),
        event_source({"eventBridge": {"example": {"pattern": {"source": ["shop"]}}}}, name="bridge"),
        event_source({"eventBridge": {"example": {"busName": "own", "pattern": {"source": ["shop"]}}}}, name="own"),
    )
    keys = {"sqs": "body", "sns": "body.Message", "minio": "notification.0.s3.object.key"}
    keys |= {"bridge": "detail", "own": "detail"}
    triggers = [trigger(name, conditions=name, http=to_sink(f"/{name}", key, name)) for name, key in keys.items()]
    apply(sensor(triggers, [dependency(name, source=name) for name in keys], name="sources"))
    for name in keys:
        connected(runtime, name)

    stack.client("sqs").send_message(QueueUrl=orders, MessageBody='{"n": 1}')
    stack.client("sns").publish(TopicArn=topic, Message="two")
    for key in ("out/no.csv", "in/three.csv"):
        stack.client("s3").put_object(Bucket="orders", Key=key, Body=b"x")
    entry = {"Source": "shop", "DetailType": "sold", "Detail": '{"n": 4}'}
    own = {**entry, "EventBusName": "own", "Detail": '{"n": 5}'}
    stack.client("events").put_events(Entries=[{**entry, "Source": "other"}, entry, own])

    assert sink.wait("sqs")[0].body == {"got": {"n": 1}}
    assert sink.wait("sns")[0].body == {"got": "two"}
    assert sink.wait("minio")[0].body == {"got": "in/three.csv"}
    assert sink.wait("bridge")[0].body == {"got": {"n": 4}}
    assert sink.wait("own")[0].body == {"got": {"n": 5}}
    assert [len(sink.at(name)) for name in keys] == [1, 1, 1, 1, 1]

    runtime.objects.delete([("EventSource", "ns", name) for name in keys])
    assert patiently(runtime, lambda: not runtime.store.query("wiring"))
    assert (
        stack.client("lambda").list_event_source_mappings(FunctionName=stack.resources["SqsFunction"])[
            "EventSourceMappings"
        ]
        == []
    )
    assert stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    for bus in ("default", "own"):
        assert stack.client("events").list_rules(NamePrefix="argosy-it-", EventBusName=bus)["Rules"] == []


def test_a_join_across_functions(stack: Stack, apply: Apply, sink: Sink, to_sink: Template) -> None:
    deps = [dependency("a", source="join-a"), dependency("b", source="join-b")]
    apply(hook("join-a", "/"), hook("join-b", "/"))
    apply(sensor([trigger(conditions="a && b", http=to_sink("/join", "body", "b"))], deps, name="join"))
    assert post(stack, "ns/join-a", {"n": 1}) == 200
    assert post(stack, "ns/join-b", {"n": 2}) == 200
    assert sink.wait("join")[0].body == {"got": {"n": 2}}
    assert len(sink.at("join")) == 1


def test_a_message_that_is_delivered_three_times_fires_once(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Template, runtime: Runtime
) -> None:
    apply(hook("thrice", "/"))
    apply(sensor([trigger(http=to_sink("/thrice"))], [dependency("dep", source="thrice")], name="thrice"))
    occurred = event({"body": {"n": 1}}, source="thrice")
    body = pack({"namespace": "ns", "bus": "default", "event": occurred.as_json()}, runtime.blobs)
    for _ in range(3):
        stack.client("sqs").send_message(QueueUrl=stack.outputs["BusQueueUrl"], MessageBody=body)
    assert sink.wait("thrice")[0].body == {"got": {"n": 1}}
    assert post(stack, "ns/thrice", {"n": 2}) == 200
    assert sink.wait("thrice", 2)[1].body == {"got": {"n": 2}}
    assert len(sink.at("thrice")) == 2


def test_a_large_payload_goes_by_claim_check(stack: Stack, apply: Apply, sink: Sink, to_sink: Template) -> None:
    apply(hook("large", "/"))
    apply(sensor([trigger(http=to_sink("/large"))], [dependency("dep", source="large")], name="large"))
    text = "x" * 300_000
    assert post(stack, "ns/large", {"text": text}) == 200
    assert sink.wait("large")[0].body == {"got": {"text": text}}


def test_a_failing_trigger_retries_and_then_its_dlq_trigger_runs(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Template, runtime: Runtime, localstack: LocalStack
) -> None:
    apply(hook("failing", "/"))
    last = trigger("last", http=to_sink("/last"), more={"atLeastOnce": True})
    more = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "duration": "1s", "jitter": 0}, "dlqTrigger": last}
    closed = {**to_sink("/closed"), "url": f"http://{localstack.host_address}:9/"}
    apply(sensor([trigger("first", http=closed, more=more)], [dependency("dep", source="failing")], name="failing"))
    body = {"text": "x" * 210_000}  # a retry of what is too large for a message is, too
    assert post(stack, "ns/failing", body) == 200
    assert sink.wait("last")[0].body == {"got": body}
    status = with_status(runtime.store, runtime.objects.get("Sensor", "ns", "failing"))["status"]
    assert "after 2 of 2 attempts" in status["failures"][0]["reason"]


@pytest.mark.parametrize(
    ("queue", "logical"),
    [
        ("bus", "Bus"),
        ("triggers", "Trigger"),
        ("cluster-triggers", "ClusterTrigger"),
        ("sources", "Source"),
        ("timers", "Timer"),
    ],
)
def test_a_poison_message_ends_in_the_dead_letter_queue_and_is_redriven(
    stack: Stack, runtime: Runtime, queue: str, logical: str
) -> None:
    sqs, dead = stack.client("sqs"), stack.resources[f"{logical}DeadLetters"]
    sqs.purge_queue(QueueUrl=dead)  # what other tests have left there
    sqs.send_message(QueueUrl=stack.resources[f"{logical}Queue"], MessageBody="poison")
    taken = {"QueueUrl": dead, "WaitTimeSeconds": 20, "MessageAttributeNames": ["All"], "VisibilityTimeout": 0}
    (message,) = sqs.receive_message(**taken)["Messages"]
    assert message["Body"] == "poison"
    assert message["MessageAttributes"]["argosyOrigin"]["StringValue"] == queue
    assert message["MessageAttributes"]["argosyReason"]["StringValue"]
    assert runtime.operations.redrive(queue, "test").moved == 1
    (again,) = sqs.receive_message(**taken)["Messages"]
    assert (again["Body"], again["MessageId"] != message["MessageId"]) == ("poison", True), "it went the way once more"
    sqs.purge_queue(QueueUrl=dead)  # nor is anything left for others


def test_a_timer_further_off_than_a_message_can_wait_is_handed_on(stack: Stack, runtime: Runtime) -> None:
    states = States(runtime.store, runtime.clock, RECONCILE_SOURCE)
    before = states.load(WIRING)
    later = runtime.clock.now().timestamp() + 3_600
    made = states.save(WIRING, before, replace(before, next_due=later, timer=before.timer + 1))
    body = {"timer": str(WIRING), "generation": made.timer}
    stack.client("sqs").send_message(QueueUrl=stack.resources["TimerQueue"], MessageBody=json.dumps(body))
    assert patiently(runtime, lambda: states.load(WIRING).timer == made.timer + 1)
    assert states.load(WIRING).next_due == later


def test_what_could_not_be_connected_is_tried_again_by_its_timer(stack: Stack, apply: Apply, runtime: Runtime) -> None:
    apply(event_source({"sqs": {"example": {"region": REGION, "queue": "later"}}}, name="later"))
    assert patiently(runtime, lambda: bool(problems_of(runtime.store, "ns", "later")))
    stack.client("sqs").create_queue(QueueName="later")
    connected(runtime, "later")
    assert problems_of(runtime.store, "ns", "later") == {}
    runtime.objects.delete([("EventSource", "ns", "later")])
    assert patiently(runtime, lambda: not runtime.store.query("wiring"))


def test_the_schedule_fires_calendars(sink: Sink) -> None:
    """What was declared at the beginning; no test of this module has let the stack tick since."""
    assert sink.wait("clock", seconds=TWO_TICKS)[0].body["got"]


def test_a_wake_and_a_timer_that_were_lost_are_sent_again(stack: Stack, runtime: Runtime) -> None:
    """Their rows are there and due; nobody has sent the messages."""
    past = runtime.clock.now().timestamp() - 60
    key = str(WIRING)
    wake = Row(f"{WAKE_PREFIX}{RECONCILE_SOURCE}", key, {}, due_at=past)
    runtime.store.write([Put(wake)])
    assert ticking(stack, runtime, lambda: runtime.store.get(wake.pk, key) is None), (
        "the tick sent it, and it was handled"
    )

    states = States(runtime.store, runtime.clock, RECONCILE_SOURCE)
    before = states.load(WIRING)
    states.save(WIRING, before, replace(before, next_due=past, timer=before.timer + 1))
    assert ticking(stack, runtime, lambda: states.load(WIRING).next_due is None), (
        "the tick woke it, and there was nothing to do"
    )
