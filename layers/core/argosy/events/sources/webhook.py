"""Event source `webhook`: an HTTP request in, Argo's answer and the event's payload out.

Follows `pkg/eventsources/sources/webhook/start.go` and `pkg/eventsources/common/webhook` of Argo Events 1.9. The order
is Argo's: path, bearer token, method, body. `Answer.status` is the status that Argo Events gives; what the product
answers in its place where HTTP has a better word (405, 413) is decided by `argosy.services.receive`, see
docs/decisions/0003.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from urllib.parse import parse_qsl

import orjson

from argosy.events.sources.bodies import compact_json, with_metadata
from argosy.records import record
from argosy.resources.eventsource import WebhookSource

__all__ = ["DEFAULT_MAX_PAYLOAD", "MASK", "Answer", "Problem", "Request", "answer", "size_limit"]

DEFAULT_MAX_PAYLOAD = 1024 * 1024
MASK = "*** Masked Auth Secret ***"
HEALTH = "/health"
_FORM = "application/x-www-form-urlencoded"
_NOT_IN_GO = frozenset({"Host", "Transfer-Encoding"})
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


class Problem(Enum):
    """Why a request is refused."""

    PATH = "no event source serves this path"
    UNAUTHORISED = "the bearer token is missing or wrong"
    UNREADABLE = "the secret of this event source cannot be read"
    METHOD = "the method is not the one of this event source"
    BODY = "the body is not valid JSON"
    SIZE = "the body is larger than this event source allows"


@record
class Request:
    """An HTTP request. `path` begins with `/`; `query` is raw; header names are as received."""

    method: str
    path: str
    headers: Mapping[str, Sequence[str]]
    query: str = ""
    body: bytes = b""


@record
class Answer:
    """Status as Argo gives it; `data` is the payload to publish, None when nothing is."""

    status: int
    data: str | None = None
    problem: Problem | None = None


def size_limit(entry: WebhookSource) -> int:
    """Greatest body in bytes that the entry takes."""
    return entry.max_payload_size or DEFAULT_MAX_PAYLOAD


def answer(entry: WebhookSource, token: str | None, request: Request) -> Answer:
    """Decide a request to one entry of `spec.webhook`.

    `token` is the value of its `authSecret`, None when that cannot be read; it is not looked at without an authSecret.
    """
    if request.path != endpoint_path(entry):
        return Answer(200) if request.path == HEALTH else Answer(404, problem=Problem.PATH)
    headers = _canonical(request.headers)
    if entry.auth_secret is not None:
        if token is None:
            return Answer(500, problem=Problem.UNREADABLE)
        if not _authorised(headers, token):
            return Answer(401, problem=Problem.UNAUTHORISED)
    if headers.get("Authorization", [""])[0]:
        headers["Authorization"] = [MASK]
    if request.method != entry.method:
        return Answer(400, problem=Problem.METHOD)
    if len(request.body) > size_limit(entry):
        return Answer(400, problem=Problem.SIZE)
    body = _body(request, headers)
    if body is None:
        return Answer(400, problem=Problem.METHOD if request.method not in ("GET", "POST") else Problem.BODY)
    return Answer(200, _payload(headers, body, entry.metadata))


def endpoint_path(entry: WebhookSource) -> str:
    """The entry's path with exactly one leading slash, as Argo's router registers it."""
    return "/" + entry.endpoint.lstrip("/")


def _authorised(headers: Mapping[str, Sequence[str]], token: str) -> bool:
    given = headers.get("Authorization", [""])[0]
    wanted = f"Bearer {token.removesuffix('\n')}"
    return hmac.compare_digest(given.encode(), wanted.encode())


def _body(request: Request, headers: Mapping[str, Sequence[str]]) -> bytes | None:
    if request.method == "GET":
        return orjson.dumps(_form(request.query))
    if request.method != "POST":
        return None
    if headers.get("Content-Type", [""])[0] == _FORM:
        return orjson.dumps(_form(request.body.decode("utf-8", "replace")))
    return compact_json(request.body)


def _form(text: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values


def _payload(headers: Mapping[str, Sequence[str]], body: bytes, metadata: Mapping[str, str]) -> str:
    head = orjson.dumps(headers, option=orjson.OPT_SORT_KEYS)
    return with_metadata(b'{"header":' + head + b',"body":' + body, metadata)


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
