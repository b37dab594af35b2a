"""Event source `slack`: an event, an interaction or a slash command of a Slack app; its own object is the payload.

Follows `pkg/eventsources/sources/slack/start.go` of Argo Events 1.9 and slack-go: the signature over the raw body and
its time, then by content type. A URL verification is answered with its challenge and publishes nothing. Different on
purpose: objects are published as Slack wrote them, also those of types that slack-go does not know; the entry's
`metadata` is, as in Argo, not used; and what Argo answers 500 because the request is no such thing, is 400 here.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.events.jsontext import read_json, write_json
from argosy.events.sources.bodies import compact_json
from argosy.events.sources.forms import strict_form
from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem, same_text
from argosy.resources.base import KeyRef
from argosy.resources.sources.http import SlackSource

__all__ = ["Slack", "is_genuine"]

SIGNING_SECRET: Final = "signingSecret"  # noqa: S105 - the name of a field
TOKEN: Final = "token"  # noqa: S105 - the name of a field
_FORM: Final = "application/x-www-form-urlencoded"
_OLDEST: Final = 300.0
_SECONDS: Final = re.compile(r"[+-]?[0-9]{1,18}")
_COMMAND: Final = (
    "token team_id team_domain channel_id channel_name user_id user_name command text response_url trigger_id api_app_id"
).split()
_ENTERPRISE: Final = ("enterprise_id", "enterprise_name")


class Slack(HookSource[SlackSource]):
    """Signed by `signingSecret`; events show `token` as well."""

    def secrets(self, entry: SlackSource) -> Mapping[str, KeyRef]:
        """See `HookSource.secrets`."""
        refs = {SIGNING_SECRET: entry.signing_secret, TOKEN: entry.token}
        return {name: ref for name, ref in refs.items() if ref is not None}

    def answer(self, entry: SlackSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        del entry
        if not is_genuine(delivery, delivery.secrets.get(SIGNING_SECRET, "")):
            return Answer(401, problem=Problem.SIGNATURE)
        try:
            if delivery.header("Content-Type") == _FORM:
                return _form(delivery)
            return _event(delivery)
        except EvaluationError:
            return Answer(400, problem=Problem.CONTENT)


def is_genuine(delivery: Delivery, secret: str) -> bool:
    """Whether the request is signed with the secret and not older than five minutes; an empty secret asks for nothing."""
    if not secret:
        return True
    written = delivery.header("X-Slack-Request-Timestamp")
    if not _SECONDS.fullmatch(written) or abs(delivery.now - int(written)) > _OLDEST:
        return False
    text = b"v0:" + written.encode() + b":" + delivery.body
    given = delivery.header("X-Slack-Signature").removeprefix("v0=")
    try:
        signature = bytes.fromhex(given)
    except ValueError:
        return False
    return hmac.compare_digest(signature, hmac.digest(secret.encode(), text, "sha256"))


def _event(delivery: Delivery) -> Answer:
    body = _object(delivery.body)
    token = delivery.secrets.get(TOKEN, "")
    if token and not same_text(_text(body, "token"), token):
        return Answer(401, problem=Problem.SIGNATURE)
    if body.get("type") == "url_verification":
        return Answer(200, text=_text(body, "challenge"))
    inner = body.get("event")
    if body.get("type") != "event_callback":
        return Answer(200)
    if not isinstance(inner, dict):
        raise EvaluationError("the callback holds no event")
    return Answer(200, (write_json(inner),))


def _form(delivery: Delivery) -> Answer:
    form = strict_form(delivery.body)
    if form is None:
        raise EvaluationError("the body is no form")
    first = {name: values[0] for name, values in form.items()}
    if first.get("payload"):
        return Answer(200, (write_json(_object(first["payload"].encode())),))
    if first.get("command"):
        command: dict[str, Any] = {name: first.get(name, "") for name in _COMMAND}
        command |= {name: first[name] for name in _ENTERPRISE if first.get(name)}
        command["is_enterprise_install"] = first.get("is_enterprise_install") == "true"
        return Answer(200, (write_json(command),))
    raise EvaluationError("neither an interaction nor a slash command")


def _object(body: bytes) -> dict[str, Any]:
    text = compact_json(body)
    value = read_json(text.decode()) if text is not None else None
    if not isinstance(value, dict):
        raise EvaluationError("not a JSON object")
    return value


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""
