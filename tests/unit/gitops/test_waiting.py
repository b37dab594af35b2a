"""When `argosy app wait` is over."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.refresh.needs import LATEST, LATEST_RESOLVED, NOTHING, after_sync
from argosy.gitops.waiting import Awaited, Selector, operating, picked, reached, states, worsened
from argosy.resources.application import Application

type Json = dict[str, Any]

ALL = Awaited(sync=True, health=True, operation=True)
ENDED = {"phase": "Succeeded", "startedAt": "2026-05-04T12:00:00Z", "finishedAt": "2026-05-04T12:00:03Z"}
LATER, BEFORE = "2026-05-04T12:00:03Z", "2026-05-04T12:00:02Z"
OBJECTS = [
    {"group": "apps", "kind": "Deployment", "namespace": "a", "name": "web", "status": "Synced"},
    {"kind": "Service", "namespace": "a", "name": "web", "status": "OutOfSync", "health": {"status": "Healthy"}},
    {"kind": "Service", "namespace": "b", "name": "web-2", "status": "Synced", "health": {"status": "Healthy"}},
]


def app(sync: str = "Synced", health: str = "Healthy", *, operation: Json | None = None, **status: Any) -> Application:
    told = {"sync": {"status": sync}, "health": {"status": health}, "resources": OBJECTS} | status
    body: Json = {"metadata": {"name": "a", "namespace": "argocd"}, "spec": {}, "status": told}
    return Application.of(body | ({"operation": operation} if operation is not None else {}))


@pytest.mark.parametrize(
    ("flags", "awaited"),
    [
        ({}, ALL),
        ({"health": True}, Awaited(health=True)),
        ({"sync": True, "degraded": True}, Awaited(sync=True, degraded=True)),
    ],
)
def test_what_flags_wait_for(flags: dict[str, bool], awaited: Awaited) -> None:
    given = dict.fromkeys(("sync", "health", "operation", "suspended", "degraded"), False) | flags
    assert Awaited.of(**given) == awaited


@pytest.mark.parametrize(
    ("found", "awaited", "over"),
    [
        (app(), ALL, True),
        (app("OutOfSync"), ALL, False),
        (app(health="Progressing"), ALL, False),
        (app("OutOfSync"), Awaited(health=True), True),
        (app(health="Degraded"), Awaited(degraded=True), True),
        (app(health="Suspended"), Awaited(health=True, suspended=True), True),
        (app(health="Missing"), Awaited(sync=True), True),
        (app(operation={"sync": {}}), ALL, False),
        (app(operation={"sync": {}}), Awaited(sync=True), True),
    ],
)
def test_when_waiting_is_over(found: Application, awaited: Awaited, over: bool) -> None:
    assert reached(found, awaited) is over


@pytest.mark.parametrize(
    ("found", "runs"),
    [
        (app(), False),
        (app(operation={"sync": {}}), True),
        (app(operationState={"phase": "Running", "startedAt": BEFORE}), True),
        (app(operationState=ENDED | {"phase": "Running"}), True),
        (app(operationState=ENDED), True),
        (app(operationState=ENDED, reconciledAt=BEFORE), True),
        (app(operationState=ENDED, reconciledAt=LATER), False),
        (app(operationState=ENDED | {"operation": {"sync": {"dryRun": True}}}), False),
    ],
)
def test_an_operation_is_over_when_it_was_followed_by_a_comparison(found: Application, runs: bool) -> None:
    assert operating(found) is runs


@pytest.mark.parametrize(
    ("selectors", "names"),
    [
        ([Selector("apps", "Deployment", "web")], ["Deployment a/web"]),
        ([Selector("", "Service", "*")], ["Service a/web", "Service b/web-2"]),
        ([Selector("", "Service", "*", "a")], ["Service a/web"]),
        (
            [Selector("*", "*", "*"), Selector("", "Service", "web", excludes=True)],
            ["Deployment a/web", "Service b/web-2"],
        ),
        ([Selector("", "Service", "*", excludes=True)], ["Deployment a/web"]),
        ([Selector("", "Secret", "*")], []),
    ],
)
def test_what_selectors_name(selectors: list[Selector], names: list[str]) -> None:
    assert [f"{one.kind} {one.namespace}/{one.name}" for one in picked(app(), selectors)] == names
    assert sorted(f"{key[1]} {key[2]}/{key[3]}" for key in states(app(), selectors)) == names


def test_only_what_is_selected_is_waited_for() -> None:
    awaited = Awaited(sync=True)
    assert reached(app("OutOfSync"), awaited, [Selector("apps", "Deployment", "*")])
    assert not reached(app(), awaited, [Selector("", "Service", "*", "a")])


@pytest.mark.parametrize(
    ("before", "now", "awaited", "healths"),
    [
        ("Progressing", "Degraded", ALL, ("Progressing", "Degraded")),
        ("Healthy", "Degraded", ALL, ("Healthy", "Degraded")),
        ("Unknown", "Degraded", ALL, None),
        ("Degraded", "Degraded", ALL, None),
        ("Progressing", "Healthy", ALL, None),
        ("Progressing", "Degraded", Awaited(sync=True), None),
    ],
)
def test_waiting_for_health_ends_when_something_degrades(
    before: str, now: str, awaited: Awaited, healths: tuple[str, str] | None
) -> None:
    one, other = (
        states(app(resources=[{"kind": "Pod", "name": "p", "health": {"status": health}}])) for health in (before, now)
    )
    assert worsened(one, other, awaited) == healths


AUTOMATED = {"operation": {"sync": {}, "initiatedBy": {"automated": True}}}


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (app(), NOTHING),
        (app(operationState={"phase": "Running", "startedAt": BEFORE}), NOTHING),
        (app(operationState=ENDED), LATEST_RESOLVED),
        (app(operationState=ENDED, reconciledAt=BEFORE), LATEST_RESOLVED),
        (app(operationState=ENDED | AUTOMATED, reconciledAt=BEFORE), LATEST),
        (app(operationState=ENDED, reconciledAt=LATER), LATEST_RESOLVED),
        (app(operationState=ENDED, reconciledAt="2026-05-04T12:00:04Z"), NOTHING),
        (app(operationState=ENDED | {"operation": {"sync": {"dryRun": True}}}), NOTHING),
    ],
)
def test_a_sync_is_followed_by_the_comparison_that_waiting_waits_for(found: Application, level: int) -> None:
    assert after_sync(found) == level
