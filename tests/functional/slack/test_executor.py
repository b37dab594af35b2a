"""Messages to a server that answers as Slack's `chat.postMessage` does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from argosy.adapters.slack.executor import SlackExecutor
from argosy.errors import ArgosyError, Denied, EvaluationError, NotFound, Permanent, Unavailable
from argosy.events.effects import Reference, SlackMessage
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.store import FakeStore

TOKEN = Reference("secret", "slack", "token")
FIRING = FiringInfo("f" * 32, "ns", "s", "t")


class Slack:
    """The server: what it was asked, and what it answers next ((200, ok) unless told)."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # http.server's name
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                slack.asked.append((self.headers["Authorization"], body))
                fine = (200, {"ok": True, "ts": f"{len(slack.asked)}.0"}, dict[str, str]())
                status, answer, headers = slack.answers.pop(0) if slack.answers else fine
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/chat.postMessage"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    running = Slack()
    yield running
    running.close()


def send(slack: Slack, *effects: SlackMessage) -> None:
    clock = FakeClock()
    secrets = FakeSecrets({"ns": {"slack": {"token": "xoxb-1"}}})
    executor = SlackExecutor(secrets, FakeStore(clock), clock, slack.url)
    for effect in effects:
        asyncio.run(executor.execute(effect, FIRING))


def test_a_message(slack: Slack) -> None:
    send(slack, SlackMessage("general", "hi", TOKEN, blocks='[{"type":"divider"}]', username="a", icon=":ship:"))
    body = {
        "channel": "general",
        "text": "hi",
        "blocks": [{"type": "divider"}],
        "username": "a",
        "icon_emoji": ":ship:",
    }
    assert slack.asked == [("Bearer xoxb-1", body)]


def test_messages_of_one_key_are_a_thread(slack: Slack) -> None:
    first = SlackMessage("general", "1", TOKEN, thread="build", broadcast=True)
    send(
        slack, first, SlackMessage("general", "2", TOKEN, thread="build", broadcast=True), SlackMessage("x", "3", TOKEN)
    )
    threads = [(body.get("thread_ts"), body.get("reply_broadcast")) for _, body in slack.asked]
    assert threads == [(None, None), ("1.0", True), (None, None)]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, {"ok": False, "error": "channel_not_found"}, {}), Permanent),
        ((200, {"ok": False, "error": "invalid_auth"}, {}), Denied),
        ((200, {"ok": False, "error": "internal_error"}, {}), Unavailable),
        ((500, {}, {}), Unavailable),
        ((200, {}, {}), Unavailable),
    ],
)
def test_what_slack_refuses(
    slack: Slack, answer: tuple[int, dict[str, Any], dict[str, str]], problem: type[ArgosyError]
) -> None:
    slack.answers.append(answer)
    with pytest.raises(problem) as caught:
        send(slack, SlackMessage("general", "hi", TOKEN))
    assert type(caught.value) is problem
    assert "xoxb" not in str(caught.value)


def test_slack_says_when_to_come_back(slack: Slack) -> None:
    slack.answers.append((429, {}, {"Retry-After": "7"}))
    with pytest.raises(Unavailable) as caught:
        send(slack, SlackMessage("general", "hi", TOKEN))
    assert caught.value.delay == 7


def test_what_is_not_sent(slack: Slack) -> None:
    with pytest.raises(EvaluationError, match=r"slack\.blocks is no JSON"):
        send(slack, SlackMessage("general", "hi", TOKEN, blocks="{"))
    with pytest.raises(NotFound):
        send(slack, SlackMessage("general", "hi", Reference("secret", "none", "token")))
    assert slack.asked == []
