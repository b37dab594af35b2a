"""Event source `sns`: a notification of an SNS topic in, the event's payload out, be it by a queue or by HTTP.

Follows `pkg/eventsources/sources/awssns/start.go` of Argo Events 1.9, whose payload holds the request's headers and
the notification as it stands. A stack on AWS subscribes its queue to the topic; then the headers are the ones that
SNS sends with it by HTTP. By HTTP a subscription's confirmation is answered by visiting the URL that it names, where
Argo calls SNS with the entry's credentials; `validateSignature` checks every message against SNS's certificate. Both
URLs must be SNS's own. Different on purpose: messages of other topics are refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from argosy.errors import Denied, EvaluationError
from argosy.events.jsontext import read_json
from argosy.events.sources.bodies import compact_json, with_metadata
from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem, Visit, Vouch, json_event
from argosy.resources.sources.http import SnsSource

__all__ = ["Sns", "is_notification", "own_url", "payload"]

_AGENT: Final = "Amazon Simple Notification Service Agent"
_HOST: Final = re.compile(r"sns\.[a-zA-Z0-9\-]{3,}\.amazonaws\.com(\.cn)?")
_DIGESTS: Final = {"1": "sha1", "2": "sha256"}
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Sns(HookSource[SnsSource]):
    """SNS by HTTP; with `validateSignature` its messages prove where they come from."""

    def proven(self, entry: SnsSource) -> bool:
        """See `HookSource.proven`."""
        return entry.validate_signature

    def answer(self, entry: SnsSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        text = compact_json(delivery.body)
        try:
            message = read_json(text.decode()) if text is not None else None
        except EvaluationError:
            message = None
        if not isinstance(message, dict):
            return Answer(400, problem=Problem.BODY)
        if message.get("TopicArn") != entry.topic_arn or message.get("Type") not in _SIGNED:
            return Answer(400, problem=Problem.CONTENT)
        try:
            refusal = _unvouched(message, delivery) if entry.validate_signature else None
            return refusal or _answer(entry, delivery, message)
        except Denied:
            return Answer(400, problem=Problem.SIGNATURE)


def is_notification(message: Mapping[str, Any]) -> bool:
    """Whether a message is what SNS puts in a queue that subscribes to a topic."""
    return message.get("Type") == "Notification" and isinstance(message.get("TopicArn"), str) and "MessageId" in message


def payload(entry: SnsSource, message: Mapping[str, Any]) -> str:
    """The payload of one notification that came by a queue."""
    headers = {
        "Content-Type": ["text/plain; charset=UTF-8"],
        "User-Agent": [_AGENT],
        "X-Amz-Sns-Message-Id": [message["MessageId"]],
        "X-Amz-Sns-Message-Type": ["Notification"],
        "X-Amz-Sns-Topic-Arn": [message["TopicArn"]],
    }
    return with_metadata(b'{"header":' + orjson.dumps(headers) + b',"body":' + orjson.dumps(message), entry.metadata)


def own_url(url: str) -> str:
    """A URL that a message names, if it is one of SNS's own; put together anew, so that all read the same in it.

    Raises Denied.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme != "https" or not _HOST.fullmatch(host):
        raise Denied("the URL is not one of SNS's own")
    return f"https://{host}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")


def _answer(entry: SnsSource, delivery: Delivery, message: Mapping[str, Any]) -> Answer:
    if message["Type"] == "SubscriptionConfirmation":
        visit = Visit(_confirming(str(message.get("SubscribeURL", "")), entry.topic_arn))
        if visit not in delivery.known:
            return Answer(200, asks=visit)
        return Answer(200) if delivery.known[visit] else Answer(400, problem=Problem.CONTENT)
    if message["Type"] != "Notification":
        return Answer(200)
    return json_event(delivery, entry.metadata, name="header", origin=str(message.get("MessageId", "")))


def _confirming(url: str, topic: str) -> str:
    """The URL, if it is SNS's own and confirms a subscription to this topic. Raises Denied."""
    own = own_url(url)
    asked = dict(parse_qsl(own.partition("?")[2]))
    if (asked.get("Action"), asked.get("TopicArn")) != ("ConfirmSubscription", topic):
        raise Denied("the URL does not confirm a subscription to the topic")
    return own


def _unvouched(message: Mapping[str, Any], delivery: Delivery) -> Answer | None:
    """What is to be asked about the signature, or that it is wrong; None when it is right."""
    digest = _DIGESTS.get(str(message.get("SignatureVersion")))
    if digest is None:
        raise Denied("the version of the signature is not known")
    try:
        signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
    except (binascii.Error, ValueError) as x:
        raise Denied("the signature is not base64") from x
    names = _SIGNED[message["Type"]]
    signed = "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None)
    url = own_url(str(message.get("SigningCertURL", "")))
    vouch = Vouch(url, signed.encode("utf-8", "surrogatepass"), signature, digest)
    if vouch not in delivery.known:
        return Answer(200, asks=vouch)
    return None if delivery.known[vouch] else Answer(400, problem=Problem.SIGNATURE)
