"""The table of Argo's kinds and the definitions made of it. Names, columns and subresources are those that Argo installs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.resources.crds import ANNOTATION, custom_resource_definition
from argosy.resources.definitions import DEFINITIONS, Field

CRDS = Path(__file__).parents[3] / "infra" / "crds"
LOOSE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINED = pytest.mark.parametrize("kind", DEFINITIONS)

STATUS_APART = {"ApplicationSet", "EventBus", "EventSource", "Rollout", "Sensor"}
CLUSTER_WIDE = {"ClusterAnalysisTemplate", "ClusterWorkflowTemplate"}


def version(kind: str) -> dict[str, Any]:
    (only,) = custom_resource_definition(DEFINITIONS[kind])["spec"]["versions"]
    assert isinstance(only, dict)
    return only


def schema(kind: str) -> dict[str, Any]:
    root = version(kind)["schema"]["openAPIV3Schema"]
    assert isinstance(root, dict)
    return root


def nodes(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, below in node.get("properties", {}).items():
        yield from nodes(below, f"{path}.{name}")
    for key, sign in (("items", "[]"), ("additionalProperties", "{}")):
        if key in node:
            yield from nodes(node[key], f"{path}{sign}")


@DEFINED
def test_the_file_of_a_kind_is_fresh(kind: str) -> None:
    definition = DEFINITIONS[kind]
    text = (CRDS / f"{definition.plural}.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == custom_resource_definition(definition)
    assert "make generate" in text.splitlines()[0]


def test_there_is_no_file_without_a_kind() -> None:
    assert {path.stem for path in CRDS.iterdir()} == {one.plural for one in DEFINITIONS.values()}


@DEFINED
def test_schemas_are_structural(kind: str) -> None:
    for path, node in nodes(schema(kind)):
        keeps = "x-kubernetes-preserve-unknown-fields" in node
        assert "type" in node or keeps, path
        assert not node.keys() >= {"properties", "additionalProperties"}, path
        if "type" in node:
            assert ("items" in node) == (node["type"] == "array"), path
            assert node["type"] == "object" or not (keeps or "properties" in node), path
        assert set(node.get("required", [])) <= node.get("properties", {}).keys(), path


@DEFINED
def test_unknown_fields_are_kept_wherever_there_can_be_any(kind: str) -> None:
    for path, node in nodes(schema(kind)):
        if node.get("type", "object") == "object" and path not in ("", ".metadata"):
            assert node["x-kubernetes-preserve-unknown-fields"] is True, path


@pytest.mark.parametrize("kind", ["EventBus", "EventSource", "Sensor", "Workflow", "CronWorkflow"])
def test_the_kinds_of_events_and_workflows_are_open_below_spec_and_status(kind: str) -> None:
    properties = schema(kind)["properties"]
    assert properties["spec"].items() >= LOOSE.items()
    assert properties["status"] == LOOSE
    assert schema(kind)["required"] == ["metadata", "spec"]
    for path, node in nodes(properties["spec"]):
        assert not path or node["nullable"] is True, path
        assert not path or not node.keys() & {"type", "required", "format", "enum"}, path


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        ("EventSource", ".spec.webhook{}.endpoint", "text"),
        ("EventSource", ".spec.webhook{}.authSecret.key", "text"),
        ("EventSource", ".spec.webhook{}.metadata", "each: text"),
        ("EventSource", ".spec.webhook{}.maxPayloadSize", "number"),
        ("EventSource", ".spec.eventBridge{}.pattern", None),
        ("EventBus", ".spec.jetstreamExotic", None),
        ("Sensor", ".spec.dependencies[].filters.data[].value", "each: text"),
        ("Sensor", ".spec.triggers[].template.awsLambda.roleARN", "text"),
        ("Sensor", ".spec.triggers[].retryStrategy.duration", "number or text"),
        ("Sensor", ".spec.triggers[].retryStrategy.factor", "number"),
        ("Sensor", ".spec.triggers[].atLeastOnce", "true or false"),
        ("Sensor", ".spec.triggers[].dlqTrigger", None),
    ],
)
def test_a_definition_tells_what_the_model_reads(kind: str, path: str, words: str | None) -> None:
    assert dict(nodes(schema(kind)))[path].get("description") == words


def test_a_trigger_within_a_trigger_is_told_once() -> None:
    assert "properties" not in dict(nodes(schema("Sensor")))[".spec.triggers[].dlqTrigger"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("EventBus", "eventbus eventbus eb"),
        ("EventSource", "eventsources eventsource es"),
        ("Sensor", "sensors sensor sn"),
        ("Application", "applications application app apps"),
        ("ApplicationSet", "applicationsets applicationset appset appsets"),
        ("AppProject", "appprojects appproject appproj appprojs"),
        ("AnalysisRun", "analysisruns analysisrun ar"),
        ("AnalysisTemplate", "analysistemplates analysistemplate at"),
        ("ClusterAnalysisTemplate", "clusteranalysistemplates clusteranalysistemplate cat"),
        ("Experiment", "experiments experiment exp"),
        ("Rollout", "rollouts rollout ro"),
        ("ClusterWorkflowTemplate", "clusterworkflowtemplates clusterworkflowtemplate clusterwftmpl cwft"),
        ("CronWorkflow", "cronworkflows cronworkflow cwf cronwf"),
        ("Workflow", "workflows workflow wf"),
        ("WorkflowEventBinding", "workfloweventbindings workfloweventbinding wfeb"),
        ("WorkflowTemplate", "workflowtemplates workflowtemplate wftmpl"),
    ],
)
def test_names(kind: str, names: str) -> None:
    plural, singular, *short = names.split()
    definition = custom_resource_definition(DEFINITIONS[kind])
    assert definition["metadata"]["name"] == f"{plural}.argoproj.io"
    assert definition["spec"]["group"] == "argoproj.io"
    assert definition["spec"]["names"] == {
        "kind": kind,
        "listKind": f"{kind}List",
        "plural": plural,
        "singular": singular,
        "shortNames": short,
    }


@DEFINED
def test_scope_and_subresources(kind: str) -> None:
    assert (custom_resource_definition(DEFINITIONS[kind])["spec"]["scope"] == "Cluster") == (kind in CLUSTER_WIDE)
    assert ("status" in version(kind).get("subresources", {})) == (kind in STATUS_APART)
    assert ("scale" in version(kind).get("subresources", {})) == (kind == "Rollout")


def test_the_scale_of_a_rollout() -> None:
    assert version("Rollout")["subresources"]["scale"] == {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.HPAReplicas",
        "labelSelectorPath": ".status.selector",
    }


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (
            "Application",
            "Sync Status=.status.sync.status; Health Status=.status.health.status; Revision=.status.sync.revision (10); "
            "Project=.spec.project (10)",
        ),
        (
            "Rollout",
            "Desired=.spec.replicas; Current=.status.replicas; Up-to-date=.status.updatedReplicas; "
            "Available=.status.availableReplicas; Age=.metadata.creationTimestamp",
        ),
        ("AnalysisRun", "Status=.status.phase; Age=.metadata.creationTimestamp"),
        ("ClusterAnalysisTemplate", "Age=.metadata.creationTimestamp"),
        ("Workflow", "Status=.status.phase; Age=.status.startedAt; Message=.status.message"),
        ("EventSource", ""),
        ("AppProject", ""),
    ],
)
def test_columns(kind: str, columns: str) -> None:
    found = [
        f"{one['name']}={one['jsonPath']}" + (f" ({one['priority']})" if "priority" in one else "")
        for one in version(kind).get("additionalPrinterColumns", [])
    ]
    assert "; ".join(found) == columns


@pytest.mark.parametrize(
    ("kind", "path", "wanted"),
    [
        ("Application", ".spec", ["destination", "project"]),
        ("ApplicationSet", ".spec", ["generators", "template"]),
        ("AnalysisRun", ".spec", ["metrics"]),
        ("Experiment", ".spec", ["templates"]),
        ("Rollout", ".spec", None),
        ("AnalysisTemplate", "", ["spec"]),
    ],
)
def test_what_an_object_cannot_do_without(kind: str, path: str, wanted: list[str] | None) -> None:
    assert dict(nodes(schema(kind)))[path].get("required") == wanted


def test_an_operation_stands_beside_the_spec_of_an_application() -> None:
    assert schema("Application")["properties"]["operation"] == LOOSE


def test_the_mark_of_a_definition_changes_with_it() -> None:
    def mark(*fields: Field) -> str:
        made = custom_resource_definition(replace(DEFINITIONS["Workflow"], fields=fields))
        return str(made["metadata"]["annotations"][ANNOTATION])

    assert mark() == mark()
    assert mark() != mark(Field("status.phase"))
