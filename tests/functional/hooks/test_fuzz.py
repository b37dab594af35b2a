"""Any body and header at every HTTP source, through functions/webhook: an answer, and never one of the server's errors.

ARGOSY_FUZZ: bodies per source (default 200).
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy.ports.fakes.secrets import FakeSecrets
from argosy.resources.eventsource import HTTP_TYPES
from support.events import event_source
from support.functions import invoke, recorded
from support.hooks import ENTRIES, SECRET, SECRETS, SIGNED, TOPIC
from support.services import FakeInstallation

MANY = int(os.environ.get("ARGOSY_FUZZ", "200"))
WORDS = (
    *("Type Message MessageId TopicArn SubscribeURL SigningCertURL Signature SignatureVersion Notification".split()),
    *("type token challenge event payload command url_verification event_callback".split()),
    *("eventKey changes repo:refs_changed SubscriptionConfirmation Records s3 object key X-GitHub-Event".split()),
    *("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription 1 2".split()),
    SECRET,
    TOPIC,
)
texts = st.sampled_from(WORDS) | st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=12,
)
documents = values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
pairs = st.lists(st.tuples(texts, texts | values.map(json.dumps)), max_size=4)
forms = pairs.map(lambda found: "&".join(f"{name}={value}" for name, value in found).encode("utf-8", "surrogatepass"))
nested = st.integers(1, 3000).map(lambda depth: b'{"a":' * depth + b"1" + b"}" * depth)
bodies = documents | forms | nested | st.binary(max_size=200)
headers = st.dictionaries(
    st.sampled_from(
        "Content-Type X-Hub-Signature X-Hub-Signature-256 X-Gitlab-Token X-Slack-Signature Authorization "
        "X-Slack-Request-Timestamp X-GitHub-Event X-GitHub-Delivery".split()
    ),
    st.text(max_size=30) | st.sampled_from(["application/json", "application/x-www-form-urlencoded", "sha256=00"]),
    max_size=5,
)


@pytest.fixture(scope="module")
def made() -> FakeInstallation:
    found = FakeInstallation(secrets=FakeSecrets(SECRETS))
    for kind in HTTP_TYPES:
        fields = {"oneEventPerChange": True} if kind == "bitbucketserver" else {}
        fields |= {"validateSignature": True} if kind == "sns" else {}
        body = {kind: {"example": {**ENTRIES[kind], **fields}}}
        found.apply(event_source(body, name=kind.lower(), namespace="argo-events"))
    return found


@pytest.mark.parametrize("kind", HTTP_TYPES)
def test_any_request_is_answered(made: FakeInstallation, kind: str) -> None:
    @settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
    @given(body=bodies, more=headers, genuine=st.booleans(), method=st.sampled_from(["POST", "PUT", "HEAD"]))
    def fuzz(body: bytes, more: dict[str, str], genuine: bool, method: str) -> None:
        sent = {**more, **(SIGNED[kind](body) if genuine else {})}
        if "Content-Type" in more:
            sent["Content-Type"] = more["Content-Type"]
        answer = invoke("webhook", request(kind, method, body, sent), made)
        assert answer["statusCode"] < 500, answer
        for message in made.events():
            json.loads(message["event"]["data"])

    fuzz()


def request(kind: str, method: str, body: bytes, sent: dict[str, str]) -> dict[str, Any]:
    event = recorded("webhook")
    event["pathParameters"]["source"] = kind.lower()
    event["httpMethod"] = method
    event["headers"], event["multiValueHeaders"] = sent, {name: [value] for name, value in sent.items()}
    event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
    return event
