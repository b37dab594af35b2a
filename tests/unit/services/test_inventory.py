"""What is live of an Application: what may be concluded from what nobody has told of."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import Wanted
from argosy.gitops.identity import Key
from argosy.gitops.tracking import Tracking
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.services.agents.mirror import Mirror
from argosy.services.applications.fresh import Fresh
from argosy.services.applications.inventory import Inventory
from argosy.services.applications.watching import Kind, index

MAPS, JOBS = Wanted("", "v1", "configmaps"), Wanted("batch", "v1", "jobs")
HOOK = Key("batch", "Job", "ns", "hook")
KIND = Kind("batch", "v1", "jobs", "Job", True)


class Seen:
    """A mirror of both kinds, of which `listed` have been listed."""

    def __init__(self, **listed: int) -> None:
        self.clock = FakeClock()
        self.store, self.fresh = FakeStore(self.clock), Fresh(self.clock)
        self.mirror = Mirror(self.store, FakeBlobs(self.clock), "edge")
        self.mirror.watch([MAPS, JOBS])
        for scope in (MAPS, JOBS):
            if scope.resource in listed:
                self.mirror.listed(scope, listed[scope.resource])

    def told(self, scope: Wanted, kind: str, version: int) -> None:
        """The agent tells of an object `hook` of the Application."""
        notes = {"argocd.argoproj.io/tracking-id": "shop:batch/Job:ns/hook"}
        metadata: dict[str, Any] = {"namespace": "ns", "name": "hook", "annotations": notes}
        body = {"apiVersion": scope.api_version, "kind": "Job", "metadata": metadata}
        item = Item(scope.key, kind, "ns", "hook", "u", version, None if kind == "DELETED" else body)
        before = self.mirror.find(scope.key, "ns", "hook")
        now = self.clock.now().timestamp()
        self.store.write([self.mirror.put(item, before, now), *index("edge", Tracking(), item, before)])

    def look(self) -> Inventory:
        """One look."""
        return Inventory(self.store, self.mirror, self.mirror.scopes(), "edge", self.fresh)


@pytest.mark.parametrize(
    ("told", "listed", "unseen"),
    [
        ([], 5, True),
        ([], 7, False),
        ([], 9, False),
        ([("ADDED", 6)], 5, True),
        ([("ADDED", 7)], 5, False),
        ([("ADDED", 7), ("DELETED", 8)], 5, False),
        ([("ADDED", 3), ("DELETED", 6)], 5, True),
        ([("ADDED", 3), ("DELETED", 6)], 8, False),
    ],
)
def test_what_was_written_later_than_all_that_is_known_is_not_seen(
    told: list[tuple[str, int]], listed: int, unseen: bool
) -> None:
    seen = Seen(configmaps=99, jobs=listed)
    for kind, version in told:
        seen.told(JOBS, kind, version)
    look = seen.look()
    look.live("shop", [(KIND, HOOK)])
    assert look.unseen({HOOK: 7, Key("", "ConfigMap", "ns", "elsewhere"): 200}) == ({HOOK} if unseen else set())


def test_what_it_has_of_a_kind_that_is_being_listed_is_there_already() -> None:
    seen = Seen(configmaps=99)
    seen.told(JOBS, "ADDED", 7)
    look = seen.look()
    assert list(look.live("shop", [])) == [HOOK]
    assert look.unseen({HOOK: 8}) == {HOOK}


def test_of_what_is_not_listed_yet_nothing_can_be_told() -> None:
    look = Seen(configmaps=99).look()
    assert look.live("shop", [(KIND, HOOK)]) == {}
    assert (look.blind, look.unseen({HOOK: 8})) == ({KIND}, set())
