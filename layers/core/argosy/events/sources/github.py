"""Event source `github`: a delivery of a GitHub webhook becomes an event with its headers.

Follows `pkg/eventsources/sources/github/start.go` of Argo Events 1.9 and `ValidatePayload` of go-github: content type, then
the signature over the raw body, then the payload, which must be an object and is given the keys X-GitHub-Event and
X-GitHub-Delivery. Different on purpose: the payload's numbers and the order of its keys stay as GitHub wrote them.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

import orjson

from argosy.errors import ArgosyError, Denied, EvaluationError
from argosy.events.jsontext import read_json, write_json
from argosy.events.sources.bodies import compact_json
from argosy.events.sources.forms import media_type, strict_form
from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem, enveloped
from argosy.resources.base import KeyRef
from argosy.resources.sources.http import GithubSource

__all__ = ["Github", "payload"]

SECRET: Final = "webhookSecret"  # noqa: S105 - the name of a field
_DIGESTS: Final = frozenset({"sha1", "sha256", "sha512"})
_COPIED: Final = {"X-GitHub-Event": "X-Github-Event", "X-GitHub-Delivery": "X-Github-Delivery"}


class Github(HookSource[GithubSource]):
    """Signed by `webhookSecret`, if the entry has one."""

    def secrets(self, entry: GithubSource) -> Mapping[str, KeyRef]:
        """See `HookSource.secrets`."""
        return {SECRET: entry.webhook_secret} if entry.webhook_secret is not None else {}

    def answer(self, entry: GithubSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        try:
            body = payload(delivery, delivery.secrets.get(SECRET, ""))
        except Denied:
            return Answer(400, problem=Problem.SIGNATURE)
        except ArgosyError:
            return Answer(400, problem=Problem.CONTENT)
        return Answer(200, (enveloped("headers", delivery.headers, body, entry.metadata),))


def payload(delivery: Delivery, secret: str) -> bytes:
    """The payload of a delivery, as JSON. Raises Denied for a wrong signature, EvaluationError for what is no payload."""
    kind = media_type(delivery.header("Content-Type"))
    if kind not in ("application/json", "application/x-www-form-urlencoded"):
        raise EvaluationError("the content type is neither JSON nor a form")
    raw: bytes | None = delivery.body
    if kind != "application/json":
        form = strict_form(delivery.body)
        raw = form.get("payload", [""])[0].encode() if form is not None else None
    if secret and not _signed(delivery, secret):
        raise Denied("the signature is missing or wrong")
    text = compact_json(raw) if raw is not None else None
    if text is None or not text.startswith(b"{"):
        raise EvaluationError("the payload is no JSON object")
    return _with_headers(text, {name: delivery.header(header) for name, header in _COPIED.items()})


def _signed(delivery: Delivery, secret: str) -> bool:
    given = delivery.header("X-Hub-Signature-256") or delivery.header("X-Hub-Signature")
    name, _, written = given.partition("=")
    if name not in _DIGESTS:
        return False
    try:
        signature = bytes.fromhex(written)
    except ValueError:
        return False
    return hmac.compare_digest(signature, hmac.digest(secret.encode(), delivery.body, name))


def _with_headers(text: bytes, copied: Mapping[str, str]) -> bytes:
    if any(name.encode() in text for name in copied):
        return write_json({**read_json(text.decode()), **copied}).encode()
    added = orjson.dumps(copied)
    return added if text == b"{}" else text[:-1] + b"," + added[1:]
