"""What `argosy app` shows, against what argocd prints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.cli.output import aligned
from argosy.errors import InvalidObject
from argosy.gitops.showing.applications import (
    conditions,
    history,
    listing,
    operation,
    parameters,
    resources,
    summary,
)
from argosy.resources.application import Application
from argosy.resources.appproject import SyncWindow

type Json = dict[str, Any]

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
COMMIT = "53e28ff20cc530b9ada2173fbbd64d48338583ba"
REPO = "https://github.com/argoproj/argocd-example-apps.git"


def guestbook(*, status: Json | None = None, **spec: Any) -> Application:
    whole = {
        "project": "default",
        "source": {"repoURL": REPO, "path": "guestbook", "targetRevision": "HEAD"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
    } | spec
    told = {"sync": {"status": "Synced", "revision": COMMIT}, "health": {"status": "Healthy"}} | (status or {})
    metadata = {"name": "guestbook", "namespace": "argocd"}
    return Application.of({"metadata": metadata, "spec": whole, "status": told})


def resource(kind: str, name: str, **more: Any) -> Json:
    return {"kind": kind, "namespace": "default", "name": name, "version": "v1", "status": "Synced", **more}


# app list


def test_the_list_as_argocd_prints_it() -> None:
    other = Application.of({"metadata": {"name": "b", "namespace": "team"}, "spec": {"destination": {"name": "prod"}}})
    assert aligned(listing([guestbook(), other])) == [
        "NAME              CLUSTER                         NAMESPACE  PROJECT  STATUS  HEALTH   SYNCPOLICY  CONDITIONS  "
        "REPO                                                 PATH       TARGET",
        "argocd/guestbook  https://kubernetes.default.svc  default    default  Synced  Healthy  Manual      <none>      "
        f"{REPO}  guestbook  HEAD",
        "team/b            prod                                       default                   Manual      <none>",
    ]
    assert listing([], wide=False)[0][-1] == "CONDITIONS"


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        ({}, "Manual"),
        ({"automated": {}}, "Auto"),
        ({"automated": {"prune": True}}, "Auto-Prune"),
        ({"automated": {"prune": True, "enabled": False}}, "Manual"),
    ],
)
def test_the_policy_in_the_list(policy: Json, shown: str) -> None:
    assert listing([guestbook(syncPolicy=policy)])[1][6] == shown


@pytest.mark.parametrize(
    ("types", "shown"),
    [
        ([], "<none>"),
        (["SyncError"], "SyncError"),
        (["SyncError", "ComparisonError", "SyncError"], "ComparisonError,SyncError(2)"),
    ],
)
def test_the_conditions_in_the_list(types: list[str], shown: str) -> None:
    app = guestbook(status={"conditions": [{"type": one, "message": "m"} for one in types]})
    assert listing([app])[1][7] == shown


# app get


def test_the_summary_as_argocd_prints_it() -> None:
    assert list(summary(guestbook(), (), NOW)) == [
        ("Name:", "argocd/guestbook"),
        ("Project:", "default"),
        ("Server:", "https://kubernetes.default.svc"),
        ("Namespace:", "default"),
        ("Source:", ""),
        ("- Repo:", REPO),
        ("  Target:", "HEAD"),
        ("  Path:", "guestbook"),
        ("SyncWindow:", "Sync Allowed"),
        ("Sync Policy:", "Manual"),
        ("Sync Status:", "Synced to HEAD (53e28ff)"),
        ("Health Status:", "Healthy"),
    ]


@pytest.mark.parametrize(
    ("given", "label", "value"),
    [
        ({"syncPolicy": {"automated": {"prune": True}}}, "Sync Policy:", "Automated (Prune)"),
        ({"syncPolicy": {"automated": {}}}, "Sync Policy:", "Automated"),
        ({"source": {"targetRevision": COMMIT}}, "Sync Status:", f"Synced to {COMMIT}"),
        ({"status": {"sync": {"status": "OutOfSync"}}}, "Sync Status:", "OutOfSync from HEAD"),
        ({"status": {"sync": {"status": "Unknown"}}}, "Sync Status:", "Unknown"),
        ({"status": {"health": {"status": "Degraded", "message": "m"}}}, "Health Status:", "Degraded (m)"),
        ({"sources": [{"repoURL": "a", "ref": "values"}, {"repoURL": "b"}]}, "  Ref:", "values"),
        ({"source": {"helm": {"valueFiles": ["a", "b"]}}}, "  Helm Values:", "a,b"),
        ({"source": {"kustomize": {"namePrefix": "p-"}}}, "  Name Prefix:", "p-"),
        ({"source": {"chart": "nginx"}}, "  Chart:", "nginx"),
    ],
)
def test_a_line_of_the_summary(given: Json, label: str, value: str) -> None:
    assert dict(summary(guestbook(**given), (), NOW))[label] == value


def window(kind: str, schedule: str = "0 12 * * *", **more: Any) -> SyncWindow:
    return SyncWindow(kind=kind, schedule=schedule, duration="1h", applications=("*",), **more)


@pytest.mark.parametrize(
    ("windows", "shown"),
    [
        ([window("allow")], "Sync Allowed"),
        ([window("deny")], "Sync Denied"),
        ([window("deny", manual_sync=True)], "Manual Allowed"),
        ([window("deny", "0 3 * * *")], "Sync Allowed"),
        ([window("allow", "0 3 * * *")], "Sync Denied"),
        ([window("allow", "0 3 * * *"), window("allow")], "Sync Allowed"),
    ],
)
def test_the_windows_in_the_summary(windows: list[SyncWindow], shown: str) -> None:
    found = dict(summary(guestbook(), windows, NOW))
    assert found["SyncWindow:"] == shown
    assert found["Assigned Windows:"].split(",")[0] == f"{windows[0].kind}:{windows[0].schedule}:1h"


def test_conditions_have_their_times() -> None:
    one = {"type": "SyncError", "message": "m", "lastTransitionTime": "2026-05-04T12:00:00Z"}
    assert conditions(guestbook(status={"conditions": [one]}))[1:] == [
        ["SyncError", "m", "2026-05-04 12:00:00 +0000 UTC"]
    ]


# The objects and the operation


def state(*results: Json, **more: Any) -> Json:
    return {
        "phase": "Succeeded",
        "message": "successfully synced (all tasks run)",
        "startedAt": "2026-05-04T12:00:00Z",
        "finishedAt": "2026-05-04T12:00:03Z",
        "operation": {"sync": {}},
        "syncResult": {"revision": COMMIT, "resources": list(results)},
    } | more


def test_objects_as_argocd_prints_them() -> None:
    status = {
        "resources": [
            resource("Service", "ui"),
            resource("Deployment", "ui", group="apps", health={"status": "Progressing"}),
            resource("ConfigMap", "later", status="OutOfSync"),
        ],
        "operationState": state(
            resource("Job", "before", group="batch", hookType="PreSync", hookPhase="Succeeded", message="done"),
            resource("Deployment", "ui", group="apps", hookPhase="Running", message="deployment.apps/ui created"),
            resource("ConfigMap", "gone", status="Pruned", hookPhase="Succeeded", message="pruned"),
        ),
    }
    assert aligned(resources(guestbook(status=status))) == [
        "GROUP  KIND        NAMESPACE  NAME    STATUS     HEALTH       HOOK     MESSAGE",
        "batch  Job         default    before  Succeeded  Synced       PreSync  done",
        "apps   Deployment  default    ui      Synced     Progressing           deployment.apps/ui created",
        "       ConfigMap   default    gone    Succeeded  Pruned                pruned",
        "       ConfigMap   default    later   OutOfSync",
        "       Service     default    ui      Synced",
    ]


def test_the_operation_as_argocd_prints_it() -> None:
    found = guestbook(status={"operationState": state()}).status.operation_state
    assert found is not None
    assert list(operation(found, NOW)) == [
        ("Operation:", "Sync"),
        ("Sync Revision:", COMMIT),
        ("Phase:", "Succeeded"),
        ("Start:", "2026-05-04 12:00:00 +0000 UTC"),
        ("Finished:", "2026-05-04 12:00:03 +0000 UTC"),
        ("Duration:", "3s"),
        ("Message:", "successfully synced (all tasks run)"),
    ]
    running = guestbook(status={"operationState": state(finishedAt=None, phase="Running")}).status.operation_state
    assert running is not None
    assert dict(operation(running, NOW))["Duration:"] == "1800s"


def deployed(number: int, revision: str, **source: Any) -> Json:
    return {
        "id": number,
        "revision": revision,
        "source": {"repoURL": REPO, "targetRevision": "HEAD"} | source,
        "deployedAt": f"2026-05-0{number + 1}T12:00:00Z",
    }


def test_the_history_as_argocd_prints_it() -> None:
    entries = [
        deployed(0, COMMIT),
        deployed(1, COMMIT, targetRevision=COMMIT),
        deployed(2, "1.2", repoURL="https://charts"),
    ]
    several = {"id": 3, "revisions": ["a" * 40, "b" * 40], "sources": [{"repoURL": "x"}, {"repoURL": "y"}]}
    found = [aligned(rows) for rows in history(guestbook(status={"history": [*entries, several]}))]
    assert found[0] == [
        f"SOURCE  {REPO}",
        "ID      DATE                           REVISION",
        "0       2026-05-01 12:00:00 +0000 UTC  HEAD (53e28ff)",
        f"1       2026-05-02 12:00:00 +0000 UTC  {COMMIT}",
    ]
    assert [lines[0] for lines in found] == [f"SOURCE  {REPO}", "SOURCE  https://charts", "SOURCE  x", "SOURCE  y"]


def test_what_helm_is_given() -> None:
    given = [{"name": "image.tag", "value": "v1"}, {"name": "long", "value": "x" * 90}]
    one = {"repoURL": REPO, "path": "chart", "helm": {"parameters": given}}
    rows = [["NAME", "VALUE"], ["image.tag", "v1"], ["long", "x" * 80 + "..."]]
    assert parameters(guestbook(source=one)) == rows
    assert parameters(guestbook()) == rows[:1]
    several = guestbook(source=None, sources=[{"repoURL": REPO, "path": "a"}, one])
    assert parameters(several, 2) == rows
    with pytest.raises(InvalidObject, match="give --source-position 1 to 2"):
        parameters(several)
