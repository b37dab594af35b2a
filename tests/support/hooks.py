"""Event sources that come by HTTP, for tests: a manifest of each type, its secrets, and requests that are right."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from argosy.events.sources import hook_source
from argosy.events.sources.hooks import AUTH, Answer, Ask, Request, answered
from argosy.resources.base import parse
from argosy.resources.eventsource import EventSource
from argosy.resources.manifests import Manifest
from support.events import Body

HOOK: Body = {"endpoint": "/example", "port": "12000", "method": "POST"}
SECRET = "s3cret"
REF = {"name": "hooks", "key": "secret"}
SECRETS = {"argo-events": {"hooks": {"secret": SECRET}}}
NOW = 1767225600
TOPIC = "arn:aws:sns:eu-central-1:123456789012:orders"

ENTRIES: Mapping[str, Body] = {
    "bitbucket": {"webhook": HOOK, "repositories": [{"owner": "o", "repositorySlug": "r"}]},
    "bitbucketserver": {"webhook": HOOK, "bitbucketserverBaseURL": "https://b", "webhookSecret": REF},
    "gerrit": {"webhook": HOOK, "projects": ["p"], "events": ["ref-updated"], "gerritBaseURL": "https://g", "auth": {}},
    "github": {"webhook": HOOK, "repositories": [{"owner": "o", "names": ["r"]}], "webhookSecret": REF},
    "gitlab": {
        "webhook": HOOK,
        "events": ["PushEvents"],
        "gitlabBaseURL": "https://g",
        "accessToken": REF,
        "secretToken": REF,
    },
    "slack": {"webhook": HOOK, "token": REF, "signingSecret": REF},
    "sns": {"webhook": HOOK, "region": "eu-central-1", "topicArn": TOPIC},
    "storageGrid": {
        "webhook": HOOK,
        "topicArn": TOPIC,
        "apiURL": "https://a",
        "bucket": "orders",
        "authToken": REF,
        "events": [],
    },
    "stripe": {"webhook": HOOK},
    "webhook": HOOK,
}
"""An entry of each type, with a secret where it can have one."""


def entry(kind: str, **fields: Any) -> Any:
    """The entry of a type with other fields, as its model."""
    spec = {kind: {"example": {**ENTRIES[kind], **fields}}}
    return parse(EventSource, Manifest({"spec": spec})).spec.of(kind)["example"]


def answer(
    kind: str,
    body: str | bytes,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/example",
    secrets: Mapping[str, str] | None = None,
    now: float = NOW,
    known: Mapping[Ask, bool] | None = None,
    **fields: Any,
) -> Answer:
    """What the source of a type answers to a request; all its secrets can be read unless others are given."""
    made = entry(kind, **fields)
    names = {AUTH, *hook_source(kind).secrets(made)}
    raw = body if isinstance(body, bytes) else body.encode()
    request = Request(method, path, {name: [value] for name, value in (headers or {}).items()}, "", raw)
    found = dict.fromkeys(names, SECRET) if secrets is None else secrets
    return answered(hook_source(kind), made, request, found, now, known)


def signature(body: str | bytes, digest: str = "sha256", secret: str = SECRET) -> str:
    """The hex HMAC of a body."""
    raw = body if isinstance(body, bytes) else body.encode()
    return hmac.digest(secret.encode(), raw, digest).hex()


def github_headers(body: str | bytes) -> dict[str, str]:
    """As GitHub signs."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": "d-1",
        "X-Hub-Signature-256": f"sha256={signature(body)}",
    }


def slack_headers(body: str | bytes, at: int | str = NOW, content_type: str = "application/json") -> dict[str, str]:
    """As Slack signs."""
    raw = body if isinstance(body, bytes) else body.encode()
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={signature(b'v0:' + str(at).encode() + b':' + raw)}",
    }


def plain_headers(_: str | bytes) -> dict[str, str]:
    """Those of a sender that signs nothing."""
    return {"Content-Type": "application/json"}


SIGNED: Mapping[str, Callable[[str | bytes], dict[str, str]]] = {
    **dict.fromkeys(ENTRIES, plain_headers),
    "bitbucketserver": lambda body: {"X-Hub-Signature": f"sha256={signature(body)}"},
    "github": github_headers,
    "gitlab": lambda _: {"X-Gitlab-Token": SECRET},
    "slack": slack_headers,
}
"""The headers of a genuine request of each type, by its body."""
