"""AWS for tests: what the adapters need, made with given clients; moto in place of AWS; faults on the way; the contract
suites as AWS keeps them.

The makers and the suites are for every AWS that there is: moto, LocalStack, an account.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.loaders import Loader
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from argosy.adapters.aws.clients import Clients
from argosy.errors import InvalidObject
from argosy.ports.blobs import Blobs
from argosy.ports.clock import Clock
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.queue import Outgoing, Queue, QueueSpec
from contracts.blobs import Aged, BlobsContract
from contracts.queue import QueueContract, bodies, grouped, texts

REGION = "eu-central-1"
ENVIRONMENT = {"AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_ANSWERED = "X-Answered"
_TEMPLATE = Path(__file__).parents[2] / "template.yaml"


# Resources


def make_table(client: DynamoDBClient, name: str) -> str:
    """A table as the template describes it; returns its name."""
    table = _template()["Resources"]["Table"]["Properties"]
    shape = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
    client.create_table(TableName=name, **{key: table[key] for key in shape})
    client.get_waiter("table_exists").wait(TableName=name)
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=table["TimeToLiveSpecification"])
    return name


def make_queues(client: SQSClient, specs: Iterable[QueueSpec], prefix: str = "") -> dict[str, str]:
    """Queues of these specs, dead letters wired; returns their URLs by logical name."""
    specs, urls, arns = list(specs), dict[str, str](), dict[str, str]()
    for spec in specs:
        attributes: Any = {"VisibilityTimeout": str(int(spec.visibility))} | (
            {"FifoQueue": "true"} if spec.fifo else {}
        )
        name = f"{prefix}{spec.name}" + (".fifo" if spec.fifo else "")
        urls[spec.name] = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        answer = client.get_queue_attributes(QueueUrl=urls[spec.name], AttributeNames=["QueueArn"])
        arns[spec.name] = answer["Attributes"]["QueueArn"]
    for spec in specs:
        if spec.dlq:
            policy = {"deadLetterTargetArn": arns[spec.dlq], "maxReceiveCount": spec.max_receives}
            client.set_queue_attributes(QueueUrl=urls[spec.name], Attributes={"RedrivePolicy": json.dumps(policy)})
    return urls


def make_bucket(client: S3Client, name: str, region: str = REGION) -> str:
    """A bucket; returns its name."""
    if region == "us-east-1":  # S3 refuses the name of its first region
        client.create_bucket(Bucket=name)
    else:
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]  # the stubs list regions as literals
    return name


@cache
def _template() -> Any:
    class Template(yaml.SafeLoader):
        """Reads CloudFormation's short functions as what they are applied to."""

    Template.add_multi_constructor("!", lambda _loader, _tag, node: node.value)
    return yaml.load(_TEMPLATE.read_text(), Template)  # noqa: S506 - it makes no objects


# moto


def at_once(seconds: float) -> None:
    """A pause that takes no time."""


@cache
def _loader(_: str | None = None) -> Loader:
    """The one of all sessions; each of its own reads megabytes of JSON for every client."""
    return Loader()


@contextlib.contextmanager
def mocked() -> Iterator[Clients]:
    """Clients of an empty AWS in this process.

    moto serves several threads at once without locks of its own and would lose updates that AWS does not lose: it is given
    one request at a time. botocore's pauses between attempts take no time, and what AWS's services are is read once.
    """
    lock, process = threading.Lock(), botocore_stubber.process_request

    def one_by_one(request: AWSPreparedRequest) -> Any:
        if _ANSWERED in request.headers:  # botocore asks all its listeners and takes the first answer
            return None
        with lock:
            return process(request)

    with (
        mock_aws(),
        patch.dict("os.environ", ENVIRONMENT),
        patch.object(botocore_stubber, "process_request", one_by_one),
        patch("botocore.endpoint.time", SimpleNamespace(sleep=at_once)),
        patch("botocore.session.create_loader", _loader),
    ):
        yield Clients(ENVIRONMENT)


@contextlib.contextmanager
def sqs_time(clock: Clock) -> Iterator[None]:
    """moto's SQS goes by `clock`, plus a microsecond at each look: what moto hides until now it hides a moment longer."""
    looks = itertools.count()

    def seconds(_: object = None) -> float:
        return clock.now().timestamp() + next(looks) / 1e6

    with (
        patch("moto.sqs.models.unix_time", seconds),
        patch("moto.sqs.models.unix_time_millis", lambda _=None: seconds() * 1000),
    ):
        yield


# Faults


@dataclass
class Wire:
    """Between a client and AWS. `calls` counts what a service was asked, attempts included: `calls["SendMessageBatch"]`."""

    client: Any
    calls: Counter[str] = field(default_factory=Counter)
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    _planned: list[tuple[str, Callable[[str, AWSPreparedRequest], AWSResponse | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client.meta.events.register_first("before-send", self._send)
        self.client.meta.events.register("provide-client-params", self._note)

    def answer(self, operation: str, status: int, code: str, *, times: int = 1, **more: Any) -> None:
        """The next `times` attempts of an operation are answered with an error of AWS's."""
        self._planned += [(operation, lambda *_: _error(status, code, more))] * times

    def answer_xml(self, operation: str, status: int, *, times: int = 1) -> None:
        """The same for S3, with the status alone."""
        body = "<Error><Message>told by AWS</Message></Error>"
        answered = AWSResponse("https://aws", status, {}, MockRawResponse(body))  # type: ignore[arg-type]  # as moto does
        self._planned += [(operation, lambda *_: answered)] * times

    def instead(self, operation: str, body: Mapping[str, Any], *, times: int = 1) -> None:
        """The next attempts of an operation are answered with this, and do nothing."""
        self._planned += [(operation, lambda *_: _response(200, body))] * times

    def lose_answer(self, operation: str) -> None:
        """The next attempt of an operation is carried out, and nobody hears of it."""

        def carry_out(event_name: str, request: AWSPreparedRequest) -> AWSResponse:
            botocore_stubber(event_name, request)
            return _error(500, "InternalServerError", {})

        self._planned.append((operation, carry_out))

    def _note(self, params: Mapping[str, Any], **_: Any) -> None:
        self.requests.append(params)

    def _send(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.calls[operation] += 1
        for index, (planned, answer) in enumerate(self._planned):
            if planned == operation:
                del self._planned[index]
                answered = answer(event_name, request)
                request.headers[_ANSWERED] = "yes"
                return answered
        return None


def _error(status: int, code: str, more: Mapping[str, Any]) -> AWSResponse:
    return _response(status, {"__type": f"com.amazonaws#{code}", "message": f"told by AWS: {code}", **more})


def _response(status: int, body: Mapping[str, Any]) -> AWSResponse:
    return AWSResponse("https://aws", status, {}, MockRawResponse(json.dumps(body)))  # type: ignore[arg-type]  # as moto does


# The contract suites, where AWS cannot but do otherwise


class SqsContract(QueueContract):
    """The suite of the Queue port as SQS keeps it."""

    received_when_dead = 4  # SQS goes on counting

    @pytest.mark.parametrize("body", ["é\n\r\t\"'\\ \U0001f642", '{"a": "\\u0000"}', "x" * 262_144, "{}"])
    def test_a_body_arrives_as_it_was(self, queue: Queue, body: str) -> None:
        super().test_a_body_arrives_as_it_was(queue, body)

    @pytest.mark.parametrize("body", ["", "nul\0", "\ufffe is no JSON", "x" * 262_145, "é" * 131_073])
    def test_what_sqs_would_not_take_is_refused_before(self, queue: Queue, body: str) -> None:
        """SQS takes the characters of XML, at least one and at most 256 KiB; services pack JSON of 200 KB at most."""
        with pytest.raises(InvalidObject, match="queue plain"):
            queue.send("plain", texts("good", body))
        assert queue.depth("plain").total == 0

    @pytest.mark.parametrize("char", ["\ufffe", "\uffff"])
    def test_json_keeps_its_meaning(self, queue: Queue, char: str) -> None:
        """The two characters that JSON may hold and SQS does not take are escaped."""
        queue.send("plain", texts(json.dumps({"text": f"a{char}b"}, ensure_ascii=False)))
        (got,) = queue.receive("plain", 1)
        assert json.loads(got.body) == {"text": f"a{char}b"}

    @pytest.mark.parametrize("delay", [1.0, 60.0, 900.0])
    def test_a_delayed_message_waits(self, queue: Queue, clock: FakeClock, delay: float) -> None:
        """SQS counts delays in whole seconds."""
        super().test_a_delayed_message_waits(queue, clock, delay)

    def test_a_part_of_a_second_is_rounded_up(self, queue: Queue, clock: FakeClock) -> None:
        queue.send("plain", [Outgoing("later", delay=0.5)])
        clock.advance(0.9)
        assert queue.receive("plain", 1) == []
        clock.advance(0.2)
        assert bodies(queue.receive("plain", 1)) == ["later"]

    def test_a_released_handle_is_void(self, queue: Queue) -> None:
        """To SQS a handle is good until the message is received again: one that was released can still be deleted."""
        queue.send("plain", texts("one"))
        (one,) = queue.receive("plain", 1)
        queue.release("plain", [one.handle])
        queue.delete("plain", [one.handle])
        assert queue.depth("plain").total == 0


class EmulatedSqsContract(SqsContract):
    """On moto and LocalStack, which obey every handle that a message has ever had, SQS only the latest."""

    def test_a_stale_handle_does_nothing(self, queue: Queue, clock: FakeClock) -> None:
        """What is left: it does not raise."""
        queue.send("plain", texts("one"))
        (first,) = queue.receive("plain", 1)
        clock.advance(31)
        queue.receive("plain", 1)
        queue.delete("plain", [first.handle])
        queue.release("plain", [first.handle])

    def test_a_group_waits_for_what_is_redelivered(self, queue: Queue, clock: FakeClock) -> None:
        """Without the delete by a stale handle."""
        queue.send("ordered", grouped("a1", "a2"))
        queue.receive("ordered", 1)
        clock.advance(31)
        assert bodies(queue.receive("ordered", 1)) == ["a1"]
        assert queue.receive("ordered", 1) == []


class S3Contract(BlobsContract):
    """The suite of the Blobs port as S3 keeps it."""

    def test_the_sweep_removes_what_is_old(self, blobs: Blobs, aged: Aged) -> None:
        """The bucket's lifecycle sweeps, prefix by prefix; the port's sweep would take what belongs to rows along."""
        blobs.put("old/1", b"x")
        assert blobs.sweep(aged(1000)) == 0
        assert blobs.get("old/1") == b"x"
