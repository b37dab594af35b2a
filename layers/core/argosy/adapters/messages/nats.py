"""Sends `nats` effects, on nats-py.

The core protocol acknowledges nothing; that the server has taken a message, and lets us publish there, is known once it
answers what was sent after it. Where the server takes headers, a message carries its firing and its trace, and the firing as
`Nats-Msg-Id`, by which a JetStream stream knows what it has already.
"""

from __future__ import annotations

import asyncio

from nats.errors import BadSubjectError, MaxPayloadError

from argosy.adapters.brokers.natsclient import NatsSession
from argosy.adapters.messages.shared import Shared, marks, same_server, secret_of
from argosy.errors import EvaluationError
from argosy.events.effects import SendMessage
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets
from argosy.resources.sensor import NatsTrigger

__all__ = ["NatsSender"]


class NatsSender:
    """See `Executor`."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._sessions: Shared[NatsSession] = Shared(NatsSession.close)

    async def execute(self, effect: SendMessage, firing: FiringInfo) -> str:
        """See `MessageExecutor.execute`."""
        trigger = NatsTrigger.model_validate(effect.trigger)

        async def connect() -> NatsSession:
            secret = await asyncio.to_thread(secret_of, self._secrets, effect, firing, trigger)
            session = NatsSession(trigger)
            try:
                await session.open(secret)
            except BaseException:
                await session.close()
                raise
            return session

        async with self._sessions.use(same_server(effect, firing, "subject"), connect) as session, session.told():
            headers = {**marks(firing), "Nats-Msg-Id": firing.id} if session.takes_headers else None
            try:
                await session.client.publish(trigger.subject, (effect.body or "").encode(), headers=headers)
            except (BadSubjectError, MaxPayloadError) as x:
                raise EvaluationError(f"{trigger.subject}: {x}") from x
            await session.settled()
            session.check()
        return f"{trigger.subject}: published"
