"""Events the whole way through the deployed stack: from HTTP, queues, topics, buckets, buses and the clock to targets."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from argosy.resources.manifests import Manifest
from argosy.services.mail import pack
from argosy.services.objects import Applied
from argosy.services.queues import BUS
from argosy.services.runtime import Runtime
from argosy.services.status import with_status
from support.events import dependency, event, event_source, sensor, trigger
from support.localstack import LocalStack, Stack
from support.up import Sink
from support.up import sink as running_sink

REGION = "us-east-1"
TWO_TICKS = 150.0  # the first may come before the calendar is due
HOOK = {"method": "POST", "port": "12000"}
REF = {"name": "n", "key": "k"}
TARGET = """
import json, urllib.request
def handler(event, context):
    body = json.dumps(event).encode()
    urllib.request.urlopen(urllib.request.Request({url!r}, body, {{"Content-Type": "application/json"}}), timeout=10)
"""

Apply = Callable[..., list[Applied]]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with running_sink() as running:
        yield running


@pytest.fixture(scope="module")
def apply(runtime: Runtime) -> Apply:
    def apply(*bodies: dict[str, Any]) -> list[Applied]:
        return runtime.objects.apply([Manifest(body) for body in bodies], "ns")

    return apply


@pytest.fixture
def to_sink(localstack: LocalStack, sink: Sink) -> Callable[[str], dict[str, Any]]:
    """An HTTP trigger's template that posts the event's id and body to a path of the sink."""

    def template(path: str, key: str = "body", name: str = "dep") -> dict[str, Any]:
        url = f"http://{localstack.host_address}:{sink.port}{path}"
        source = {"dependencyName": name, "dataKey": key, "useRawData": True}
        return {"url": url, "payload": [{"src": source, "dest": "got"}]}

    return template


def post(stack: Stack, path: str, body: Any, token: str = "") -> int:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(stack.url(f"/hooks/{path}"), json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as x:
        return x.code


def hook(name: str, endpoint: str) -> dict[str, Any]:
    return event_source({"webhook": {"example": {**HOOK, "endpoint": endpoint}}}, name=name)


def connected(runtime: Runtime, name: str) -> None:
    """Wait until the event source is wired; the reconcile function writes a row for each connection."""
    for _ in range(600):
        rows = [row.data for row in runtime.store.query("wiring") if f"ns/{name}" in row.data["owners"]]
        if rows and all(row["connected"] for row in rows):
            return
        runtime.queue.receive("bus-dlq", 1)  # waits a second for a message that is not there
    body = runtime.objects.get("EventSource", "ns", name)
    raise AssertionError(f"not connected: {with_status(runtime.store, body)['status']}")


def test_from_a_request_to_an_http_trigger(stack: Stack, apply: Apply, sink: Sink, to_sink: Any) -> None:
    apply(hook("hello", "/hello"))
    data = [{"path": "body.message", "type": "string", "value": ["hello"]}]
    dep = dependency("dep", source="hello", filters={"data": data})
    apply(sensor([trigger(http=to_sink("/hello"))], [dep], name="hello"))
    assert post(stack, "ns/hello/hello", {"message": "goodbye", "n": 1}) == 200
    assert post(stack, "ns/hello/hello", {"message": "hello", "n": 2}) == 200
    assert post(stack, "ns/hello/nowhere", {}) == 404
    assert sink.wait("hello")[0].body == {"got": {"message": "hello", "n": 2}}
    assert len(sink.at("hello")) == 1


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
    stack: Stack, apply: Apply, sink: Sink, to_sink: Any, runtime: Runtime
) -> None:
    orders = stack.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    topic = stack.client("sns").create_topic(Name="orders")["TopicArn"]
    stack.client("s3").create_bucket(Bucket="orders")
    stack.client("s3").put_bucket_notification_configuration(
        Bucket="orders", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    sns = {"region": REGION, "topicArn": topic, "webhook": {"endpoint": "/", "port": "12000"}}
    minio = {"endpoint": "s3.amazonaws.com", "bucket": {"name": "orders"}, "accessKey": REF, "secretKey": REF}
    apply(
        event_source({"sqs": {"example": {"region": REGION, "queue": "orders", "jsonBody": True}}}, name="sqs"),
        event_source({"sns": {"example": sns}}, name="sns"),
        event_source({"minio": {"example": {**minio, "filter": {"prefix": "in/", "suffix": ""}}}}, name="minio"),
        event_source({"eventBridge": {"example": {"pattern": {"source": ["shop"]}}}}, name="bridge"),
    )
    keys = {"sqs": "body", "sns": "body.Message", "minio": "notification.0.s3.object.key", "bridge": "detail"}
    triggers = [trigger(name, conditions=name, http=to_sink(f"/{name}", key, name)) for name, key in keys.items()]
    apply(sensor(triggers, [dependency(name, source=name) for name in keys], name="sources"))
    for name in keys:
        connected(runtime, name)

    stack.client("sqs").send_message(QueueUrl=orders, MessageBody='{"n": 1}')
    stack.client("sns").publish(TopicArn=topic, Message="two")
    for key in ("out/no.csv", "in/three.csv"):
        stack.client("s3").put_object(Bucket="orders", Key=key, Body=b"x")
    entry = {"Source": "shop", "DetailType": "sold", "Detail": '{"n": 4}'}
    stack.client("events").put_events(Entries=[{**entry, "Source": "other"}, entry])

    assert sink.wait("sqs")[0].body == {"got": {"n": 1}}
    assert sink.wait("sns")[0].body == {"got": "two"}
    assert sink.wait("minio")[0].body == {"got": "in/three.csv"}
    assert sink.wait("bridge")[0].body == {"got": {"n": 4}}
    assert [len(sink.at(name)) for name in keys] == [1, 1, 1, 1]

    runtime.objects.delete([("EventSource", "ns", name) for name in keys])
    for _ in range(60):
        if not runtime.store.query("wiring"):
            break
        runtime.queue.receive("bus-dlq", 1)
    assert (
        stack.client("lambda").list_event_source_mappings(FunctionName=stack.resources["SqsFunction"])[
            "EventSourceMappings"
        ]
        == []
    )
    assert stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert stack.client("events").list_rules(NamePrefix="argosy-it-")["Rules"] == []


def test_a_join_across_functions(stack: Stack, apply: Apply, sink: Sink, to_sink: Any) -> None:
    deps = [dependency("a", source="join-a"), dependency("b", source="join-b")]
    apply(hook("join-a", "/"), hook("join-b", "/"))
    apply(sensor([trigger(conditions="a && b", http=to_sink("/join", "body", "b"))], deps, name="join"))
    assert post(stack, "ns/join-a", {"n": 1}) == 200
    assert post(stack, "ns/join-b", {"n": 2}) == 200
    assert sink.wait("join")[0].body == {"got": {"n": 2}}
    assert len(sink.at("join")) == 1


def test_a_message_that_is_delivered_three_times_fires_once(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Any, runtime: Runtime
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


def test_a_large_payload_goes_by_claim_check(stack: Stack, apply: Apply, sink: Sink, to_sink: Any) -> None:
    apply(hook("large", "/"))
    apply(sensor([trigger(http=to_sink("/large"))], [dependency("dep", source="large")], name="large"))
    text = "x" * 300_000
    assert post(stack, "ns/large", {"text": text}) == 200
    assert sink.wait("large")[0].body == {"got": {"text": text}}


def test_a_failing_trigger_retries_and_then_its_dlq_trigger_runs(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Any, runtime: Runtime, localstack: LocalStack
) -> None:
    apply(hook("failing", "/"))
    last = trigger("last", http=to_sink("/last"), more={"atLeastOnce": True})
    more = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "duration": "1s", "jitter": 0}, "dlqTrigger": last}
    closed = {"url": f"http://{localstack.host_address}:9/", "payload": []}
    apply(sensor([trigger("first", http=closed, more=more)], [dependency("dep", source="failing")], name="failing"))
    assert post(stack, "ns/failing", {"n": 1}) == 200
    assert sink.wait("last")[0].body == {"got": {"n": 1}}
    status = with_status(runtime.store, runtime.objects.get("Sensor", "ns", "failing"))["status"]
    assert "after 2 of 2 attempts" in status["failures"][0]["reason"]


def test_a_poison_message_ends_in_the_dead_letter_queue_and_is_redriven(
    stack: Stack, apply: Apply, runtime: Runtime
) -> None:
    url, dead = stack.outputs["BusQueueUrl"], stack.outputs["DeadLetterQueueUrls"].split(",")[0]
    stack.client("sqs").send_message(QueueUrl=url, MessageBody="poison")
    (message,) = stack.client("sqs").receive_message(
        QueueUrl=dead, WaitTimeSeconds=20, MessageAttributeNames=["All"], VisibilityTimeout=0
    )["Messages"]
    assert message["Body"] == "poison"
    assert message["MessageAttributes"]["argosyOrigin"]["StringValue"] == "bus"
    assert message["MessageAttributes"]["argosyReason"]["StringValue"]
    assert runtime.queue.redrive(BUS) == 1
    again = stack.client("sqs").receive_message(QueueUrl=dead, WaitTimeSeconds=20)["Messages"]
    assert [each["Body"] for each in again] == ["poison"], "it went through the bus once more"


def test_the_schedule_fires_calendars(apply: Apply, sink: Sink, to_sink: Any) -> None:
    calendar = event_source({"calendar": {"example": {"interval": "30s"}}}, name="clock")
    template = to_sink("/clock", "eventTime")
    apply(calendar, sensor([trigger(http=template)], [dependency("dep", source="clock")], name="clock"))
    assert sink.wait("clock", seconds=TWO_TICKS)[0].body["got"]
