"""Work of the hub for an agent, and its results: sent once, answered once, kept for an hour.

A row for each piece (pk `errand/<cluster>`, sk its id) says when it was sent, and then what came of it. The id is derived
from what asks: asking again finds the row, sends nothing twice and gives the same result. Called by clusters behind
agents (`remote`), the carrier of controllers' units, and the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.control.agents.work import LIFE, Work, sealed
from argosy.errors import Conflict
from argosy.ports.agents import AgentLink
from argosy.ports.blobs import Blobs
from argosy.ports.clock import Clock
from argosy.ports.prefixed import PrefixedBlobs
from argosy.ports.queue import Outgoing
from argosy.ports.signing import Signer
from argosy.ports.store import ABSENT, Put, Row, Store
from argosy.services.mail import pack

__all__ = ["Errands", "agent_blobs"]

_KEEP_SECONDS: Final = 3600.0


def agent_blobs(blobs: Blobs, cluster: str) -> PrefixedBlobs:
    """The part of the blobs that a cluster's agent may see."""
    return PrefixedBlobs(blobs, f"agents/{cluster}")


class Errands:
    """Work for the agents of one installation."""

    def __init__(self, store: Store, blobs: Blobs, clock: Clock, signer: Signer, link: AgentLink) -> None:
        self._store, self._blobs, self._clock, self._signer, self._link = store, blobs, clock, signer, link

    def send(
        self, cluster: str, name: str, kind: str, body: Mapping[str, Any], group: str, *, answers: str = ""
    ) -> None:
        """Send work of id `name`, unless it was sent before. `answers`: the object whose controller waits for it.

        The row is written first: should the send fail, whoever asks again within the work's life sends it once more.
        """
        now = self._clock.now()
        row = Row(
            self._pk(cluster),
            name,
            {"began": now.timestamp(), "answers": answers},
            expires_at=now.timestamp() + _KEEP_SECONDS,
        )
        before = self._store.get(row.pk, row.sk)
        if before is not None and (before.data.get("sent") or "result" in before.data):
            return
        try:
            self._store.write([Put(row, expect=before.version if before is not None else ABSENT)])
        except Conflict:
            return  # somebody else is sending the same
        self.tell(cluster, name, kind, body, group)
        self._mark(row, before.version + 1 if before is not None else 1)

    def tell(self, cluster: str, name: str, kind: str, body: Mapping[str, Any], group: str) -> None:
        """Send work that nobody waits for. Raises NotFound for a cluster without an agent, Unavailable."""
        now = self._clock.now()
        work = Work(name, cluster, kind, body, now, now + LIFE)
        text = pack(sealed(work, self._signer), agent_blobs(self._blobs, cluster))
        self._link.send(cluster, Outgoing(text, group=group, dedup=name))

    def began(self, cluster: str, name: str) -> float | None:
        """When work was first sent, in epoch seconds; None when it was not."""
        row = self._store.get(self._pk(cluster), name)
        return float(row.data["began"]) if row is not None else None

    def result(self, cluster: str, name: str) -> dict[str, Any] | None:
        """What came of work: `value`, or an error as reports have it; None as long as nothing did."""
        row = self._store.get(self._pk(cluster), name)
        return row.data.get("result") if row is not None else None

    def settle(self, cluster: str, name: str, result: Mapping[str, Any]) -> str:
        """Keep a result; the first one counts. The object whose controller waits for it, "" = none does."""
        row = self._store.get(self._pk(cluster), name)
        if row is None:
            return ""  # nobody asked, or an hour ago
        if "result" not in row.data:
            expires = self._clock.now().timestamp() + _KEEP_SECONDS
            data = {**row.data, "result": dict(result)}
            try:
                self._store.write([Put(Row(row.pk, row.sk, data, expires_at=expires), expect=row.version)])
            except Conflict:
                return self.settle(cluster, name, result)
        return str(row.data.get("answers") or "")

    def _mark(self, row: Row, version: int) -> None:
        data = {**row.data, "sent": True}
        try:
            self._store.write([Put(Row(row.pk, row.sk, data, expires_at=row.expires_at), expect=version)])
        except Conflict:
            return  # its result has come already

    @staticmethod
    def _pk(cluster: str) -> str:
        return f"errand/{cluster}"
