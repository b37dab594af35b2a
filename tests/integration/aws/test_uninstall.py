"""`argosy admin uninstall` on a stack: nothing of AWS stays connected to it. It ends what the tests before it have left."""

from __future__ import annotations

from argosy.services.runtime import Runtime
from support.awsflow import REGION, Apply, connected
from support.events import event_source
from support.localstack import LocalStack, Stack
from support.up import argosy


def test_an_uninstall_disconnects_everything(
    localstack: LocalStack, stack: Stack, runtime: Runtime, apply: Apply
) -> None:
    stack.client("sqs").create_queue(QueueName="last")
    stack.client("sns").create_topic(Name="last")
    topic = f"arn:aws:sns:{REGION}:000000000000:last"
    sns = {"region": REGION, "topicArn": topic, "webhook": {"endpoint": "/", "port": "12000"}}
    apply(
        event_source({"sqs": {"example": {"region": REGION, "queue": "last"}}}, name="last-sqs"),
        event_source({"sns": {"example": sns}}, name="last-sns"),
    )
    for name in ("last-sqs", "last-sns"):
        connected(runtime, name)

    leading = {**localstack.environment, "AWS_ENDPOINT_URL": localstack.endpoint}
    done = argosy("--stack", stack.name, "admin", "uninstall", "--yes", env=leading)
    assert (done.code, done.err) == (0, "")
    assert "eventsource.argoproj.io/last-sqs in ns deleted" in done.out
    assert done.out.splitlines()[-1].startswith(
        f"the stack {stack.name} holds no declarations and is connected to nothing"
    )

    function = stack.resources["SqsFunction"]
    assert stack.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"] == []
    assert stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert stack.client("events").list_rules(NamePrefix="argosy-it-")["Rules"] == []
