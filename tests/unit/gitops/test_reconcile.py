"""One reconcile of an Application: what is compared, what begins, what the patch says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.gitops import pins
from argosy.gitops.comparison import Destination, Known
from argosy.gitops.diff.evidence import Evidence, pair_name
from argosy.gitops.identity import Key, key_of
from argosy.gitops.observed import Made, Observed
from argosy.gitops.projects.permissions import Cluster
from argosy.gitops.reconcile import Deciding, compared
from argosy.gitops.refresh.needs import LATEST_RESOLVED, RECENT, Refresh
from argosy.gitops.settings import Settings
from argosy.gitops.sync.kubectl import annotated
from argosy.gitops.tracking import Tracking
from argosy.lang.patch import merge_patch
from argosy.resources.appproject import DEFAULT_PROJECT, AppProject

type Json = dict[str, Any]

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
COMMIT = "a" * 40
OWN = Key("argoproj.io", "Application", "argocd", "shop")
KINDS = {("", "ConfigMap"): True, ("", "Namespace"): False, ("batch", "Job"): True, ("apps", "Deployment"): True}
SERVER = "https://kubernetes.default.svc"


class NoJq:
    def check(self, program: str) -> None:
        raise EvaluationError(program)

    def first(self, program: str, document: str) -> str:
        raise EvaluationError(program + document)


def config_map(name: str, value: str = "1", **metadata: Any) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"v": value}}


def live(obj: Json, **changes: Any) -> Json:
    """An object as our own apply has made it."""
    kind, name = obj["kind"], obj["metadata"]["name"]
    notes = {"argocd.argoproj.io/tracking-id": f"shop:/{kind}:web/{name}", **obj["metadata"].get("annotations", {})}
    placed = {**obj, "metadata": {**obj["metadata"], "namespace": "web", "annotations": notes}}
    made = {**annotated(placed), **changes}
    return {**made, "metadata": {**made["metadata"], "uid": f"uid-{name}", "resourceVersion": "5"}}


def body(spec: Json | None = None, **more: Any) -> Json:
    source = {"repoURL": "https://example.com/r", "path": "app", "targetRevision": "main"}
    whole: Json = {"project": "default", "source": source, "destination": {"server": SERVER, "namespace": "web"}}
    metadata = {"name": "shop", "namespace": "argocd", **more.pop("metadata", {})}
    return {"metadata": metadata, "spec": whole | (spec or {}), **more}


def observed(
    application: Json,
    objects: Sequence[Json] = (),
    there: Sequence[Json] = (),
    *,
    level: int = LATEST_RESOLVED,
    project: AppProject = DEFAULT_PROJECT,
    **more: Any,
) -> Observed:
    refresh = Refresh(True, level=level)
    made = Made(objects, [COMMIT], ["Directory"])
    seen = Observed(application, OWN, "shop", refresh, project, Settings(), NoJq())
    to = Destination(Cluster(SERVER, "in-cluster"), KINDS)
    lives: Mapping[Key, Json] = {key_of(one): one for one in there}
    given: Json = {"to": to, "made": made, "wanted": made, "live": lives} | more
    return replace(seen, **given)


def after(seen: Observed, now: datetime = NOW) -> tuple[Deciding, Json]:
    """The decision, and the Application once it is written."""
    decided = Deciding(seen, now)
    decided.plan()
    return decided, merge_patch(dict(seen.body), decided.patch())


@pytest.mark.parametrize(
    ("there", "sync", "health"),
    [
        ([], "OutOfSync", "Missing"),
        ([live(config_map("a"))], "Synced", "Healthy"),
        ([live(config_map("a"), data={"v": "by hand"})], "OutOfSync", "Healthy"),
        ([live(config_map("a"), data={"v": "1", "theirs": "1"})], "Synced", "Healthy"),
        ([live(config_map("a")), live(config_map("old"))], "OutOfSync", "Healthy"),
    ],
)
def test_what_differs(there: list[Json], sync: str, health: str) -> None:
    _, found = after(observed(body(), [config_map("a")], there))
    status = found["status"]
    assert (status["sync"]["status"], status["health"]["status"]) == (sync, health)
    assert status["sync"]["revision"] == COMMIT
    assert status["reconciledAt"] == "2026-05-01T12:00:00Z"


def test_what_is_not_ours_is_not_told() -> None:
    stranger = config_map("stranger", namespace="web", uid="u", resourceVersion="1")
    copied = live(config_map("copied"))
    copied["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop:/ConfigMap:web/another"
    _, found = after(observed(body(), [config_map("a")], [live(config_map("a")), stranger, copied]))
    assert [(one["name"], one.get("status")) for one in found["status"]["resources"]] == [
        ("a", "Synced"),
        ("copied", None),
    ]


def test_objects_of_two_applications_are_told() -> None:
    theirs = live(config_map("a"))
    theirs["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "other:/ConfigMap:web/a"
    _, found = after(observed(body(), [config_map("a")], [theirs]))
    (condition,) = found["status"]["conditions"]
    assert (condition["type"], condition["message"]) == (
        "SharedResourceWarning",
        "ConfigMap/a is part of applications shop and other",
    )


def test_a_comparison_of_what_is_as_it_was_writes_nothing() -> None:
    seen = observed(body(), [config_map("a")], [live(config_map("a"))])
    _, found = after(seen)
    again = observed(found, [config_map("a")], [live(config_map("a"))], level=RECENT)
    assert Deciding(again, NOW + timedelta(hours=1)).plan().due is None
    decided = Deciding(again, NOW + timedelta(hours=1))
    decided.plan()
    assert decided.patch() == {}


def test_the_refresh_that_was_asked_for_is_taken_away() -> None:
    asked = body(metadata={"annotations": {"argocd.argoproj.io/refresh": "normal", "mine": "1"}})
    _, found = after(observed(asked))
    assert found["metadata"]["annotations"] == {"mine": "1"}


AUTOMATED = {"syncPolicy": {"automated": {"prune": True, "selfHeal": True}}}


def test_an_automated_sync_begins() -> None:
    decided, found = after(observed(body(AUTOMATED), [config_map("a")]))
    assert decided.carry_on
    state = found["status"]["operationState"]
    assert (state["phase"], state["startedAt"]) == ("Running", "2026-05-01T12:00:00Z")
    assert state["operation"]["initiatedBy"] == {"automated": True}
    assert state["operation"]["sync"] == {"prune": True, "revision": COMMIT}


def test_nothing_that_is_in_sync_is_synced() -> None:
    decided, found = after(observed(body(AUTOMATED), [config_map("a")], [live(config_map("a"))]))
    assert not decided.carry_on
    assert "operationState" not in found["status"]


def test_a_sync_that_would_leave_nothing_is_not_begun() -> None:
    decided, found = after(observed(body(AUTOMATED), [], [live(config_map("a"))]))
    assert not decided.carry_on
    (condition,) = found["status"]["conditions"]
    assert condition["type"] == "SyncError"
    assert "auto-sync will wipe out all resources" in condition["message"]


def ended(at: str, phase: str = "Succeeded", **sync: Any) -> Json:
    source = body()["spec"]["source"]
    return {
        "operation": {"sync": {"revision": COMMIT, **sync}},
        "phase": phase,
        "message": "told",
        "startedAt": at,
        "finishedAt": at,
        "syncResult": {"revision": COMMIT, "source": source},
    }


def test_what_has_failed_is_not_tried_again_by_itself() -> None:
    status = {"operationState": ended("2026-05-01T11:00:00Z", "Failed")}
    decided, found = after(observed(body(AUTOMATED, status=status), [config_map("a")]))
    assert not decided.carry_on
    assert found["status"]["conditions"][0]["message"] == f"Failed last sync attempt to {COMMIT}: told"


@pytest.mark.parametrize(("seconds", "begins"), [(3, False), (7, True)])
def test_healing_waits_longer_each_time(seconds: int, begins: bool) -> None:
    status = {"operationState": ended("2026-05-01T12:00:00Z", autoHealAttemptsCount=2)}
    seen = observed(body(AUTOMATED, status=status), [config_map("a")], [live(config_map("a"), data={"v": "2"})])
    decided, _ = after(seen, NOW + timedelta(seconds=seconds))
    assert decided.carry_on is begins
    assert begins or decided.due == NOW + timedelta(seconds=6)


def test_an_operation_of_the_same_second_waits_for_the_next() -> None:
    """Operations are known by the second at which they begin: hooks of one must not be taken for those of another."""
    status = {"operationState": ended("2026-05-01T12:00:00Z")}
    asked = body(status=status, operation={"sync": {"prune": True}})
    decided, found = after(observed(asked, [config_map("a")]))
    assert (decided.carry_on, decided.due) == (False, NOW + timedelta(seconds=1))
    assert found["operation"] == {"sync": {"prune": True}}, "what was asked for is not forgotten"
    decided, found = after(observed(asked, [config_map("a")]), NOW + timedelta(seconds=1))
    assert decided.carry_on
    assert found["status"]["operationState"]["operation"] == {"sync": {"prune": True}}


def test_what_was_asked_for_is_taken_away_with_its_end() -> None:
    asked = body(operation={"sync": {}})
    decided = Deciding(observed(asked, [config_map("a")]), NOW)
    assert decided.plan().carry_on
    running = decided.status["operationState"]
    assert "operation" not in decided.patch()
    decided.settle(
        {**running, "phase": "Succeeded", "finishedAt": "2026-05-01T12:00:05Z", "syncResult": {"revision": COMMIT}}
    )
    patch = decided.patch()
    assert patch["operation"] is None
    (entry,) = patch["status"]["history"]
    assert (entry["id"], entry["revision"]) == (0, COMMIT)


def windowed(kind: str, **more: Any) -> AppProject:
    window = {
        "kind": kind,
        "schedule": "0 12 * * *",
        "duration": "1h",
        "applications": ["*"],
        "manualSync": False,
        **more,
    }
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], "syncWindows": [window]}
    return AppProject.of({"metadata": {"name": "default"}, "spec": spec})


@pytest.mark.parametrize(("kind", "begins"), [("allow", True), ("deny", False)])
def test_windows_hold_automated_syncs_up(kind: str, begins: bool) -> None:
    seen = observed(body(AUTOMATED), [config_map("a")], project=windowed(kind))
    assert after(seen, NOW + timedelta(minutes=1))[0].carry_on is begins


def test_an_operation_in_a_window_that_is_shut_is_blocked() -> None:
    status = {"operationState": {"operation": {"sync": {}}, "phase": "Running", "startedAt": "2026-05-01T12:00:00Z"}}
    seen = observed(body(status=status), [config_map("a")], project=windowed("deny"))
    decided, found = after(seen, NOW + timedelta(minutes=1))
    assert not decided.carry_on
    assert found["status"]["operationState"]["message"] == "Sync operation blocked by sync window"


def test_a_spec_that_may_not_be_reconciled() -> None:
    seen = observed(body(operation={"sync": {}}), refused=["no such project"], to=Destination())
    _, found = after(seen)
    status = found["status"]
    assert (status["sync"]["status"], status["health"]["status"]) == ("Unknown", "Unknown")
    assert [(one["type"], one["message"]) for one in status["conditions"]] == [("InvalidSpecError", "no such project")]
    assert (status["operationState"]["phase"], status["operationState"]["message"]) == ("Failed", "no such project")
    assert "operation" not in found


def test_sources_that_come_to_nothing() -> None:
    made = Made(problems=["Failed to load target state: broken"], transient=True)
    decided, found = after(observed(body(AUTOMATED), there=[live(config_map("a"))], made=made, wanted=made))
    assert not decided.carry_on
    assert decided.due == NOW + timedelta(seconds=60)
    assert found["status"]["sync"]["status"] == "Unknown"
    assert found["status"]["health"]["status"] == "Healthy", "what is live is judged all the same"


RESOURCES = "resources-finalizer.argocd.argoproj.io"


def leaving(there: Sequence[Json], finalizers: Sequence[str] = (RESOURCES,)) -> tuple[list[str], Json]:
    metadata = {"deletionTimestamp": "2026-05-01T11:00:00Z", "finalizers": list(finalizers)}
    decided = Deciding(observed(body(metadata=metadata), there=there, made=None, wanted=None), NOW)
    plan = decided.plan()
    return [f"{type(one).__name__} {one.place[0].name}" for one in plan.batch], decided.patch()


def test_a_deleted_application_takes_its_objects_along() -> None:
    last = live(config_map("last", annotations={"argocd.argoproj.io/sync-wave": "1"}))
    stranger = config_map("stranger", namespace="web", uid="u", resourceVersion="1")
    assert leaving([live(config_map("a")), last, stranger]) == (["Delete last"], {})
    assert leaving([live(config_map("a")), stranger]) == (["Delete a"], {})
    assert leaving([stranger]) == ([], {"metadata": {"finalizers": []}})
    mine = owned(live(config_map("made")), controller=True)
    assert leaving([mine]) == ([], {"metadata": {"finalizers": []}}), "what has an owner goes with it"


def test_an_application_whose_cluster_is_not_known_is_let_go() -> None:
    metadata = {"deletionTimestamp": "2026-05-01T11:00:00Z", "finalizers": [RESOURCES, "mine/own"]}
    seen = observed(body(metadata=metadata), made=None, wanted=None, to=Destination(), refused=["nowhere"])
    decided = Deciding(seen, NOW)
    assert decided.plan().batch == []
    assert decided.patch()["metadata"] == {"finalizers": ["mine/own"]}


def test_hooks_of_deletion_are_waited_for() -> None:
    hook = config_map("bye", annotations={"argocd.argoproj.io/hook": "PostDelete"})
    _, found = after(observed(body(), [hook]))
    name = "post-delete-finalizer.argocd.argoproj.io"
    assert found["metadata"]["finalizers"] == [name, f"{name}/cleanup"]
    assert found["status"]["resources"] == []


def pinned(until: str) -> Observed:
    """An Application that would be synced by itself, were it not for a rollback that holds until then."""
    history = [
        {"id": 3, "revision": "b" * 40, "deployedAt": "2026-05-01T11:00:00Z", "source": body()["spec"]["source"]}
    ]
    automated: Json = {"syncPolicy": {"automated": {}}}
    held = body(automated, metadata={"annotations": {pins.PIN: until}}, status={"history": history})
    return observed(held, [config_map("a", "2")], [live(config_map("a"))])


def test_a_rollback_that_holds() -> None:
    decided, found = after(pinned("2026-05-01T14:00:00Z"))
    assert not decided.carry_on
    assert decided.due == datetime(2026, 5, 1, 14, tzinfo=UTC)
    (condition,) = found["status"]["conditions"]
    assert (condition["type"], condition["message"]) == (
        "PinnedWarning",
        f"held at {'b' * 40} until 2026-05-01T14:00:00Z; then automated syncs go on",
    )
    assert "operationState" not in found["status"]


def test_a_rollback_that_has_held_long_enough() -> None:
    decided, found = after(pinned("2026-05-01T12:00:00Z"))
    assert decided.carry_on
    assert "annotations" not in found["metadata"] or pins.PIN not in found["metadata"]["annotations"]
    assert "conditions" not in found["status"]


def test_a_pin_without_a_time_holds_nothing() -> None:
    decided, found = after(pinned("tomorrow"))
    assert decided.carry_on
    (condition,) = found["status"]["conditions"]
    assert (
        condition["message"]
        == "annotation argosy.dev/pinned-until is no time (RFC 3339), so nothing is held: 'tomorrow'"
    )


# What the API server is asked besides


SERVER_SIDE = {"annotations": {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}}
TRUSTED = {"ignoreDifferences": [{"kind": "ConfigMap", "managedFieldsManagers": ["autoscaler"]}]}


class Memory[V](dict[str, V]):
    def put(self, key: str, value: V) -> None:
        self[key] = value


def managed(obj: Json, manager: str) -> Json:
    entry = {"manager": manager, "fieldsV1": {"f:data": {".": {}, "f:v": {}}}}
    return {**obj, "metadata": {**obj["metadata"], "managedFields": [entry]}}


def doubtful(spec: Json | None = None, **more: Any) -> Observed:
    """An Application whose one object seems to differ."""
    return observed(body(spec, **more), [config_map("a")], [live(config_map("a"), data={"v": "theirs"})])


def told(seen: Observed, evidence: Evidence | None) -> Json:
    assert seen.made is not None
    (pair,) = compared(seen, seen.made).unsure
    _, found = after(replace(seen, evidence={pair_name(*pair): evidence} if evidence is not None else {}))
    status: Json = found["status"]
    return status


@pytest.mark.parametrize(
    ("predicted", "sync"),
    [({"v": "theirs"}, "Synced"), ({"v": "1"}, "OutOfSync")],
)
def test_a_dry_run_decides(predicted: Json, sync: str) -> None:
    seen = doubtful(metadata=SERVER_SIDE)
    there = live(config_map("a"), data={"v": "theirs"})
    dry = managed({**there, "data": predicted}, "argocd-controller")
    assert told(seen, Evidence(managed(there, "argocd-controller"), dry))["sync"]["status"] == sync


def test_a_dry_run_that_is_refused() -> None:
    there = live(config_map("a"), data={"v": "theirs"})
    status = told(doubtful(metadata=SERVER_SIDE), Evidence(there, problem="field is immutable"))
    assert status["sync"]["status"] == "Unknown"
    (said,) = (one["message"] for one in status["conditions"])
    assert "server side apply in dryrun mode: field is immutable" in said


@pytest.mark.parametrize(("writer", "sync"), [("autoscaler", "Synced"), ("somebody", "OutOfSync")])
def test_fields_of_trusted_writers(writer: str, sync: str) -> None:
    there = managed(live(config_map("a"), data={"v": "theirs"}), writer)
    assert told(doubtful(TRUSTED), Evidence(there))["sync"]["status"] == sync


def test_until_the_server_has_answered_the_cheap_comparison_counts() -> None:
    assert told(doubtful(TRUSTED), None)["sync"]["status"] == "OutOfSync"


@pytest.mark.parametrize(
    "seen",
    [
        observed(body(), [config_map("a")], [live(config_map("a"), data={"v": "theirs"})]),
        observed(body(metadata=SERVER_SIDE), [config_map("a")], [live(config_map("a"))]),
        observed(body(metadata=SERVER_SIDE), [config_map("a")], []),
        observed(body(TRUSTED), [config_map("a") | {"kind": "Secret"}], [live(config_map("a") | {"kind": "Secret"})]),
        replace(
            doubtful(metadata={"annotations": {"argocd.argoproj.io/compare-options": "ServerSideDiff=false"}}),
            settings=Settings(server_side=True),
        ),
    ],
    ids=["nobody wants it", "nothing differs", "it is not there", "a Secret", "switched off"],
)
def test_nothing_to_ask(seen: Observed) -> None:
    assert seen.made is not None
    assert compared(seen, seen.made).unsure == []


def test_memory_changes_no_verdict_and_outlives_no_change() -> None:
    known = Known(Memory(), "", Memory())
    doomed = {"metadata": {"deletionTimestamp": "2026-11-01T00:00:00Z"}}
    seen = observed(body(), [config_map("a")], [live(config_map("a"))])
    assert seen.made is not None
    seen = replace(seen, made=replace(seen.made, name="first"), known=known)
    later = [
        seen,
        replace(seen, made=Made([config_map("a", "2")], ["c2"], name="second")),
        replace(seen, instance="other"),
        replace(seen, settings=Settings(tracking=Tracking("label"))),
        replace(seen, live={key: merged(one, doomed, version="9") for key, one in seen.live.items()}),
    ]
    for one in [*later, *later]:
        assert one.made is not None
        with_memory, without = compared(one, one.made), compared(replace(one, known=Known()), one.made)
        assert (with_memory.status, with_memory.targets) == (without.status, without.targets)
        assert [each.health for each in with_memory.resources] == [each.health for each in without.resources]


def merged(obj: Any, more: Json, version: str) -> Json:
    """An object with more metadata, in another version."""
    return {**obj, "metadata": {**obj["metadata"], **more["metadata"], "resourceVersion": version}}


def test_an_answer_is_remembered_as_long_as_nothing_changes() -> None:
    known = Known(Memory())
    seen = replace(doubtful(TRUSTED), known=known)
    there = managed(live(config_map("a"), data={"v": "theirs"}), "autoscaler")
    assert told(seen, Evidence(there))["sync"]["status"] == "Synced"
    assert seen.made is not None
    assert (compared(seen, seen.made).status, compared(seen, seen.made).unsure) == ("Synced", [])
    changed = live(config_map("a"), data={"v": "other"})
    changed["metadata"]["resourceVersion"] = "6"
    newer = replace(seen, live={key_of(changed): changed})
    assert len(compared(newer, seen.made).unsure) == 1


def owned(obj: Json, *, controller: bool) -> Json:
    owner = {"apiVersion": "x/v1", "kind": "Kafka", "name": "k", "uid": "u", "controller": controller}
    return {**obj, "metadata": {**obj["metadata"], "ownerReferences": [owner]}}


@pytest.mark.parametrize("controller", [True, False])
def test_what_has_an_owner_is_not_pruned_for_a_copied_label(controller: bool) -> None:
    labelled = config_map("made", labels={"app.kubernetes.io/instance": "shop"})
    there = owned({**labelled, "metadata": {**labelled["metadata"], "namespace": "web"}}, controller=controller)
    settings = Settings(tracking=Tracking(method="label"))
    seen = observed(body(), [config_map("a")], [there], settings=settings)
    found = compared(seen, seen.made or Made())
    assert found.extra == []


@pytest.mark.parametrize("part", ["labels", "annotations"])
def test_a_label_without_a_value_as_charts_write_it_says_nothing(part: str) -> None:
    metadata: Json = {part: {"a": None}}
    seen = observed(body(), [config_map("a", **metadata)])
    found = compared(seen, seen.made or Made())
    assert found.conditions == []


def test_the_namespace_that_syncs_make_and_label_is_not_pruned() -> None:
    """It may carry the application's id from when its manifest was in Git."""
    policy = {
        "automated": {"prune": True},
        "syncOptions": ["CreateNamespace=true"],
        "managedNamespaceMetadata": {"labels": {"a": "b"}},
    }
    notes = {"argocd.argoproj.io/tracking-id": "shop:/Namespace:web/web"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web", "uid": "n", "annotations": notes}}
    seen = observed(body({"syncPolicy": policy}), [config_map("a")], [namespace])
    assert compared(seen, seen.made or Made()).extra == []
    seen = observed(body({"syncPolicy": {"automated": {"prune": True}}}), [config_map("a")], [namespace])
    assert [key.kind for key in compared(seen, seen.made or Made()).extra] == ["Namespace"]


@pytest.mark.parametrize(
    ("metadata", "named"),
    [
        ({"annotations": {"argocd.argoproj.io/sync-wave": 5}}, "metadata.annotations[argocd.argoproj.io/sync-wave]"),
        ({"annotations": {"argocd.argoproj.io/compare-options": 3}}, "compare-options"),
        ({"annotations": ["x"]}, "metadata.annotations"),
        ({"labels": {"a": True}}, "metadata.labels[a]"),
    ],
)
def test_metadata_of_another_type_is_told(metadata: Json, named: str) -> None:
    seen = observed(body(), [config_map("a", **metadata)])
    deciding = Deciding(seen, NOW)
    deciding.plan()
    conditions = deciding.patch()["status"]["conditions"]
    assert [(one["type"], "ConfigMap/a" in one["message"], named in one["message"]) for one in conditions] == [
        ("ComparisonError", True, True)
    ]


@pytest.mark.parametrize("untouched", [True, False])
def test_a_commit_that_touches_nothing_of_the_application_begins_no_sync(untouched: bool) -> None:
    source = body()["spec"]["source"]
    result = {"revision": "b" * 40, "source": source}
    state = {
        "phase": "Succeeded",
        "operation": {"sync": {}},
        "startedAt": "2026-05-01T11:00:00Z",
        "finishedAt": "2026-05-01T11:00:05Z",
        "syncResult": result,
    }
    policy: Json = {"syncPolicy": {"automated": {}}}
    made = Made([config_map("a")], [COMMIT], ["Directory"], untouched=untouched)
    drifted = [live(config_map("a"), data={"v": "by hand"})]
    seen = observed(body(policy, status={"operationState": state}), [], drifted, made=made, wanted=made)
    decided, _ = after(seen)
    assert decided.carry_on is not untouched
