"""Executor of `kafka`, `nats` and `custom` effects, one file for each, which imports its client library when it is needed.

The libraries come with the extra `brokers`, and on AWS with the layer of the function that carries triggers out.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from argosy.errors import Unsupported
from argosy.events.effects import SendMessage
from argosy.ports.executor import Executor, FiringInfo
from argosy.ports.secrets import Secrets

__all__ = ["SENDERS", "MessageExecutor"]

SENDERS: Final = {
    "custom": "argosy.adapters.messages.custom:CustomSender",
    "kafka": "argosy.adapters.messages.kafka:KafkaSender",
    "nats": "argosy.adapters.messages.nats:NatsSender",
}


class MessageExecutor:
    """Sends by what the kind of an effect asks for."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._senders: dict[str, Executor] = {}

    async def execute(self, effect: SendMessage, firing: FiringInfo) -> str:
        """See `Executor.execute`.

        Raises Denied for what the server refuses, Unavailable for one that cannot be reached or did not answer, Unsupported
        without the client library, and a Permanent for what can never be sent.
        """
        sender = self._senders.get(effect.kind)
        if sender is None:
            module, _, name = SENDERS[effect.kind].partition(":")
            try:
                sender = self._senders[effect.kind] = getattr(import_module(module), name)(self._secrets)
            except ModuleNotFoundError as x:
                missing = (x.name or "").partition(".")[0]
                raise Unsupported(
                    f"triggers of type {effect.kind} need the package {missing}: pip install 'argosy[brokers]'"
                ) from x
        return await sender.execute(effect, firing)
