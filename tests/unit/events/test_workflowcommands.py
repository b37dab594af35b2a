"""What the commands of the argo CLI write."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.effects import WorkflowCommand
from argosy.events.triggers.objects import FIRING_ANNOTATION
from argosy.events.workflowcommands import Change, change, new_workflow, source_kind, workflow_name
from support.events import NOW, Body

FIRING = "0123456789abcdef" * 2
SHORT = FIRING[:10]
TIME = "2026-01-01T00:00:00Z"
PREFIX = "workflows.argoproj.io/"


def command(
    operation: str, *args: str, name: str = "w", origin: str = "", manifest: Body | None = None
) -> WorkflowCommand:
    return WorkflowCommand(manifest or {}, "ns", "default", operation, name, origin, args)


def workflow(*, phase: str = "", nodes: Body | None = None, spec: Body | None = None, **metadata: Any) -> Body:
    status = {"status": {"phase": phase, "nodes": nodes or {}}} if phase else {}
    whole = {"name": "w", "namespace": "ns", "uid": "u", "resourceVersion": "5", **metadata}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": whole, "spec": spec or {}, **status}


def changed(operation: str, live: Body, *args: str) -> Change:
    before = copy.deepcopy(live)
    made = change(command(operation, *args), live, FIRING, NOW)
    assert live == before
    return made


# Submit, submit-from, resubmit


@pytest.mark.parametrize(
    ("metadata", "args", "name"),
    [
        ({"name": "a"}, (), "a"),
        ({"name": f"b-{SHORT}", "generateName": "b-"}, (), f"b-{SHORT}"),
        ({"name": f"b-{SHORT}", "generateName": "b-"}, ("--generate-name", "c-"), f"c-{SHORT}"),
        ({"name": "a"}, ("--generate-name", "c-"), "a"),
        ({"name": "a"}, ("--name", "d"), "d"),
    ],
)
def test_the_name_of_what_is_submitted(metadata: Body, args: tuple[str, ...], name: str) -> None:
    made = command("submit", *args, manifest={"metadata": metadata})
    assert workflow_name(made, FIRING) == name
    assert new_workflow(made, None, FIRING, NOW)["metadata"]["name"] == name


def test_the_flags_of_submit() -> None:
    given = workflow(spec={"arguments": {"parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}})
    flags = ("-p", "b=3", "--entrypoint", "e", "--serviceaccount", "sa", "-l", "x=y", "--priority", "4")
    made = new_workflow(command("submit", *flags, manifest=given), None, FIRING, NOW)
    assert made["spec"] == {
        "arguments": {"parameters": [{"name": "b", "value": "3"}, {"name": "a", "value": "1"}]},
        "entrypoint": "e",
        "serviceAccountName": "sa",
        "priority": 4,
    }
    assert made["metadata"]["labels"] == {"x": "y"}
    assert made["metadata"]["annotations"] == {FIRING_ANNOTATION: FIRING}


def test_submit_from_a_template() -> None:
    made = command("submit-from", "-p", "a=b", name="tpl", origin="workflowtemplate")
    assert source_kind(made) == "WorkflowTemplate"
    assert workflow_name(made, FIRING) == f"tpl-{SHORT}"
    found = new_workflow(made, {"metadata": {"name": "tpl", "labels": {"own": "x"}}}, FIRING, NOW)
    assert found == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {
            "name": f"tpl-{SHORT}",
            "namespace": "ns",
            "generateName": "tpl-",
            "labels": {f"{PREFIX}workflow-template": "tpl"},
            "annotations": {FIRING_ANNOTATION: FIRING},
        },
        "spec": {
            "workflowTemplateRef": {"name": "tpl"},
            "arguments": {"parameters": [{"name": "a", "value": "b"}]},
        },
    }


def test_submit_from_a_cron_workflow() -> None:
    made = command("submit-from", "--generate-name", "x-", name="c", origin="cronwf")
    assert source_kind(made) == "CronWorkflow"
    more = {"labels": {"l": "1"}, "annotations": {"a": "2"}, "finalizers": ["f"]}
    labels = {"own": "x", f"{PREFIX}controller-instanceid": "i"}
    spec = {"schedules": ["* * * * *"], "workflowSpec": {"entrypoint": "e"}, "workflowMetadata": more}
    found = new_workflow(made, {"metadata": {"name": "c", "uid": "u", "labels": labels}, "spec": spec}, FIRING, NOW)
    metadata = found["metadata"]
    assert found["spec"] == {"entrypoint": "e"}
    assert metadata["name"] == f"x-{SHORT}"
    assert metadata["labels"] == {f"{PREFIX}cron-workflow": "c", f"{PREFIX}controller-instanceid": "i", "l": "1"}
    assert metadata["annotations"] == {f"{PREFIX}scheduled-time": TIME, "a": "2", FIRING_ANNOTATION: FIRING}
    assert metadata["finalizers"] == ["f"]
    assert metadata["ownerReferences"][0]["name"] == "c"


def test_resubmit() -> None:
    labels = {f"{PREFIX}phase": "Failed", f"{PREFIX}completed": "true", f"{PREFIX}creator": "x", "own": "y"}
    old = workflow(
        phase="Failed",
        labels=labels,
        annotations={FIRING_ANNOTATION: "other", "own": "z"},
        spec={"shutdown": "Stop", "activeDeadlineSeconds": 0, "entrypoint": "e"},
    )
    made = command("resubmit", "-p", "a=b")
    assert source_kind(made) == "Workflow"
    found = new_workflow(made, old, FIRING, NOW)
    assert found["spec"] == {"entrypoint": "e", "arguments": {"parameters": [{"name": "a", "value": "b"}]}}
    assert found["metadata"] == {
        "name": f"w-{SHORT}",
        "namespace": "ns",
        "generateName": "w-",
        "labels": {"own": "y", f"{PREFIX}resubmitted-from-workflow": "w"},
        "annotations": {"own": "z", FIRING_ANNOTATION: FIRING},
    }
    assert "status" not in found


# Stop, terminate, suspend, resume


@pytest.mark.parametrize(("operation", "strategy"), [("stop", "Stop"), ("terminate", "Terminate")])
def test_the_end(operation: str, strategy: str) -> None:
    assert changed(operation, workflow()) == Change("patch", {"spec": {"shutdown": strategy}})


def test_suspend() -> None:
    made = changed("suspend", workflow(spec={"entrypoint": "e"}))
    assert made.body is not None
    assert made.body["spec"] == {"entrypoint": "e", "suspend": True}
    assert made.body["metadata"]["resourceVersion"] == "5"
    assert changed("suspend", workflow(spec={"suspend": True})) == Change("none")
    with pytest.raises(EvaluationError, match="completed"):
        changed("suspend", workflow(labels={f"{PREFIX}completed": "true"}))


def suspended(**output: Any) -> Body:
    return {"name": "w.s", "type": "Suspend", "phase": "Running", "outputs": {"parameters": [{"name": "o", **output}]}}


def test_resume() -> None:
    nodes = {
        "a": suspended(valueFrom={"supplied": {}, "default": "d"}),
        "b": {"name": "w.p", "type": "Pod", "phase": "Running"},
        "c": {"name": "w.d", "type": "Suspend", "phase": "Succeeded"},
    }
    made = changed("resume", workflow(phase="Running", nodes=nodes, spec={"suspend": True}))
    assert made.verb == "update"
    assert made.body is not None
    after = made.body["status"]["nodes"]
    assert after["a"] | {"outputs": None} == {
        "name": "w.s",
        "type": "Suspend",
        "phase": "Succeeded",
        "finishedAt": TIME,
        "outputs": None,
    }
    assert after["a"]["outputs"]["parameters"] == [{"name": "o", "value": "d"}]
    assert (after["b"], after["c"]) == (nodes["b"], nodes["c"])
    assert made.body["spec"] == {}


def test_resume_without_anything_to_resume() -> None:
    assert changed("resume", workflow(phase="Running")) == Change("none")
    with pytest.raises(EvaluationError, match="'o' has not been set"):
        changed("resume", workflow(phase="Running", nodes={"a": suspended(valueFrom={"supplied": {}})}))


@pytest.mark.parametrize("operation", ["resume", "retry"])
def test_what_a_firing_has_done_is_not_done_again(operation: str) -> None:
    live = workflow(phase="Failed", spec={"suspend": True}, annotations={FIRING_ANNOTATION: FIRING})
    assert changed(operation, live) == Change("none")


@pytest.mark.parametrize("status", [{"compressedNodes": "H4s"}, {"offloadNodeStatusVersion": "fnv:1"}])
def test_nodes_that_are_kept_elsewhere(status: Body) -> None:
    with pytest.raises(EvaluationError, match="not served"):
        changed("retry", {**workflow(), "status": {"phase": "Failed", **status}})


# Retry


def node(name: str, type: str, phase: str, *children: str, **more: Any) -> Body:
    return {
        "id": name,
        "name": name,
        "type": type,
        "phase": phase,
        "children": list(children),
        "finishedAt": TIME,
        **more,
    }


STEPS: Body = {
    "w": node("w", "Steps", "Failed", "w[0]", outboundNodes=["w[1].b"], message="child failed"),
    "w[0]": node("w[0]", "StepGroup", "Succeeded", "w[0].a", boundaryID="w"),
    "w[0].a": node("w[0].a", "Pod", "Succeeded", "w[1]", boundaryID="w", templateName="t"),
    "w[1]": node("w[1]", "StepGroup", "Failed", "w[1].b", boundaryID="w"),
    "w[1].b": node("w[1].b", "Pod", "Failed", boundaryID="w", templateName="t"),
    "w.onExit": node("w.onExit", "Pod", "Succeeded", templateName="bye"),
}


def test_retry() -> None:
    live = workflow(
        phase="Failed",
        nodes=STEPS,
        labels={f"{PREFIX}completed": "true", f"{PREFIX}phase": "Failed", "own": "x"},
        spec={"shutdown": "Stop"},
    )
    live["status"] |= {"message": "failed", "finishedAt": TIME, "conditions": [{"type": "Completed", "status": "True"}]}
    made = changed("retry", live, "-p", "a=b")
    assert made.pods == ("w-bye-3635586449", "w-t-1433642545")
    assert made.body is not None
    status, nodes = made.body["status"], made.body["status"]["nodes"]
    assert {name: one["phase"] for name, one in nodes.items()} == {
        "w": "Running",
        "w[0]": "Succeeded",
        "w[0].a": "Succeeded",
        "w[1]": "Running",
    }
    assert (nodes["w[1]"]["children"], nodes["w"]["outboundNodes"], "message" in nodes["w"]) == ([], [], False)
    assert (status["phase"], status["startedAt"], status["finishedAt"]) == ("Running", TIME, None)
    assert status["conditions"] == [{"type": "Completed", "status": "False"}]
    assert made.body["metadata"]["labels"] == {f"{PREFIX}phase": "Running", "own": "x"}
    assert made.body["spec"] == {"arguments": {"parameters": [{"name": "a", "value": "b"}]}}


def test_what_came_after_a_failure_goes_too_and_its_group_runs_again() -> None:
    nodes: Body = {
        "w": node("w", "DAG", "Failed", "w.a"),
        "w.a": node("w.a", "TaskGroup", "Succeeded", "w.a(0)", boundaryID="w"),
        "w.a(0)": node("w.a(0)", "Pod", "Failed", "w.b", boundaryID="w", templateName="t"),
        "w.b": node("w.b", "Pod", "Succeeded", boundaryID="w", templateName="t"),
    }
    made = changed("retry", workflow(phase="Failed", nodes=nodes))
    assert made.body is not None
    assert {name: one["phase"] for name, one in made.body["status"]["nodes"].items()} == {
        "w": "Running",
        "w.a": "Running",
    }
    assert len(made.pods) == 2


@pytest.mark.parametrize(
    ("name", "annotations", "template", "pod"),
    [
        ("wfname", {}, "t", "wfname"),
        ("wfname.A", {f"{PREFIX}pod-name-format": "v1"}, "t", "wfname.A"),
        ("stp.inline", {}, "", "wfname-2902770869"),
        ("wfname[0].step-a(1)", {}, "tmpl", "wfname-tmpl-3627615711"),
    ],
)
def test_the_name_of_a_pod(name: str, annotations: Body, template: str, pod: str) -> None:
    nodes = {name: node(name, "Pod", "Failed", templateName=template)}
    live = workflow(phase="Failed", nodes=nodes, name="wfname", annotations=annotations)
    assert changed("retry", live).pods == (pod,)


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (workflow(phase="Running"), "phase Running"),
        (workflow(), "phase Pending"),
        (workflow(phase="Succeeded"), "has succeeded"),
        (workflow(phase="Failed", nodes={"a": node("w.a", "Pod", "Running")}), "node w.a in Running phase"),
    ],
)
def test_what_is_not_retried(live: Body, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        changed("retry", live)
