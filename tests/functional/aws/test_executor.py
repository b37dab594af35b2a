"""Triggers towards AWS: what is allowed, what is sent, and what AWS's answers mean."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.executor import AwsExecutor
from argosy.errors import Denied, NotFound, Permanent, Unavailable
from argosy.events.effects import InvokeFunction, SendToAws
from argosy.ports.executor import FiringInfo
from support.aws import REGION, Wire

ACCOUNT = "123456789012"
FIRING = FiringInfo("0123456789abcdef0123456789abcdef", "ns", "s", "t", 2)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
BODY = '{"id":"7"}'
ROLE = f"arn:aws:iam::{ACCOUNT}:role/states"


def execute(clients: Clients, effect: InvokeFunction | SendToAws, allowed: Sequence[str] | None = None) -> str:
    executor = AwsExecutor(clients, allowed, partition="aws", account=ACCOUNT)
    return asyncio.run(executor.execute(effect, FIRING))


# What may be reached


@pytest.mark.parametrize(
    ("effect", "arn"),
    [
        (InvokeFunction("f", REGION, "{}"), FUNCTION),
        (InvokeFunction(FUNCTION, REGION, "{}"), FUNCTION),
        (SendToAws("sns", TOPIC, BODY), TOPIC),
        (SendToAws("sqs", QUEUE, BODY), QUEUE),
        (SendToAws("eventBridge", "default", BODY, "", "argosy", "fired"), BUS),
        (SendToAws("eventBridge", BUS, BODY, "", "argosy", "fired"), BUS),
        (SendToAws("stepFunctions", MACHINE, BODY), MACHINE),
    ],
)
@pytest.mark.parametrize("allowed", [(), ("arn:aws:s3:::*",), ("f", "default", "topic", "queue")])
def test_what_is_not_allowed_is_not_asked(
    clients: Clients, effect: InvokeFunction | SendToAws, arn: str, allowed: Sequence[str]
) -> None:
    with pytest.raises(Denied, match="AllowedTargetArns") as caught:
        execute(clients, effect, allowed)
    assert str(caught.value).startswith(f"{arn} ")


@pytest.mark.parametrize("allowed", [None, (QUEUE,), ("arn:aws:sqs:*",), ("arn:aws:sns:*", f"{QUEUE[:-1]}*")])
def test_what_is_allowed_is_sent(clients: Clients, allowed: Sequence[str] | None) -> None:
    clients.sqs.create_queue(QueueName="queue")
    assert execute(clients, SendToAws("sqs", QUEUE, BODY), allowed) == f"{QUEUE}: sent"


@pytest.mark.parametrize("service", ["sns", "sqs", "stepFunctions"])
@pytest.mark.parametrize("target", ["", "queue", "arn:aws:sqs", "https://sqs/queue"])
def test_a_target_that_is_no_arn(clients: Clients, service: str, target: str) -> None:
    with pytest.raises(Permanent, match="is not an ARN"):
        execute(clients, SendToAws(service, target, BODY))


# Lambda


def lambda_answers(clients: Clients, status: int, payload: bytes = b"{}", **more: Any) -> Stubber:
    """The next invocation, which is asked once and waited for."""
    stub = Stubber(clients.regional("lambda", REGION, patience=110, attempts=1))
    body = StreamingBody(io.BytesIO(payload), len(payload))
    wanted = {"FunctionName": FUNCTION, "InvocationType": ANY, "Payload": BODY.encode()}
    stub.add_response("invoke", {"StatusCode": status, "Payload": body, **more}, wanted)
    stub.activate()
    return stub


@pytest.mark.parametrize(
    ("status", "allow", "kind"),
    [
        (200, None, "RequestResponse"),
        (202, None, "Event"),
        (204, None, "DryRun"),
        (202, (200, 202), "Event"),
    ],
)
def test_an_invocation(clients: Clients, status: int, allow: tuple[int, ...] | None, kind: str) -> None:
    stub = lambda_answers(clients, status)
    assert execute(clients, InvokeFunction("f", REGION, BODY, kind, allow), (FUNCTION,)) == f"{FUNCTION}: {status}"
    stub.assert_no_pending_responses()


def test_a_status_that_the_policy_does_not_allow(clients: Clients) -> None:
    lambda_answers(clients, 202)
    with pytest.raises(Permanent, match="202"):
        execute(clients, InvokeFunction("f", REGION, BODY, allow=(200,)))


def test_a_function_that_ended_with_an_error(clients: Clients) -> None:
    lambda_answers(clients, 200, b'{"errorMessage": "boom"}' + b"x" * 10_000, FunctionError="Unhandled")
    with pytest.raises(Permanent, match="boom") as caught:
        execute(clients, InvokeFunction("f", REGION, BODY))
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ResourceNotFoundException", 404, NotFound),
        ("AccessDeniedException", 403, Denied),
        ("TooManyRequestsException", 429, Unavailable),
        ("ServiceException", 500, Unavailable),
        ("InvalidRequestContentException", 400, Permanent),
    ],
)
def test_what_lambda_refuses(clients: Clients, code: str, status: int, kind: type[Exception]) -> None:
    stub = Stubber(clients.regional("lambda", REGION, patience=110, attempts=1))
    stub.add_client_error("invoke", code, "told by AWS", status)
    with stub, pytest.raises(kind, match="told by AWS"):
        execute(clients, InvokeFunction("f", REGION, BODY))


# SNS and SQS


def queue(clients: Clients, name: str) -> str:
    attributes: Any = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    return clients.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def received(clients: Clients, url: str) -> list[dict[str, Any]]:
    answer = clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
    return [dict(message) for message in answer.get("Messages", [])]


def test_a_standard_queue(clients: Clients) -> None:
    url = queue(clients, "queue")
    execute(clients, SendToAws("sqs", QUEUE, BODY, "a group that it has not"))
    (message,) = received(clients, url)
    assert message["Body"] == BODY
    assert "MessageGroupId" not in message["Attributes"]


@pytest.mark.parametrize(("group", "wanted"), [("", "t"), ("g", "g")])
def test_a_fifo_queue_knows_a_repetition(clients: Clients, group: str, wanted: str) -> None:
    url = queue(clients, "queue.fifo")
    for _ in range(2):
        execute(clients, SendToAws("sqs", f"{QUEUE}.fifo", BODY, group))
    (message,) = received(clients, url)
    assert message["Body"] == BODY
    assert message["Attributes"]["MessageGroupId"] == wanted
    assert message["Attributes"]["MessageDeduplicationId"] == FIRING.id


def test_one_call_and_no_right_but_to_send(clients: Clients) -> None:
    queue(clients, "queue")
    wire = Wire(clients.regional("sqs", REGION))
    execute(clients, SendToAws("sqs", QUEUE, BODY))
    assert dict(wire.calls) == {"SendMessage": 1}


@pytest.mark.parametrize("name", ["topic", "topic.fifo"])
def test_a_topic(clients: Clients, name: str) -> None:
    fifo = name.endswith(".fifo")
    attributes = {"FifoTopic": "true"} if fifo else {}
    arn = clients.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    url = queue(clients, name.replace("topic", "queue"))
    clients.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=QUEUE + (".fifo" if fifo else ""))
    wire = Wire(clients.regional("sns", REGION))
    assert execute(clients, SendToAws("sns", arn, BODY)) == f"{arn}: published"
    (message,) = received(clients, url)
    assert json.loads(message["Body"])["Message"] == BODY
    more = {"MessageGroupId": "t", "MessageDeduplicationId": FIRING.id} if fifo else {}
    assert wire.requests == [{"TopicArn": arn, "Message": BODY, **more}]


@pytest.mark.parametrize("effect", [SendToAws("sns", TOPIC, BODY), SendToAws("sqs", QUEUE, BODY)])
def test_a_target_that_is_not_there(clients: Clients, effect: SendToAws) -> None:
    with pytest.raises(NotFound, match=effect.target):
        execute(clients, effect)


# EventBridge


@pytest.mark.parametrize("target", ["default", BUS])
def test_an_event_is_put(clients: Clients, target: str) -> None:
    region = REGION if target.startswith("arn:") else ""
    entry = {"EventBusName": BUS, "Source": "argosy", "DetailType": "fired", "Detail": BODY}
    stub = Stubber(clients.regional("events", region))
    stub.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}, {"Entries": [entry]})
    with stub:
        assert execute(clients, SendToAws("eventBridge", target, BODY, "", "argosy", "fired")) == f"{BUS}: event put"


def test_an_event_that_was_not_taken(clients: Clients) -> None:
    stub = Stubber(clients.regional("events", ""))
    failed = {"ErrorCode": "InvalidArgument", "ErrorMessage": "no bus"}
    stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [failed]})
    with stub, pytest.raises(Permanent, match=r"no bus \(InvalidArgument\)"):
        execute(clients, SendToAws("eventBridge", "default", BODY, "", "argosy", "fired"))


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "InternalException"])
def test_an_event_that_may_be_taken_later(clients: Clients, code: str) -> None:
    """EventBridge tells of throttling entry by entry, in an answer of status 200."""
    stub = Stubber(clients.regional("events", ""))
    stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "later"}]})
    with stub, pytest.raises(Unavailable, match="later"):
        execute(clients, SendToAws("eventBridge", "default", BODY, "", "argosy", "fired"))


# Step Functions


def machine(clients: Clients) -> Any:
    states = clients.regional("stepfunctions", REGION)
    definition = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
    states.create_state_machine(name="m", definition=definition, roleArn=ROLE)
    return states


def test_an_execution_is_named_after_firing_and_attempt(clients: Clients) -> None:
    states = machine(clients)
    for _ in range(2):
        execute(clients, SendToAws("stepFunctions", MACHINE, BODY))
    (execution,) = states.list_executions(stateMachineArn=MACHINE)["executions"]
    assert execution["name"] == f"{FIRING.id}-2"
    assert states.describe_execution(executionArn=execution["executionArn"])["input"] == BODY


def test_an_execution_that_has_ended_is_not_started_again(clients: Clients) -> None:
    """Step Functions answers with an error then; the firing has had its effect."""
    Wire(machine(clients)).answer("StartExecution", 400, "ExecutionAlreadyExists")
    assert "started before" in execute(clients, SendToAws("stepFunctions", MACHINE, BODY))


def test_a_state_machine_that_is_not_there(clients: Clients) -> None:
    with pytest.raises(Permanent, match="State Machine Does Not Exist"):
        execute(clients, SendToAws("stepFunctions", MACHINE, BODY))
