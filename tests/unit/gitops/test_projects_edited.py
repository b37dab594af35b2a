"""What `argosy proj` changes and shows, against argocd's words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.cli.output import aligned
from argosy.errors import AlreadyExists, ArgosyError, InvalidObject, NotFound
from argosy.gitops.editing.flags import Flag
from argosy.gitops.projects import editing
from argosy.gitops.projects.flags import FLAGS, put_flags
from argosy.gitops.showing.projects import details, listing, windows
from argosy.resources.appproject import DEFAULT_PROJECT, AppProject

type Json = dict[str, Any]

HERE = {"server": "https://kubernetes.default.svc", "namespace": "a"}
CLUSTER_ROLE = {"group": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
ACCOUNT = {"server": "*", "namespace": "web", "defaultServiceAccount": "syncer"}


def kind(spec: Json, scope: Any, listed: Any, *, allow: bool) -> str:
    return editing.change_kind(spec, scope, listed, CLUSTER_ROLE["group"], CLUSTER_ROLE["kind"], allow=allow)


@pytest.mark.parametrize(
    ("edit", "spec", "left", "said"),
    [
        (lambda s: editing.add_source(s, "r"), {}, {"sourceRepos": ["r"]}, "is allowed"),
        (lambda s: editing.add_source(s, "r"), {"sourceRepos": ["*"]}, {"sourceRepos": ["*"]}, "'*' already allowed"),
        (
            lambda s: editing.add_source(s, "https://h/r.git"),
            {"sourceRepos": ["https://h/r"]},
            {"sourceRepos": ["https://h/r"]},
            "'https://h/r' already allowed in project",
        ),
        (lambda s: editing.remove_source(s, "r"), {"sourceRepos": ["r"]}, {"sourceRepos": []}, "is removed"),
        (lambda s: editing.remove_source(s, "r"), {}, {}, "does not exist in project"),
        (
            lambda s: editing.add_signature_key(s, "4AEE18F83AFDEB23"),
            {},
            {"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]},
            "is allowed",
        ),
        (
            lambda s: editing.remove_signature_key(s, "4aee18f83afdeb23"),
            {"signatureKeys": [{"keyID": "x"}, {"keyID": "4AEE18F83AFDEB23"}]},
            {"signatureKeys": [{"keyID": "x"}]},
            "is removed",
        ),
        (lambda s: editing.add_destination(s, HERE), {}, {"destinations": [HERE]}, "allowed"),
        (
            lambda s: editing.remove_destination(s, HERE),
            {"destinations": [{**HERE, "name": ""}]},
            {"destinations": []},
            "removed",
        ),
        (
            lambda s: editing.add_service_account(s, editing.service_account("*,web,ci:syncer")),
            {},
            {"destinationServiceAccounts": [{"server": "*", "namespace": "web", "defaultServiceAccount": "ci:syncer"}]},
            "is added",
        ),
        (
            lambda s: editing.remove_service_account(s, ACCOUNT),
            {"destinationServiceAccounts": [ACCOUNT]},
            {"destinationServiceAccounts": []},
            "is removed",
        ),
        (
            lambda s: kind(s, "cluster", "allow", allow=True),
            {},
            {"clusterResourceWhitelist": [CLUSTER_ROLE]},
            "kind 'ClusterRole' is added to allowed cluster resources",
        ),
        (
            lambda s: kind(s, "cluster", "allow", allow=False),
            {"clusterResourceWhitelist": [CLUSTER_ROLE]},
            {"clusterResourceWhitelist": []},
            "is removed from allowed cluster resources",
        ),
        (
            lambda s: kind(s, "namespaced", "deny", allow=False),
            {},
            {"namespaceResourceBlacklist": [CLUSTER_ROLE]},
            "is added to denied namespaced resources",
        ),
        (lambda s: kind(s, "namespaced", "allow", allow=False), {}, {}, "not in allowed namespaced resources"),
        (
            lambda s: kind(s, "cluster", "deny", allow=False),
            {"clusterResourceBlacklist": [CLUSTER_ROLE]},
            {"clusterResourceBlacklist": [CLUSTER_ROLE]},
            "already present in denied cluster resources",
        ),
    ],
)
def test_what_is_changed_and_said(edit: Callable[[Json], str], spec: Json, left: Json, said: str) -> None:
    told = edit(spec)
    assert said in told
    assert spec == left


WATCHED: Json = {"orphanedResources": {"ignore": [{"group": "", "kind": "Secret"}]}}
NAMED = {"group": "", "kind": "Secret", "name": "a-*"}


@pytest.mark.parametrize(
    ("edit", "spec", "left", "said"),
    [
        (lambda s: editing.add_source_namespace(s, "a"), {}, {"sourceNamespaces": ["a"]}, "'a' is allowed"),
        (
            lambda s: editing.add_source_namespace(s, "a"),
            {"sourceNamespaces": ["*"]},
            {"sourceNamespaces": ["*"]},
            "Source namespace '*' already allowed in project",
        ),
        (
            lambda s: editing.remove_source_namespace(s, "a"),
            {"sourceNamespaces": ["a", "b"]},
            {"sourceNamespaces": ["b"]},
            "'a' is removed",
        ),
        (lambda s: editing.remove_source_namespace(s, "a"), {}, {}, "'a' does not exist in project"),
        (lambda s: editing.add_orphaned_ignore(s, "", "Secret", ""), {}, WATCHED, "are ignored"),
        (
            lambda s: editing.add_orphaned_ignore(s, "", "Secret", "a-*"),
            WATCHED,
            {"orphanedResources": {"ignore": [*WATCHED["orphanedResources"]["ignore"], NAMED]}},
            "are ignored",
        ),
        (
            lambda s: editing.remove_orphaned_ignore(s, "", "Secret", ""),
            WATCHED,
            {"orphanedResources": {"ignore": []}},
            "are ignored no more",
        ),
    ],
)
def test_namespaces_and_orphans(edit: Callable[[Json], str], spec: Json, left: Json, said: str) -> None:
    changed = copy.deepcopy(spec)
    assert said in edit(changed)
    assert changed == left


@pytest.mark.parametrize(
    ("flags", "spec", "left"),
    [
        ({"description": "d", "src": ["a"]}, {"sourceRepos": ["b"]}, {"description": "d", "sourceRepos": ["a"]}),
        ({"description": ""}, {"description": "d"}, {}),
        ({"dest": ["prod,a"]}, {}, {"destinations": [{"name": "prod", "namespace": "a"}]}),
        (
            {"allow_cluster_resource": ["/Namespace"]},
            {},
            {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}]},
        ),
        (
            {"signature_keys": ["4AEE18F83AFDEB23"]},
            {"signatureKeys": [{"keyID": "x"}]},
            {"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]},
        ),
        ({"orphaned_resources": True}, {}, {"orphanedResources": {}}),
        ({"orphaned_resources": False}, WATCHED, {}),
        ({"orphaned_resources_warn": False}, {}, {"orphanedResources": {"warn": False}}),
        (
            {"orphaned_resources_warn": True},
            WATCHED,
            {"orphanedResources": {**WATCHED["orphanedResources"], "warn": True}},
        ),
        ({"src": None, "orphaned_resources": None}, {"sourceRepos": ["b"]}, {"sourceRepos": ["b"]}),
    ],
)
def test_what_flags_write(flags: Json, spec: Json, left: Json) -> None:
    changed = copy.deepcopy(spec)
    put_flags(changed, flags)
    assert changed == left


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_a_flag_that_cannot_be_read_names_itself(flag: Flag) -> None:
    if flag.type is list and flag.name not in ("--src", "--source-namespaces"):
        with pytest.raises(InvalidObject) as caught:
            put_flags({}, {flag.key: ["none"]})
        assert caught.value.field == flag.name


@pytest.mark.parametrize(
    ("edit", "error", "reason"),
    [
        (lambda: editing.add_destination({"destinations": [HERE]}, dict(HERE)), AlreadyExists, "already defined"),
        (lambda: editing.remove_destination({}, HERE), NotFound, "does not exist"),
        (lambda: editing.add_signature_key({}, "x"), InvalidObject, "x is not a valid GnuPG key ID"),
        (
            lambda: editing.add_signature_key({"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}, "4AEE18F83AFDEB23"),
            AlreadyExists,
            "already defined",
        ),
        (lambda: editing.remove_signature_key({"signatureKeys": [{"keyID": ""}]}, ""), NotFound, "not configured"),
        (
            lambda: editing.add_service_account({"destinationServiceAccounts": [ACCOUNT]}, ACCOUNT),
            AlreadyExists,
            "already defined",
        ),
        (lambda: editing.remove_service_account({}, ACCOUNT), NotFound, "does not exist"),
        (
            lambda: editing.add_orphaned_ignore(copy.deepcopy(WATCHED), "", "Secret", ""),
            AlreadyExists,
            "already defined in the orphaned ignore list",
        ),
        (
            lambda: editing.remove_orphaned_ignore({}, "", "Secret", ""),
            NotFound,
            "does not exist in the orphaned ignore",
        ),
        (lambda: editing.remove_orphaned_ignore(WATCHED, "", "Secret", "a-*"), NotFound, "does not exist"),
        (lambda: editing.service_account("*,web"), InvalidObject, "is not SERVER,NAMESPACE,ACCOUNT"),
        (lambda: editing.window_at({}, 0), NotFound, "window with id '0' not found"),
        (lambda: editing.remove_window({"syncWindows": [{}]}, 1), NotFound, "window with id '1' not found"),
        (lambda: editing.destination("here"), InvalidObject, "is not SERVER,NAMESPACE"),
    ],
)
def test_what_is_refused(edit: Callable[[], object], error: type[ArgosyError], reason: str) -> None:
    with pytest.raises(error, match=reason):
        edit()


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("https://k,a", {"server": "https://k", "namespace": "a"}),
        ("*,*", {"server": "*", "namespace": "*"}),
        ("prod,a", {"name": "prod", "namespace": "a"}),
    ],
)
def test_a_destination_as_a_flag_has_it(text: str, made: Json) -> None:
    assert editing.destination(text) == made


def test_what_is_given_of_a_window_is_set() -> None:
    window: Json = {"kind": "allow", "clusters": ["a"], "timeZone": "UTC"}
    editing.put_window(window, {"clusters": [], "applications": ["b"], "manualSync": False, "timeZone": None})
    assert window == {"kind": "allow", "timeZone": "UTC", "applications": ["b"], "manualSync": False}


# What is shown

TEAM = AppProject.of(
    {
        "metadata": {"name": "team"},
        "spec": {
            "description": "d",
            "sourceRepos": ["a", "b"],
            "destinations": [HERE, {"name": "prod", "namespace": "*"}],
            "clusterResourceWhitelist": [CLUSTER_ROLE],
            "namespaceResourceBlacklist": [{"group": "", "kind": "Secret"}],
            "orphanedResources": {"warn": False, "ignore": [{"kind": "ConfigMap"}]},
            "signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}],
            "syncWindows": [
                {"kind": "deny", "schedule": "0 12 * * *", "duration": "1h", "applications": ["a", "b"]},
                {"kind": "allow", "schedule": "0 1 * * *", "duration": "1h", "clusters": ["*"], "manualSync": True},
            ],
        },
    }
)


def test_the_list_as_argocd_prints_it() -> None:
    rows = listing([DEFAULT_PROJECT, TEAM])
    assert rows[1] == ["default", "", "*,*", "*", "*/*", "<none>", "<none>", "disabled", "<none>"]
    assert rows[2] == [
        "team",
        "d",
        "2 destinations",
        "2 repos",
        "rbac.authorization.k8s.io/ClusterRole",
        "1 resources",
        "1 key(s)",
        "enabled (warn=false, ignored 1)",
        "<none>",
    ]


def test_the_details_as_argocd_prints_them() -> None:
    assert list(details(TEAM))[:6] == [
        ("Name:", "team"),
        ("Description:", "d"),
        ("Destinations:", "https://kubernetes.default.svc,a"),
        ("", "prod,*"),
        ("Repositories:", "a"),
        ("", "b"),
    ]
    assert dict(details(TEAM))["Source Namespaces:"] == "<none>"


def test_the_windows_as_argocd_prints_them() -> None:
    now = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
    assert aligned(windows(TEAM.spec.sync_windows, now)) == [
        "ID  STATUS    KIND   SCHEDULE    DURATION  APPLICATIONS  NAMESPACES  CLUSTERS  "
        "MANUALSYNC  TIMEZONE  USEANDOPERATOR",
        "0   Active    deny   0 12 * * *  1h        a,b           -           -         Disabled    UTC       Disabled",
        "1   Inactive  allow  0 1 * * *   1h        -             -           *         Enabled     UTC       Disabled",
    ]
