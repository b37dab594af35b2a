"""Executor of `awsLambda` and `aws` effects.

What may be reached is a list of ARN patterns (the stack's AllowedTargetArns): the installation's role is nobody's deputy.
An execution of Step Functions is named after its firing and attempt, so that starting it again is no second one; a FIFO
queue or topic is given the firing's id as deduplication id; for the others the claim of the firing is what keeps them
from being sent twice.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import is_overload, telling
from argosy.errors import Denied, Permanent, Unavailable
from argosy.events.effects import InvokeFunction, SendToAws
from argosy.events.tracing import trace_headers
from argosy.ports.executor import FiringInfo

__all__ = ["AwsExecutor"]

_SHOWN: Final = 500
# Asked once: whoever asks again after a time-out has invoked twice. The trigger function itself ends after 120 s.
_INVOKE_SECONDS: Final = 110


class AwsExecutor:
    """`allowed`: patterns of ARNs that may be reached, None = any; `partition` and `account` complete short names."""

    def __init__(self, clients: Clients, allowed: Sequence[str] | None, *, partition: str, account: str) -> None:
        self._clients, self._allowed = clients, allowed
        self._partition, self._account = partition, account

    async def execute(self, effect: InvokeFunction | SendToAws, firing: FiringInfo) -> str:
        """See `Executor.execute`."""
        if isinstance(effect, InvokeFunction):
            return await asyncio.to_thread(self._invoke, effect, firing)
        send = {"sns": self._publish, "sqs": self._send, "eventBridge": self._put, "stepFunctions": self._start}
        return await asyncio.to_thread(send[effect.service], effect, firing)

    def _check(self, arn: str) -> None:
        if self._allowed is not None and not any(fnmatchcase(arn, pattern) for pattern in self._allowed):
            raise Denied(f"{arn} is not among the stack's AllowedTargetArns; add it there and deploy")

    def _invoke(self, effect: InvokeFunction, firing: FiringInfo) -> str:
        arn = effect.function
        if not arn.startswith("arn:"):
            arn = f"arn:{self._partition}:lambda:{effect.region}:{self._account}:function:{effect.function}"
        self._check(arn)
        with telling(arn):
            functions = self._clients.regional("lambda", effect.region, patience=_INVOKE_SECONDS, attempts=1)
            answer = functions.invoke(
                FunctionName=arn,
                InvocationType=effect.invocation_type,
                Payload=effect.payload.encode(),
                **_client_context(firing),
            )
        if answer.get("FunctionError"):
            said = answer["Payload"].read()[:_SHOWN].decode("utf-8", "replace")
            raise Permanent(f"{arn}: the function ended with an error: {said}")
        status = int(answer["StatusCode"])
        if effect.allow is not None and status not in effect.allow:
            raise Permanent(f"{arn}: status {status} is not one that the trigger's policy allows")
        return f"{arn}: {status}"

    def _publish(self, effect: SendToAws, firing: FiringInfo) -> str:
        self._check(effect.target)
        more = _fifo(effect, firing)
        with telling(effect.target):
            self._clients.regional("sns", _region(effect.target)).publish(
                TopicArn=effect.target, Message=effect.body, **more
            )
        return f"{effect.target}: published"

    def _send(self, effect: SendToAws, firing: FiringInfo) -> str:
        self._check(effect.target)
        more, sqs = _fifo(effect, firing), self._clients.regional("sqs", _region(effect.target))
        account, name = effect.target.split(":", 5)[4:]
        # Asking for the URL would be a call more and a right more (sqs:GetQueueUrl).
        url = f"{sqs.meta.endpoint_url}/{account}/{name}"
        with telling(effect.target):
            sqs.send_message(QueueUrl=url, MessageBody=effect.body, **more)
        return f"{effect.target}: sent"

    def _put(self, effect: SendToAws, firing: FiringInfo) -> str:
        region = _region(effect.target) if effect.target.startswith("arn:") else ""
        events = self._clients.regional("events", region)
        arn = effect.target
        if not region:
            arn = f"arn:{self._partition}:events:{events.meta.region_name}:{self._account}:event-bus/{effect.target}"
        self._check(arn)
        entry = {"EventBusName": arn, "Source": effect.source, "DetailType": effect.detail_type, "Detail": effect.body}
        with telling(arn):
            answer = events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            failed = answer["Entries"][0]
            code = failed.get("ErrorCode", "")
            later = is_overload(code) or code.startswith("Internal")
            raise (Unavailable if later else Permanent)(f"{arn}: {failed.get('ErrorMessage')} ({code})")
        return f"{arn}: event put"

    def _start(self, effect: SendToAws, firing: FiringInfo) -> str:
        self._check(effect.target)
        states = self._clients.regional("stepfunctions", _region(effect.target))
        name = f"{firing.id}-{firing.attempt}"
        with telling(effect.target):
            try:
                states.start_execution(stateMachineArn=effect.target, name=name, input=effect.body)
            except states.exceptions.ExecutionAlreadyExists:
                return f"{effect.target}: {name} was started before"
        return f"{effect.target}: started"


def _client_context(firing: FiringInfo) -> dict[str, Any]:
    """The trace, as the function finds it in `context.client_context.custom`."""
    custom = trace_headers(firing.trace, firing.id)
    return {"ClientContext": base64.b64encode(orjson.dumps({"custom": custom})).decode()} if custom else {}


def _fifo(effect: SendToAws, firing: FiringInfo) -> dict[str, Any]:
    if not effect.target.endswith(".fifo"):
        return {}
    return {"MessageGroupId": effect.group or firing.trigger, "MessageDeduplicationId": firing.id}


def _region(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) < 6:
        raise Permanent(f"{arn!r} is not an ARN")
    return parts[3]
