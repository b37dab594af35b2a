"""Executor of `email` effects: one mail to each address over one SMTP session.

TLS as gomail, which Argo uses, does it: from the first byte on port 465, else by STARTTLS where the server offers it. A
password goes over TLS only, or to this machine. The message carries the firing's id as Message-ID, the same in each
attempt, so that a mail system that knows it shows it once.
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from argosy.adapters.http.egress import check_address
from argosy.errors import Denied, EvaluationError, Unavailable
from argosy.events.effects import SendEmail
from argosy.events.triggers.email import check_sent
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets

__all__ = ["EmailExecutor"]

_TLS_PORT: Final = 465
_TIMEOUT: Final = 30.0


class EmailExecutor:
    """Sends mails; `context` is the TLS that servers are met with."""

    def __init__(self, secrets: Secrets, context: ssl.SSLContext | None = None) -> None:
        self._secrets, self._context = secrets, context

    async def execute(self, effect: SendEmail, firing: FiringInfo) -> str:
        """See `Executor.execute`.

        Raises Denied for a refused password or address, Unavailable for a server that cannot be reached or takes some
        address not, EvaluationError for addresses that are none: the others have their mail.
        """
        return await asyncio.to_thread(self._send, effect, firing)

    def _send(self, effect: SendEmail, firing: FiringInfo) -> str:
        ref = effect.password
        password = self._secrets.secret(firing.namespace, ref.name, ref.key, ref.account) if ref is not None else ""
        failed: set[str] = set()
        if effect.to:
            try:
                with self._session(effect) as session:
                    self._log_in(session, effect, password)
                    for address in effect.to:
                        self._one(session, effect, firing, address, failed)
            except smtplib.SMTPAuthenticationError as x:
                raise Denied(f"{effect.host} refuses the user {effect.user!r}: {x.smtp_code}") from x
            except (smtplib.SMTPException, OSError) as x:
                raise Unavailable(f"{effect.host}:{effect.port}: {x or type(x).__name__}") from x
        check_sent(effect, failed)
        return f"mail to {len(effect.to)} addresses sent"

    def _session(self, effect: SendEmail) -> smtplib.SMTP:
        for info in socket.getaddrinfo(effect.host, effect.port, type=socket.SOCK_STREAM):
            check_address(str(info[4][0]))
        context = self._context or ssl.create_default_context()
        if effect.port == _TLS_PORT:
            return smtplib.SMTP_SSL(effect.host, effect.port, timeout=_TIMEOUT, context=context)
        session = smtplib.SMTP(effect.host, effect.port, timeout=_TIMEOUT)
        session.ehlo()
        if session.has_extn("starttls"):
            session.starttls(context=context)
            session.ehlo()
        return session

    @staticmethod
    def _log_in(session: smtplib.SMTP, effect: SendEmail, password: str) -> None:
        if not (effect.user and password):
            return
        peer = session.sock.getpeername()[0] if session.sock is not None else ""
        if not isinstance(session.sock, ssl.SSLSocket) and peer not in ("127.0.0.1", "::1"):
            raise Denied(f"{effect.host} offers no TLS: the password stays here")
        session.login(effect.user, password)

    @staticmethod
    def _one(session: smtplib.SMTP, effect: SendEmail, firing: FiringInfo, address: str, failed: set[str]) -> None:
        message = EmailMessage(policy=SMTP)
        try:
            message["From"], message["To"], message["Subject"] = effect.sender, address, effect.subject
        except ValueError as x:  # a line break in a header
            raise EvaluationError(f"email: {x}") from x
        message["Message-ID"] = f"<{firing.id}.{address}>"
        message.set_content(effect.body)
        try:
            session.send_message(message, from_addr=effect.sender, to_addrs=[address])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError):
            failed.add(address)
