"""Carries operations on: brings the batches of a sync's steps to their cluster.

In: a decision that says that there is something to carry on. Out: when to look again. Called by the control loop as the
effect of a reconcile; what comes of it is in the decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from argosy.control.agents.batches import batch_to_json, outcomes_from_json
from argosy.control.agents.normal import pruned
from argosy.control.agents.work import group_of
from argosy.control.applying import Applier, Done
from argosy.control.keys import Key
from argosy.errors import ArgosyError, Pending
from argosy.gitops.driving import attempt_of, drive
from argosy.gitops.observed import Plan
from argosy.gitops.projects.accounts import Account
from argosy.gitops.reconcile import Deciding
from argosy.gitops.sync.writes import Batch, Outcome
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.services.agents.asking import Asking
from argosy.services.applications.surveys import ask

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Operating"]


class Operating:
    """Operations of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._appliers: dict[tuple[str, Account | None], tuple[Cluster, Applier]] = {}

    def carry_on(self, decided: Deciding, key: Key, destination: str) -> datetime | None:
        """See `gitops.driving`; when to look again. Raises Unavailable, Pending."""
        attempt = attempt_of(decided.status["operationState"])
        driven = drive(
            decided,
            lambda batch, account: self.carry(destination, batch, account, key, attempt),
            self._runtime.clock.now(),
        )
        self._runtime.applications.progress.save(key, decided.seen.carried, driven.carried)
        return driven.due

    def end(self, destination: str, plan: Plan, key: Key, uid: str) -> Mapping[str, Outcome]:
        """Do the batch of the deletion of an Application. Raises as `carry`.

        Batches are counted, so that what was answered once is asked anew when the deletion wants the same again.
        """
        progress = self._runtime.applications.progress
        count = progress.ended(key, uid)
        try:
            done = self.carry(destination, plan.batch, plan.account, key, f"end {uid} {count}")
        except Pending:
            raise
        except ArgosyError:
            progress.end(key, uid, count + 1)
            raise
        progress.end(key, uid, count + 1)
        return done

    def carry(
        self, destination: str, batch: Batch, account: Account | None, key: Key, attempt: str
    ) -> Mapping[str, Outcome]:
        """Do a batch in a cluster, once in an attempt where an agent does it. Raises Pending as long as that has not.

        An agent that does not know of accounts refuses the batch, rather than do it with rights of its own.
        """
        entry = self._runtime.registry.find(destination)
        if entry.way == "agent":
            body = batch_to_json(batch) | ({"user": list(account)} if account is not None else {})
            kind = "batch-as" if account is not None else "batch"
            name = hashlib.sha256(f"{key}|{attempt}|".encode() + _text(body)).hexdigest()[:32]
            asking = Asking(entry.name, self._runtime.errands, self._runtime.clock)
            return outcomes_from_json(asking.ask(name, kind, body, group_of(str(key)), answers=str(key)))
        found = self._applier(entry.name, account).carry(batch)
        if not ask(self._runtime, entry.name, key, wrote=True):
            self._remember(entry.name, found.values())
        return {name: one.outcome for name, one in found.items()}

    def _remember(self, cluster: str, found: Iterable[Done]) -> None:
        """What comes back is kept until the mirror has it."""
        secret_key = self._runtime.subscribing.secret_key(cluster)
        for done in found:
            if done.object is not None:
                name = done.key
                where = Key(cluster, name.group, name.kind, name.namespace, name.name)
                self._runtime.applications.fresh.wrote(where, pruned(done.object, secret_key))

    def _applier(self, cluster: str, account: Account | None) -> Applier:
        reached = self._runtime.clusters.named(cluster, "syncs")
        known = self._appliers.get((cluster, account))
        if known is None or known[0] is not reached:
            acting = reached.acting_as(ServiceAccount(*account)) if account is not None else reached
            known = self._appliers[cluster, account] = reached, Applier(acting, self._runtime.clock.sleep)
        return known[1]


def _text(body: Mapping[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
