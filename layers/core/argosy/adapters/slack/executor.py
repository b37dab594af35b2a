"""Executor of `slack` effects: Slack's `chat.postMessage`.

Threads as Argo's notification engine keeps them (`pkg/services/slack.go`): the first message of a key begins the thread,
the others are replies to it. There the times of first messages are in memory; here a row keeps each (pk
`slack/<channel>`, sk the key) for a month.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from argosy.errors import Conflict, Denied, EvaluationError, Permanent, Unavailable
from argosy.events.effects import SlackMessage
from argosy.ports.clock import Clock
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets
from argosy.ports.store import ABSENT, Put, Row, Store

__all__ = ["SlackExecutor"]

_API: Final = "https://slack.com/api/chat.postMessage"
_TIMEOUT: Final = 20.0
_KEEP_SECONDS: Final = 30 * 86_400.0
_LATER: Final = frozenset({"ratelimited", "rate_limited", "internal_error", "service_unavailable", "fatal_error"})
_REFUSED: Final = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "missing_scope"})


class SlackExecutor:
    """Posts messages; `url` is where to, for tests."""

    def __init__(self, secrets: Secrets, store: Store, clock: Clock, url: str = _API) -> None:
        self._secrets, self._store, self._clock, self._url = secrets, store, clock, url

    async def execute(self, effect: SlackMessage, firing: FiringInfo) -> str:
        """See `Executor.execute`. Raises Denied for a token that Slack refuses, Unavailable where it says later."""
        return await asyncio.to_thread(self._post, effect, firing)

    def _post(self, effect: SlackMessage, firing: FiringInfo) -> str:
        token = self._secrets.secret(firing.namespace, effect.token.name, effect.token.key, effect.token.account)
        row = self._store.get(f"slack/{effect.channel}", effect.thread) if effect.thread else None
        body = _body(effect) | (_reply(effect, str(row.data["ts"])) if row is not None else {})
        answer = self._ask(token, body)
        if effect.thread and row is None:
            self._begin(effect, str(answer.get("ts", "")))
        return f"message to {effect.channel} posted"

    def _begin(self, effect: SlackMessage, ts: str) -> None:
        expires = self._clock.now().timestamp() + _KEEP_SECONDS
        row = Row(f"slack/{effect.channel}", effect.thread, {"ts": ts}, expires_at=expires)
        try:
            self._store.write([Put(row, expect=ABSENT)])
        except Conflict:
            return  # two began the thread at once; the other's is the first

    def _ask(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        from urllib3 import PoolManager, Timeout
        from urllib3.exceptions import HTTPError

        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        context = ssl.create_default_context() if self._url.startswith("https:") else None
        with PoolManager(retries=False, timeout=Timeout(_TIMEOUT), ssl_context=context) as pool:
            try:
                connection = pool.connection_from_url(self._url)
                response = connection.request(
                    "POST", urlsplit(self._url).path, body=orjson.dumps(body), headers=headers, redirect=False
                )
            except (HTTPError, OSError) as x:
                raise Unavailable(f"slack: {x}") from x
        if response.status == 429 or response.status >= 500:
            raise Unavailable(f"slack answers {response.status}", delay=_delay(response.headers.get("Retry-After", "")))
        try:
            answer: dict[str, Any] = orjson.loads(response.data)
            fine, error = bool(answer["ok"]), str(answer.get("error", ""))
        except (orjson.JSONDecodeError, KeyError, TypeError) as x:
            raise Unavailable(f"slack answers {response.status} and nothing that can be read") from x
        if not fine:
            raise _problem(error)(f"slack refuses the message: {error}")
        return answer


def _body(effect: SlackMessage) -> dict[str, Any]:
    body: dict[str, Any] = {"channel": effect.channel, "text": effect.message}
    for name in ("attachments", "blocks"):
        if text := getattr(effect, name):
            try:
                body[name] = orjson.loads(text)
            except orjson.JSONDecodeError as x:
                raise EvaluationError(f"slack.{name} is no JSON: {x}") from x
    if effect.username:
        body["username"] = effect.username
    if effect.icon:
        body["icon_emoji" if effect.icon.startswith(":") else "icon_url"] = effect.icon
    return body


def _reply(effect: SlackMessage, ts: str) -> dict[str, Any]:
    return {"thread_ts": ts} | ({"reply_broadcast": True} if effect.broadcast else {})


def _problem(error: str) -> Callable[[str], Exception]:
    return Unavailable if error in _LATER else Denied if error in _REFUSED else Permanent


def _delay(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
