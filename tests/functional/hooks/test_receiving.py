"""functions/webhook for every type that comes by HTTP: recorded deliveries, what is refused, and the special answers."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from argosy.errors import NotFound, Unavailable
from argosy.ports.fakes.outside import FakeOutside
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.wiring import Place
from argosy.resources.eventsource import HTTP_TYPES
from support.events import Body, event_source
from support.functions import invoke, recorded
from support.hooks import ENTRIES, HOOK, SECRET, SECRETS, TOPIC, slack_headers
from support.services import FakeInstallation

RECORDED = {"storageGrid": "storage_grid", "sns": None}
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/x.pem"
CONFIRM = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
MESSAGE: Body = {"Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": "hello"}
SIGNED = {"SignatureVersion": "2", "Signature": "c2ln", "SigningCertURL": CERTIFICATE}


def installation(
    kind: str, outside: FakeOutside | None = None, *, secrets: FakeSecrets | None = None, **fields: Any
) -> FakeInstallation:
    made = FakeInstallation(secrets=secrets or FakeSecrets(SECRETS), outside=outside or FakeOutside())
    made.apply(event_source({kind: {"example": {**ENTRIES[kind], **fields}}}, name="s", namespace="argo-events"))
    return made


def delivery(kind: str, body: str | None = None, headers: dict[str, str] | None = None) -> Body:
    """The recorded delivery of a type, with another body or more headers; for SNS one like a webhook's."""
    event = recorded("webhook" if kind == "sns" else RECORDED.get(kind) or kind)
    event["pathParameters"]["source"] = "s"
    for name, value in (headers or {}).items():
        event["headers"][name] = value
        event["multiValueHeaders"][name] = [value]
    if body is not None:
        event["body"] = body
    return event


def published(made: FakeInstallation) -> list[Any]:
    return [(message["event"]["type"], json.loads(message["event"]["data"])) for message in made.events()]


@pytest.mark.parametrize("kind", sorted(set(HTTP_TYPES) - {"sns"}))
def test_a_recorded_delivery_is_published(kind: str) -> None:
    made = installation(kind)
    answer = invoke("webhook", delivery(kind), made)
    ((event_type, data),) = published(made)
    assert answer["statusCode"] == 200
    assert event_type == kind.lower()
    assert SECRET not in json.dumps(data)


@pytest.mark.parametrize("kind", ["bitbucketserver", "github", "slack"])
def test_a_changed_byte_is_refused(kind: str) -> None:
    made, event = installation(kind), delivery(kind)
    event["body"] = event["body"].replace("a", "b", 1)
    assert invoke("webhook", event, made)["statusCode"] == 401
    assert published(made) == []


def test_a_wrong_token_is_refused() -> None:
    made = installation("gitlab")
    assert invoke("webhook", delivery("gitlab", headers={"X-Gitlab-Token": "other"}), made)["statusCode"] == 401
    assert published(made) == []


def test_an_old_request_of_slack_is_refused() -> None:
    made = installation("slack")
    made.clock.advance(301)
    assert invoke("webhook", delivery("slack"), made)["statusCode"] == 401


def test_slack_is_answered_its_challenge() -> None:
    made = installation("slack")
    body = json.dumps({"token": SECRET, "type": "url_verification", "challenge": "3eZb"})
    answer = invoke("webhook", delivery("slack", body, slack_headers(body)), made)
    assert (answer["statusCode"], answer["body"]) == (200, "3eZb")
    assert published(made) == []


@pytest.mark.parametrize("kind", ["bitbucketserver", "github", "gitlab", "slack"])
def test_a_secret_that_cannot_be_read_takes_nothing(kind: str) -> None:
    made = installation(kind, secrets=FakeSecrets())
    assert invoke("webhook", delivery(kind), made)["statusCode"] == 500
    assert published(made) == []


@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        ("github", {}, 200),
        ("github", {"webhookSecret": None}, 403),
        ("gitlab", {}, 200),
        ("bitbucket", {}, 403),
        ("stripe", {}, 403),
        ("bitbucket", {"webhook": {**HOOK, "authSecret": {"name": "hooks", "key": "secret"}}}, 401),
    ],
)
def test_an_installation_that_takes_no_open_webhooks(kind: str, fields: Body, status: int) -> None:
    made = installation(kind, **fields)
    object.__setattr__(made.runtime, "open_webhooks", False)
    assert invoke("webhook", delivery(kind), made)["statusCode"] == status


@pytest.mark.parametrize(
    ("expression", "count"), [('body.ref == "refs/heads/main"', 1), ("body.ref == 1", 0), ("]", 0)]
)
def test_the_filter_of_an_entry(expression: str, count: int) -> None:
    made = installation("github", filter={"expression": expression})
    assert invoke("webhook", delivery("github"), made)["statusCode"] == 200
    assert len(published(made)) == count


def test_the_first_of_two_entries_on_one_endpoint() -> None:
    made = FakeInstallation(secrets=FakeSecrets(SECRETS))
    entries = {"first": ENTRIES["gerrit"], "second": ENTRIES["gerrit"]}
    made.apply(event_source({"gerrit": entries}, name="s", namespace="argo-events"))
    invoke("webhook", delivery("gerrit"), made)
    assert [message["event"]["subject"] for message in made.events()] == ["first"]


def test_one_event_for_each_change_of_a_push() -> None:
    made = installation("bitbucketserver", oneEventPerChange=True, webhookSecret=None)
    body = json.dumps({"eventKey": "repo:refs_changed", "changes": [1, 2]})
    answer = invoke("webhook", delivery("bitbucketserver", body), made)
    messages = made.events()
    assert [json.loads(message["event"]["data"])["body"]["changes"] for message in messages] == [[1], [2]]
    assert answer["headers"]["X-Argosy-Event-Id"] == messages[0]["event"]["id"] != messages[1]["event"]["id"]


# SNS


def sns(made: FakeInstallation, **message: Any) -> Any:
    return invoke("webhook", delivery("sns", json.dumps({**MESSAGE, **message})), made)


def test_a_notification_that_is_delivered_again_is_the_same_event() -> None:
    made = installation("sns")
    assert [sns(made)["statusCode"] for _ in range(2)] == [200, 200]
    first, second = made.events()
    assert first["event"]["id"] == second["event"]["id"]


def test_by_queue_and_by_http_it_is_the_same_event() -> None:
    made = FakeInstallation(place=Place("aws", "eu-central-1", "123456789012", "it", ("*",)))
    made.apply(event_source({"sns": {"example": ENTRIES["sns"]}}, name="s", namespace="argo-events"))
    invoke("sources", recorded("sns"), made)
    (by_queue,) = made.events()
    notification = json.loads(recorded("sns")["Records"][0]["body"])
    sns(made, **notification)
    (by_http,) = made.events()
    assert by_queue["event"]["id"] == by_http["event"]["id"]


def test_a_subscription_is_confirmed() -> None:
    outside = FakeOutside()
    made = installation("sns", outside)
    assert sns(made, Type="SubscriptionConfirmation", Token="t", SubscribeURL=CONFIRM)["statusCode"] == 200
    assert outside.visited == [CONFIRM]
    assert published(made) == []


@pytest.mark.parametrize("url", ["https://example.com/?Action=ConfirmSubscription", CONFIRM.replace("https:", "http:")])
def test_no_other_url_is_visited(url: str) -> None:
    outside = FakeOutside()
    answer = sns(installation("sns", outside), Type="SubscriptionConfirmation", SubscribeURL=url)
    assert (answer["statusCode"], outside.visited) == (401, [])


@pytest.mark.parametrize(
    ("problem", "status"), [(Unavailable("later"), 503), (NotFound("the certificate is not there"), 401)]
)
def test_what_cannot_be_told(problem: Any, status: int) -> None:
    made = installation("sns", FakeOutside(problems={CERTIFICATE: problem}), validateSignature=True)
    assert sns(made, **SIGNED)["statusCode"] == status
    assert published(made) == []


def test_a_signed_notification() -> None:
    text = f"Message\nhello\nMessageId\nm-1\nTopicArn\n{TOPIC}\nType\nNotification\n".encode()
    outside = FakeOutside({(CERTIFICATE, b"sig", "sha256"): text})
    made = installation("sns", outside, validateSignature=True)
    object.__setattr__(made.runtime, "open_webhooks", False)
    assert sns(made, **SIGNED)["statusCode"] == 200
    assert sns(made, **SIGNED, Message="hellp")["statusCode"] == 401
    assert sns(made, **{**SIGNED, "SigningCertURL": "https://example.com/x.pem"})["statusCode"] == 401
    assert sns(made)["statusCode"] == 401
    assert len(published(made)) == 1


def test_the_helpers_leave_recorded_payloads_alone() -> None:
    before = copy.deepcopy(recorded("github"))
    delivery("github", "{}", {"X-A": "b"})
    assert recorded("github") == before
