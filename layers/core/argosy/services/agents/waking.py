"""Whom changes of a cluster's objects wake: declarations, rollouts and Applications; written with the copies, or not at all.

In: changes, each with the write of its copy. Out: the rows and the messages. Called by the inbox for some changes at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import CONTROL, DOOR, MIRROR, Wanted
from argosy.control.keys import Key
from argosy.gitops.tracking import Tracking
from argosy.ports.store import MAX_WRITES, Delete, Put
from argosy.ports.storerules import write_in_parts
from argosy.resources.definitions import GROUP
from argosy.services.agents.doors import door_kind
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.subscribing import agent_key
from argosy.services.applications.controlplane import settings_of
from argosy.services.applications.watching import Deploys, hands, index
from argosy.services.applications.watching import concerned as apps_concerned
from argosy.services.applications.watching import is_ours as is_of_apps
from argosy.services.applications.watching import names_more as app_names_more
from argosy.services.rollouts.watching import KINDS as ROLLOUT_PLURALS
from argosy.services.rollouts.watching import concerned, needed_kinds, served

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Waking"]


class Waking:
    """Who has to be woken because some objects have changed."""

    def __init__(
        self, runtime: Runtime, cluster: str, mirror: Mirror, scopes: Mapping[str, tuple[Wanted, str]]
    ) -> None:
        self._runtime, self._cluster, self._mirror, self._scopes = runtime, cluster, mirror, scopes
        self._watched = {(one.group, one.resource) for one, _ in scopes.values() if one.purpose == CONTROL}
        self._doors: set[str] = set()
        self._rollouts: set[str] = set()
        self._apps: set[str] = set()
        self._rows: dict[tuple[str, str], Put | Delete] = {}

    def change(self, rows: Iterable[Put | Delete]) -> None:
        """Rows to write with the copies; of several changes of one row the last counts."""
        self._rows |= {(one.row.pk, one.row.sk) if isinstance(one, Put) else (one.pk, one.sk): one for one in rows}

    def note(self, wanted: Wanted, item: Item, before: Copy | None, write: Put) -> None:
        """A change, and the write of its copy."""
        if wanted.purpose == DOOR:
            key = _door_key(self._cluster, wanted, item, before, write)
            self._doors |= {str(key)} if key is not None else set()
        elif wanted.purpose == MIRROR or is_of_apps(wanted):
            if wanted.purpose == MIRROR:
                self.change(index(self._cluster, self._tracking, item, before))
                self._apps |= self._told(item.namespace, hands(self._tracking, item, before))
            found = apps_concerned(
                self._runtime.store, self._cluster, self._tracking, wanted, item, before, self._mirror
            )
            self._apps |= {str(key) for key in found}
            if app_names_more(wanted, item, before):
                self._doors.add(str(agent_key(self._cluster)))
        elif wanted.purpose == CONTROL:
            self._rollouts |= {str(key) for key in concerned(self._cluster, wanted, item, before, self._mirror)}
            if self._names_more(wanted, item):
                self._doors.add(str(agent_key(self._cluster)))

    def write(self, copies: Sequence[Put], *, durable: bool) -> None:
        """Write copies and wakes together; of very many wakes some before: to look too often does no harm.

        `durable`: see `Store.write`. What is lost an agent that begins anew tells again, as after every power cut.
        """
        runtime = self._runtime
        woken = [
            (runtime.door_wakes, self._doors),
            (runtime.rollout_wakes, self._rollouts),
            (runtime.app_wakes, self._apps),
        ]
        rows = [*self._rows.values(), *(wakes.row(key) for wakes, keys in woken for key in keys)]
        if not copies and not rows:
            return
        room = MAX_WRITES - len(copies)
        write_in_parts(runtime.store, rows[room:])
        runtime.store.write([*copies, *rows[:room]], durable=durable)
        for wakes, keys in woken:
            wakes.send(sorted(keys))

    def _told(self, namespace: str, owners: Collection[str]) -> set[str]:
        """Who wants to know that something comes or goes that is nobody's, or an Application's that is not there."""
        watchers = self._watchers.get(namespace, ()) if owners else ()
        known = Deploys(self._runtime.store, self._cluster).applications
        return {str(key) for key in watchers} if watchers and not all(one and known(one) for one in owners) else set()

    @cached_property
    def _watchers(self) -> Mapping[str, Collection[Key]]:
        """Who is told of what is nobody's."""
        return Deploys(self._runtime.store, self._cluster).watchers()

    @cached_property
    def _tracking(self) -> Tracking:
        """By what objects tell whose they are; where no Applications live, as it is where the first one for it does."""
        home, scopes = self._cluster, self._scopes
        if not any(is_of_apps(one) for one, _ in scopes.values()):
            first = Deploys(self._runtime.store, home).first()
            home = first.cluster if first is not None else home
            scopes = Mirror(self._runtime.store, self._runtime.blobs, home).scopes()
        return settings_of(self._runtime, home, scopes).tracking

    def _names_more(self, wanted: Wanted, item: Item) -> bool:
        """Whether an object names a kind that nobody watches yet."""
        if wanted.resource not in ROLLOUT_PLURALS or item.object is None:
            return False
        return not {served(*kind) for kind in needed_kinds(item.object)} <= self._watched


def _door_key(cluster: str, wanted: Wanted, item: Item, before: Copy | None, write: Put) -> Key | None:
    """The declaration that is to be looked at, None when nothing of it has changed that matters to us."""
    kind = door_kind(wanted.resource)
    if kind is None or (before is not None and before.wake and before.wake == write.row.data.get("wake")):
        return None
    return Key(cluster, GROUP, kind, item.namespace, item.name)
