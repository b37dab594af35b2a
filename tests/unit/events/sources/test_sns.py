"""Event source `sns`: what counts as a notification, its payload, and what SNS sends by HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.events.sources.hooks import Answer, Ask, Problem, Visit, Vouch
from argosy.events.sources.sns import is_notification, payload
from argosy.resources.eventsource import SnsSource
from support.hooks import TOPIC, answer


def recorded(name: str) -> Any:
    """What the function `sources` finds in the message of a recorded batch."""
    (record,) = json.loads((Path(__file__).parents[4] / "events" / f"{name}.json").read_text())["Records"]
    return json.loads(record["body"])


def test_a_recorded_notification() -> None:
    message = recorded("sns")
    assert is_notification(message)
    got = json.loads(payload(SnsSource.model_validate({"metadata": {"k": "v"}}), message))
    assert got["body"] == message
    assert got["metadata"] == {"k": "v"}
    assert got["header"]["X-Amz-Sns-Topic-Arn"] == ["arn:aws:sns:eu-central-1:123456789012:orders"]
    assert got["header"]["X-Amz-Sns-Message-Id"] == [message["MessageId"]]


@pytest.mark.parametrize(
    "message", [{}, {"Type": "Notification"}, {"Type": "SubscriptionConfirmation", "TopicArn": "t", "MessageId": "m"}]
)
def test_what_is_none(message: dict[str, Any]) -> None:
    assert not is_notification(message)


# By HTTP

CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
CONFIRM = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
NOTIFICATION: dict[str, Any] = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": TOPIC,
    "Message": "hello",
    "Timestamp": "2026-01-01T00:00:00.000Z",
    "SignatureVersion": "1",
    "Signature": "c2ln",
    "SigningCertURL": CERTIFICATE,
}
CONFIRMATION = {
    **NOTIFICATION,
    "Type": "SubscriptionConfirmation",
    "Token": "t",
    "SubscribeURL": CONFIRM,
}


def sent(message: dict[str, Any], *, known: dict[Ask, bool] | None = None, validated: bool = False) -> Answer:
    return answer("sns", json.dumps(message), known=known, validateSignature=validated)


def test_a_notification_by_http() -> None:
    given = sent(NOTIFICATION)
    (data,) = given.events
    assert json.loads(data) == {"header": {}, "body": NOTIFICATION}
    assert given.origin == "m-1"


def test_a_subscription_is_confirmed_by_a_visit() -> None:
    asks = sent(CONFIRMATION).asks
    assert asks == Visit(CONFIRM)
    assert sent(CONFIRMATION, known={asks: True}) == Answer(200)
    assert sent(CONFIRMATION, known={asks: False}).problem is Problem.CONTENT


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.com/?Action=ConfirmSubscription",
        CONFIRM.replace("https", "http"),
        CONFIRM.replace("amazonaws.com", "amazonaws.com.evil.example"),
        CONFIRM.replace("ConfirmSubscription", "DeleteTopic"),
        CONFIRM.replace("orders", "others"),
        CONFIRM.replace("https://sns", "https://169.254.169.254/sns"),
        "https://[sns",
    ],
)
def test_no_other_url_is_visited(url: str) -> None:
    refused = sent({**CONFIRMATION, "SubscribeURL": url})
    assert (refused.problem, refused.asks) == (Problem.SIGNATURE, None)


def test_an_unsubscription_and_other_topics() -> None:
    assert sent({**CONFIRMATION, "Type": "UnsubscribeConfirmation"}) == Answer(200)
    for wrong in ({"TopicArn": TOPIC + "x"}, {"TopicArn": None}, {"Type": "Other"}, {"Type": None}):
        assert sent({**NOTIFICATION, **wrong}).problem is Problem.CONTENT


@pytest.mark.parametrize(("version", "digest"), [("1", "sha1"), ("2", "sha256")])
@pytest.mark.parametrize("subject", [None, "s"])
def test_what_the_certificate_is_to_vouch_for(version: str, digest: str, subject: str | None) -> None:
    message = {**NOTIFICATION, "SignatureVersion": version, "Subject": subject}
    vouch = sent(message, validated=True).asks
    assert isinstance(vouch, Vouch)
    shown = f"Subject\n{subject}\n" if subject else ""
    text = (
        f"Message\nhello\nMessageId\nm-1\n{shown}Timestamp\n2026-01-01T00:00:00.000Z\n"
        f"TopicArn\n{TOPIC}\nType\nNotification\n"
    )
    assert vouch == Vouch(CERTIFICATE, text.encode(), b"sig", digest)
    assert len(sent(message, validated=True, known={vouch: True}).events) == 1
    assert sent(message, validated=True, known={vouch: False}).problem is Problem.SIGNATURE


@pytest.mark.parametrize(
    "wrong",
    [
        {"SigningCertURL": "https://example.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem"},
        {"SigningCertURL": "https://evil.example\\@sns.eu-central-1.amazonaws.com:1/x.pem"},
        {"SigningCertURL": CERTIFICATE.replace("https", "http")},
        {"SigningCertURL": None},
        {"Signature": "é"},
        {"Signature": "abc"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": None},
    ],
)
def test_a_signature_that_cannot_be_checked(wrong: dict[str, Any]) -> None:
    refused = sent({**NOTIFICATION, **wrong}, validated=True)
    assert (refused.problem, refused.asks, refused.events) == (Problem.SIGNATURE, None, ())


def test_the_signature_goes_before_the_visit() -> None:
    vouch = sent(CONFIRMATION, validated=True).asks
    assert isinstance(vouch, Vouch)
    assert b"SubscribeURL" in vouch.text
    assert sent(CONFIRMATION, validated=True, known={vouch: True}).asks == Visit(CONFIRM)
    assert sent(CONFIRMATION, validated=True, known={vouch: False}).asks is None


@pytest.mark.parametrize("body", ["", "[]", "x", '{"a": 1e999}'])
def test_a_body_that_is_no_message(body: str) -> None:
    assert answer("sns", body).problem is Problem.BODY
