"""Health of live objects: every check stands odd ones, settings go before what is shipped, scripts stay in bounds."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.health import RANKS, Health, Judged, application_health, health_of, visible_health
from argosy.gitops.health.builtin import CHECKS as BUILTIN
from argosy.gitops.health.registry import CHECKS, WILDCARDS, check_for
from argosy.gitops.identity import Key

ODD: list[dict[str, Any]] = [
    {},
    {"status": None, "spec": None, "metadata": None},
    {"status": {}, "spec": {}, "metadata": {}},
    {"status": {"conditions": []}},
    {"status": {"conditions": None}},
    {"status": {"conditions": [None, 1, "x", {}, {"type": None, "status": None, "message": 3, "reason": 4}]}},
    {"status": {"conditions": [{"type": "Ready"}, {"type": "Ready", "status": "False"}]}},
    {
        "status": {"conditions": [{"type": "Ready", "status": "True"}], "observedGeneration": 1},
        "metadata": {"generation": 2},
    },
]


@pytest.mark.parametrize("key", sorted(CHECKS))
def test_every_check_stands_odd_objects(key: str) -> None:
    group, _, kind = key.rpartition("/")
    check = check_for(group, kind)
    assert check is not None
    for body in ODD:
        found = check({"apiVersion": f"{group}/v1", "kind": kind, **body})
        assert found is None or (found.status in RANKS and isinstance(found.message, str))


@pytest.mark.parametrize("suffix", sorted(WILDCARDS))
def test_every_wildcard_stands_odd_objects(suffix: str) -> None:
    group = f"any{suffix}" if suffix.startswith(".") else suffix
    check = check_for(group, "Whatever")
    assert check is not None
    assert all((found := check({"kind": "Whatever", **body})) is None or found.status in RANKS for body in ODD)


@pytest.mark.parametrize(("group", "kind"), sorted(BUILTIN))
def test_every_builtin_check_stands_odd_objects(group: str, kind: str) -> None:
    versions = BUILTIN[group, kind][1] or ("v1",)
    for body in ODD:
        found = health_of({"apiVersion": f"{group}/{versions[0]}" if group else versions[0], "kind": kind, **body})
        assert found is not None
        assert found.status in RANKS


@pytest.mark.parametrize("replicas", ["three", True, 1.5, []])
def test_a_count_that_is_none_is_refused(replicas: object) -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": replicas}}
    with pytest.raises(InvalidObject, match=r"spec\.replicas: is no whole number"):
        health_of(body)
    assert visible_health(body) == Health("Unknown", "spec.replicas: is no whole number")


SCRIPT = 'local hs = {}; hs.status = "Degraded"; hs.message = obj.metadata.name; return hs'


@pytest.mark.parametrize(
    ("kind", "overrides", "expected"),
    [
        ("apps/v1/Deployment", {"apps/Deployment": {"health.lua": SCRIPT}}, Health("Degraded", "it")),
        ("v1/Service", {"Service": {"health.lua": SCRIPT}}, Health("Degraded", "it")),
        ("v1/Service", {"apps/Service": {"health.lua": SCRIPT}}, Health("Healthy", "")),
        ("shop.io/v1/Cart", {"*.io/*": {"health.lua": SCRIPT}}, Health("Degraded", "it")),
        ("shop.io/v1/Cart", {"*.io/*": {"health.lua": SCRIPT}, "shop.io/Cart": {"health.lua": "return {}"}}, None),
        ("shop.io/v1/Cart", {"shop.io/Cart": {"useOpenLibs": True}}, None),
        ("keda.sh/v1/ScaledJob", {"keda.sh/ScaledJob": {"health.lua": SCRIPT}}, Health("Degraded", "it")),
    ],
)
def test_settings_go_before_what_is_shipped(kind: str, overrides: Any, expected: Health | None) -> None:
    version, _, name = kind.rpartition("/")
    assert health_of({"apiVersion": version, "kind": name, "metadata": {"name": "it"}}, overrides) == expected


@pytest.mark.parametrize(
    "script",
    [
        "return 1",
        'return {status = "Fine"}',
        "this is no Lua",
        "while true do end",
        'return {status = io.open("/etc/passwd")}',
        'return {"Healthy"}',
    ],
)
def test_a_script_without_a_verdict_is_an_error(script: str) -> None:
    body = {"apiVersion": "shop.io/v1", "kind": "Cart"}
    with pytest.raises(EvaluationError):
        health_of(body, {"shop.io/Cart": {"health.lua": script}})
    found = visible_health(body, {"shop.io/Cart": {"health.lua": script}})
    assert found is not None
    assert found.status == "Unknown"


def test_an_object_that_is_going_waits_for_its_end() -> None:
    body = {"apiVersion": "keda.sh/v1", "kind": "ScaledJob", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert health_of(body, {"keda.sh/ScaledJob": {"health.lua": SCRIPT}}) == Health("Progressing", "Pending deletion")


def test_an_application_without_resources_is_healthy() -> None:
    assert application_health([]) == Health("Healthy", "")
    assert application_health([Judged(Key("", "Service", "a", "b"), live=False, skipped=True)]) == Health("Healthy", "")


@pytest.mark.parametrize("status", ["text", [], {"conditions": "text"}, {"conditions": [None]}, {"state": 5}])
@pytest.mark.parametrize(
    ("group", "kind"),
    [("apps.kruise.io", "CloneSet"), ("ceph.rook.io", "CephCluster"), ("flagger.app", "Canary"), ("batch", "CronJob")],
)
def test_a_status_of_another_form_makes_one_object_unknown_and_breaks_nothing(
    group: str, kind: str, status: Any
) -> None:
    found = visible_health({"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "x"}, "status": status})
    assert found is None or found.status in RANKS
