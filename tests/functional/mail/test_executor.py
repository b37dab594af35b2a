"""Mails to an SMTP server."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

import pytest

from argosy.adapters.mail.executor import EmailExecutor
from argosy.errors import ArgosyError, Denied, EvaluationError, Unavailable
from argosy.events.effects import Reference, SendEmail
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.secrets import FakeSecrets

FIRING = FiringInfo("f" * 32, "ns", "s", "t")
PASSWORD = Reference("secret", "mail", "password")


class Smtp:
    """A server that takes what it is given, but for addresses that begin with `no`, and one password."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Message]] = []
        smtp = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 ready")
                to = ""
                while line := self.rfile.readline().decode().strip():
                    word = line[:4].upper()
                    if word == "EHLO":
                        self._say("250-here\r\n250 AUTH PLAIN")
                    elif word == "AUTH":
                        self._say("235 in" if line.endswith("AHVzZXIAcmlnaHQ=") else "535 no")
                    elif word == "RCPT":
                        to = line.partition("<")[2].rstrip(">")
                        self._say("550 unknown" if to.startswith("no") else "250 fine")
                    elif word == "DATA":
                        self._say("354 go on")
                        lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                        smtp.mails.append((to, message_from_bytes("\n".join(lines).encode())))
                        self._say("250 taken")
                    elif word == "QUIT":
                        self._say("221 bye")
                        return
                    else:
                        self._say("250 fine")

            def _say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    running = Smtp()
    yield running
    running.close()


def send(port: int, *to: str, subject: str = "hi", password: str = "", invalid: tuple[str, ...] = ()) -> None:
    secrets = FakeSecrets({"ns": {"mail": {"password": password}}})
    user, ref = ("user", PASSWORD) if password else ("", None)
    effect = SendEmail(to, subject, "there, ä", "127.0.0.1", port, "argosy@example.com", user, ref, invalid)
    asyncio.run(EmailExecutor(secrets).execute(effect, FIRING))


def test_one_mail_to_each_address(smtp: Smtp) -> None:
    send(smtp.port, "a@example.com", "b@example.com")
    assert [to for to, _ in smtp.mails] == ["a@example.com", "b@example.com"]
    for to, mail in smtp.mails:
        assert (mail["To"], mail["Subject"], mail["From"]) == (to, "hi", "argosy@example.com")
        assert mail["Message-ID"] == f"<{FIRING.id}.{to}>"
        payload = mail.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().strip() == "there, ä"


def test_an_address_that_is_refused_fails_the_firing_after_the_others(smtp: Smtp) -> None:
    with pytest.raises(Unavailable, match=r"mail to no@example\.com could not be sent"):
        send(smtp.port, "no@example.com", "b@example.com")
    assert [to for to, _ in smtp.mails] == ["b@example.com"]


def test_an_address_that_is_none_fails_the_firing_after_the_others(smtp: Smtp) -> None:
    with pytest.raises(EvaluationError, match="'nobody' is no address"):
        send(smtp.port, "a@example.com", invalid=("nobody",))
    assert len(smtp.mails) == 1


def test_a_password(smtp: Smtp) -> None:
    send(smtp.port, "a@example.com", password="right")
    assert len(smtp.mails) == 1
    with pytest.raises(Denied, match="refuses the user 'user': 535") as caught:
        send(smtp.port, "a@example.com", password="wrong")
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("subject", ["a\nBcc: x@example.com", "a\r\nb"])
def test_a_subject_cannot_make_headers(smtp: Smtp, subject: str) -> None:
    with pytest.raises(EvaluationError):
        send(smtp.port, "a@example.com", subject=subject)
    assert smtp.mails == []


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with pytest.raises(ArgosyError) as caught:
        send(port, "a@example.com")
    assert type(caught.value) is Unavailable
