"""What event sources that come by HTTP share: a request in, Argo's answer and the events' payloads out.

Follows `pkg/eventsources/common/webhook` of Argo Events 1.9: path, bearer token, size; then the source answers. Each
source is one file beside this one with a class that keeps to `HookSource`. What a source has to ask outside before it
can answer (SNS does) it returns as an `Ask`; whoever carries that out calls again with what came of it, so that
deciding stays pure. `Answer.status` is the status that Argo Events gives; what the product answers in its place where
HTTP has a better word is decided by `argosy.services.receive`, see docs/decisions/0003.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Protocol

import orjson

from argosy.events.sources.bodies import compact_json, with_metadata
from argosy.records import record
from argosy.resources.base import KeyRef
from argosy.resources.sources.common import WebhookSource

__all__ = [
    "AUTH",
    "DEFAULT_MAX_PAYLOAD",
    "HEALTH",
    "MASK",
    "Answer",
    "Ask",
    "Delivery",
    "HookSource",
    "Problem",
    "Request",
    "Visit",
    "Vouch",
    "answered",
    "canonical_header",
    "endpoint_path",
    "enveloped",
    "hook_of",
    "json_event",
    "same_text",
    "size_limit",
]

AUTH: Final = "authSecret"
"""Under this name the bearer token of `webhook.authSecret` stands among a request's secrets."""
DEFAULT_MAX_PAYLOAD: Final = 1024 * 1024
MASK: Final = "*** Masked Auth Secret ***"
HEALTH: Final = "/health"
_NOT_IN_GO: Final = frozenset({"Host", "Transfer-Encoding"})
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


class Problem(Enum):
    """Why a request is refused."""

    PATH = "no event source serves this path"
    UNAUTHORISED = "the bearer token is missing or wrong"
    UNREADABLE = "the secret of this event source cannot be read"
    METHOD = "the method is not the one of this event source"
    BODY = "the body is not valid JSON"
    SIZE = "the body is larger than this event source allows"
    SIGNATURE = "the request is not signed as this event source asks, or its token is wrong"
    CONTENT = "the body is not what this event source takes"


@record
class Request:
    """An HTTP request. `path` begins with `/`; `query` is raw; header names are as received."""

    method: str
    path: str
    headers: Mapping[str, Sequence[str]]
    query: str = ""
    body: bytes = b""


@record
class Visit:
    """To be asked outside: an HTTPS GET of `url`, which confirms something; it went well or not."""

    url: str


@record
class Vouch:
    """To be asked outside: whether the certificate at `url` vouches for `text` by an RSA `signature` over this `digest`."""

    url: str
    text: bytes
    signature: bytes
    digest: str


Ask = Visit | Vouch


@record
class Delivery:
    """A request whose path, bearer token and size are right: header names as Go writes them, the token masked.

    `secrets` are those that the source named, `now` is in Unix seconds, `known` is what came of earlier asks.
    """

    method: str
    headers: Mapping[str, Sequence[str]]
    query: str
    body: bytes
    secrets: Mapping[str, str]
    now: float
    known: Mapping[Ask, bool]

    def header(self, name: str) -> str:
        """The first value of a header by its canonical name, "" when it is not there."""
        values = self.headers.get(name)
        return values[0] if values else ""


@record
class Answer:
    """Status as Argo gives it and a text; `events` are the payloads to publish.

    `origin` is the sender's own id of the event, where one that is delivered again is the same event. With `asks` it is no
    answer yet.
    """

    status: int
    events: Sequence[str] = ()
    problem: Problem | None = None
    text: str = "success"
    origin: str = ""
    asks: Ask | None = None


class HookSource[E](Protocol):
    """One type of event source that comes by HTTP."""

    def secrets(self, entry: E) -> Mapping[str, KeyRef]:
        """What it needs to tell whether a request is genuine, by a name of its own."""
        del entry
        return {}

    def proven(self, entry: E) -> bool:
        """Whether requests to the entry prove where they come from."""
        return bool(self.secrets(entry))

    def answer(self, entry: E, delivery: Delivery) -> Answer:
        """Answer a request that was let in."""
        ...


def hook_of(entry: Any) -> WebhookSource:
    """The webhook part of an entry of any of these types."""
    hook = entry if isinstance(entry, WebhookSource) else entry.webhook
    return hook or WebhookSource()


def size_limit(hook: WebhookSource) -> int:
    """Greatest body in bytes that the entry takes."""
    return hook.max_payload_size or DEFAULT_MAX_PAYLOAD


def endpoint_path(hook: WebhookSource) -> str:
    """The entry's path with exactly one leading slash, as Argo's router registers it."""
    return "/" + hook.endpoint.lstrip("/")


def answered[E](
    source: HookSource[E],
    entry: E,
    request: Request,
    secrets: Mapping[str, str],
    now: float = 0.0,
    known: Mapping[Ask, bool] | None = None,
) -> Answer:
    """Decide a request to one entry.

    `secrets` holds what could be read of the entry's authSecret (`AUTH`) and of what `source.secrets` names.
    """
    hook = hook_of(entry)
    if request.path != endpoint_path(hook):
        return Answer(200) if request.path == HEALTH else Answer(404, problem=Problem.PATH)
    headers = _canonical(request.headers)
    if hook.auth_secret is not None:
        if AUTH not in secrets:
            return Answer(500, problem=Problem.UNREADABLE)
        if not _authorised(headers, secrets[AUTH]):
            return Answer(401, problem=Problem.UNAUTHORISED)
    if headers.get("Authorization", [""])[0]:
        headers["Authorization"] = [MASK]
    if any(name not in secrets for name in source.secrets(entry)):
        return Answer(500, problem=Problem.UNREADABLE)
    if len(request.body) > size_limit(hook):
        return Answer(400, problem=Problem.SIZE)
    delivery = Delivery(request.method, headers, request.query, request.body, secrets, now, known or {})
    return source.answer(entry, delivery)


def json_event(
    delivery: Delivery, metadata: Mapping[str, str], *, name: str = "headers", hidden: str = "", origin: str = ""
) -> Answer:
    """The answer to a body that is JSON and becomes an event with its headers.

    `name`: what the event calls them; `hidden`: one that carries a secret and is masked in it; `origin`: see `Answer`.
    """
    body = compact_json(delivery.body)
    if body is None:
        return Answer(400, problem=Problem.BODY)
    headers = delivery.headers
    if hidden and hidden in headers:
        headers = {**headers, hidden: [MASK]}
    return Answer(200, (enveloped(name, headers, body, metadata),), origin=origin)


def enveloped(name: str, headers: Mapping[str, Sequence[str]], body: bytes, metadata: Mapping[str, str]) -> str:
    """A payload of headers (under `name`), body (JSON) and metadata."""
    head = orjson.dumps(headers, option=orjson.OPT_SORT_KEYS)
    return with_metadata(b'{"%s":%s,"body":%s' % (name.encode(), head, body), metadata)


def same_text(given: str, wanted: str) -> bool:
    """Whether two texts are equal, found out in a time that tells nothing about where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))


def _authorised(headers: Mapping[str, Sequence[str]], token: str) -> bool:
    return same_text(headers.get("Authorization", [""])[0], f"Bearer {token.removesuffix('\n')}")


def _canonical(headers: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, values in headers.items():
        canonical = canonical_header(name)
        if canonical not in _NOT_IN_GO:
            found.setdefault(canonical, []).extend(values)
    return found


@lru_cache(maxsize=1024)
def canonical_header(name: str) -> str:
    """Go's CanonicalMIMEHeaderKey: each dash-separated word capitalised; a name that is no token stays as it is."""
    if not _TOKEN.match(name):
        return name
    return "-".join(word[:1].upper() + word[1:].lower() for word in name.split("-"))
