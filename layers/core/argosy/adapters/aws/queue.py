"""Queue port on SQS.

What SQS does otherwise than the embedded queue, by its nature:

- Order is a matter of FIFO queues alone, and `receive` may come back empty-handed although a message is there.
- Delays count in whole seconds; they are rounded up.
- A send of more than one batch can fail in its middle, and its caller's repetition sends again what was through.
- A message that was released can still be deleted by its old handle.
- The receive count goes on in the dead-letter queue.

SQS takes texts of XML's characters alone, and no empty one. Other characters are possible in JSON, where an escape means the
same: U+FFFE and U+FFFF become one. In an attribute they become U+FFFD. What else SQS would refuse of a body is InvalidObject
before anything is sent.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

import orjson

from argosy.adapters.aws.batches import MAX_BYTES, MAX_ENTRIES, Failure, batches, entry_size, seconds, through
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.errors import InvalidObject, NotFound, Permanent, Unavailable
from argosy.ports.queue import Delivery, Depth, Outgoing, QueueSpec
from argosy.ports.queuerules import check_outgoing

__all__ = ["SqsQueue", "queue_urls", "queue_variable"]

_NO_TEXT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEPTH: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
# Handles of a message that is gone, of another queue, or no longer in flight. Not everybody calls this the sender's fault.
_VOID: Final = frozenset(
    {
        "AWS.SimpleQueueService.MessageNotInflight",
        "InvalidParameterValueException",
        "MessageNotInflight",
        "ReceiptHandleIsInvalid",
    }
)

type Message = Mapping[str, Any]


def queue_variable(queue: str) -> str:
    """The environment variable that holds a queue's URL."""
    return "ARGOSY_QUEUE_" + queue.upper().replace("-", "_")


def queue_urls(specs: Iterable[QueueSpec], environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """URLs by queue name from ARGOSY_QUEUE_<NAME>, upper case and `_` for `-`, as far as they are set."""
    given = os.environ if environ is None else environ
    names = {spec.name: queue_variable(spec.name) for spec in specs}
    return {name: given[variable] for name, variable in names.items() if given.get(variable)}


class SqsQueue:
    """The queues of `specs` at `urls`. Without a URL a dead-letter queue is found through the queue that fills it.

    `wait` in seconds: how long a receive waits for a first message; above 0 it asks all of SQS's servers and not some.
    `drain`: a receive that has found messages asks again until there are no more; without it one answer is enough.
    """

    def __init__(
        self,
        specs: Iterable[QueueSpec],
        urls: Mapping[str, str],
        clients: Clients,
        *,
        wait: int = 1,
        drain: bool = True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._urls = dict(urls)
        self._clients, self._wait, self._drain, self._sleep = clients, wait, drain, sleep

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        """See `Queue.send`. Unavailable names how many were not sent; those that were are there."""
        spec, url = self._spec(queue), self._url(queue)
        check_outgoing(spec, messages)
        entries = [_entry(spec, str(number), message) for number, message in enumerate(messages)]
        ids: dict[str, str] = {}
        refused: list[Failure] = []
        for batch in batches(entries, entry_size):
            sent, failed = self._send(queue, url, batch)
            ids |= {one["Id"]: one["MessageId"] for one in sent}
            refused += failed
            if failed and spec.fifo:  # what follows must not overtake
                break
        if refused or len(ids) < len(entries):
            raise _unsent(queue, len(entries) - len(ids), len(entries), refused)
        return [ids[entry["Id"]] for entry in entries]

    def receive(self, queue: str, limit: int) -> list[Delivery]:
        """See `Queue.receive`. Ten messages in a call, as many calls as give any."""
        self._spec(queue)
        found: list[Delivery] = []
        while len(found) < limit:
            wait = 0 if found else self._wait
            more = self._receive(queue, min(limit - len(found), MAX_ENTRIES), wait)
            if not more:
                break
            found += [_delivery(message) for message in more]
            if not self._drain:
                break
        return found

    def delete(self, queue: str, handles: Sequence[str]) -> None:
        """See `Queue.delete`."""
        self._spec(queue)
        self._settle("delete_message_batch", queue, [{"ReceiptHandle": handle} for handle in handles])

    def release(self, queue: str, handles: Sequence[str], delay: float = 0.0) -> None:
        """See `Queue.release`."""
        self._spec(queue)
        entries = [{"ReceiptHandle": handle, "VisibilityTimeout": seconds(delay)} for handle in handles]
        self._settle("change_message_visibility_batch", queue, entries)

    def depth(self, queue: str) -> Depth:
        """See `Queue.depth`. SQS counts approximately, and up to a minute late."""
        self._spec(queue)
        with telling(f"queue {queue}"):
            answer = self._clients.sqs.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=list(_DEPTH))
        attributes = cast("Mapping[str, str]", answer.get("Attributes", {}))
        return Depth(*(int(attributes.get(name, 0)) for name in _DEPTH))

    def _send(self, queue: str, url: str, batch: list[dict[str, Any]]) -> tuple[list[Any], list[Failure]]:
        def call(entries: Any) -> tuple[Sequence[Any], Sequence[Failure]]:
            with telling(f"queue {queue}"):
                answer = self._clients.sqs.send_message_batch(QueueUrl=url, Entries=entries)
            return answer.get("Successful", []), answer.get("Failed", [])

        return through(call, batch, self._sleep)

    def _receive(self, queue: str, limit: int, wait: int) -> Sequence[Message]:
        with telling(f"queue {queue}"):
            answer = self._clients.sqs.receive_message(
                QueueUrl=self._url(queue),
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=wait,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        messages: Sequence[Any] = answer.get("Messages", [])
        return messages

    def _settle(self, method: str, queue: str, entries: list[dict[str, Any]]) -> None:
        """Delete or release. A handle that SQS no longer knows is what the port calls void: nothing happens."""
        url = self._url(queue)

        def call(batch: list[dict[str, Any]]) -> tuple[Sequence[Any], Sequence[Failure]]:
            with telling(f"queue {queue}"):
                answer = getattr(self._clients.sqs, method)(QueueUrl=url, Entries=batch)
            failed = [failure for failure in answer.get("Failed", []) if failure["Code"] not in _VOID]
            return answer.get("Successful", []), failed

        for batch in batches({"Id": str(number), **entry} for number, entry in enumerate(entries)):
            _, failed = through(call, batch, self._sleep)
            left = [failure for failure in failed if not failure.get("SenderFault")]
            if left:
                raise Unavailable(f"queue {queue}: {len(left)} of {len(batch)} handles not settled: {_reason(left)}")

    def _spec(self, queue: str) -> QueueSpec:
        spec = self._specs.get(queue)
        if spec is None:
            raise NotFound(f"queue {queue} is not declared")
        return spec

    def _url(self, queue: str) -> str:
        url = self._urls.get(queue)
        if url is None:
            url = self._urls[queue] = self._dead_letters(queue)
        return url

    def _dead_letters(self, queue: str) -> str:
        source = next(
            (spec.name for spec in self._specs.values() if spec.dlq == queue and spec.name in self._urls), None
        )
        if source is None:
            raise NotFound(f"queue {queue} has no URL: set {queue_variable(queue)}")
        with telling(f"queue {queue}, dead letters of {source}"):
            answer = self._clients.sqs.get_queue_attributes(
                QueueUrl=self._urls[source], AttributeNames=["RedrivePolicy"]
            )
            policy = answer.get("Attributes", {}).get("RedrivePolicy")
            if not policy:
                raise NotFound(f"queue {queue} has no URL, and queue {source} sends its dead letters nowhere")
            *_, account, name = str(orjson.loads(policy)["deadLetterTargetArn"]).split(":")
            return self._clients.sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]


def _entry(spec: QueueSpec, number: str, message: Outgoing) -> dict[str, Any]:
    entry: dict[str, Any] = {"Id": number, "MessageBody": _text(spec.name, message.body)}
    if message.attributes:
        entry["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
        }
    if message.delay:
        entry["DelaySeconds"] = seconds(message.delay)
    if message.attributes:
        entry["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": _NO_TEXT.sub("\ufffd", value)}
            for name, value in message.attributes.items()
        }
    if spec.fifo:
        entry |= {"MessageGroupId": message.group, "MessageDeduplicationId": message.dedup or os.urandom(16).hex()}
    if entry_size(entry) > MAX_BYTES:
        raise InvalidObject(
            f"queue {spec.name}: a message of {entry_size(entry):,} bytes; SQS takes {MAX_BYTES:,} at most"
        )
    return entry


def _text(queue: str, body: str) -> str:
    found = _NO_TEXT.search(body)
    if body and found is None:
        return body
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        what = f"the character U+{ord(found[0]):04X}" if found else "no text at all"
        raise InvalidObject(f"queue {queue}: a message with {what}; SQS takes texts of XML's characters") from None
    return _NO_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", body)


def _delivery(message: Message) -> Delivery:
    system: Mapping[str, str] = message["Attributes"]
    own = message.get("MessageAttributes", {})
    return Delivery(
        message["MessageId"],
        message["Body"],
        message["ReceiptHandle"],
        int(system["ApproximateReceiveCount"]),
        int(system["SentTimestamp"]) / 1000,
        system.get("MessageGroupId", ""),
        {name: value["StringValue"] for name, value in own.items() if "StringValue" in value},
    )


def _unsent(queue: str, missing: int, total: int, failures: Sequence[Failure]) -> Permanent | Unavailable:
    text = f"queue {queue}: {missing} of {total} messages were not sent: {_reason(failures)}"
    faults = [failure for failure in failures if failure.get("SenderFault")]
    return Permanent(text) if faults and len(faults) == len(failures) else Unavailable(text)


def _reason(failures: Sequence[Failure]) -> str:
    return "; ".join(
        sorted({f"{failure.get('Message') or 'no reason given'} ({failure['Code']})" for failure in failures})
    )
