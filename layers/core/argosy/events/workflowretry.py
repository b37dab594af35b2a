"""`argo retry`: a failed workflow made to go on where it failed.

In: the Workflow object and the time. Out: the object with its status set back, and the pods to delete. Follows
`FormulateRetryWorkflow` in workflow/util/util.go of Argo Workflows 3.7: nodes that failed go, with what came after them;
groups that they are in run again; what succeeded stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.fnv import fnv32a

__all__ = ["retried"]

_PREFIX: Final = "workflows.argoproj.io/"
_GROUPS: Final = frozenset({"DAG", "TaskGroup", "StepGroup", "Steps"})
_FAILED: Final = frozenset({"Error", "Failed", "Omitted"})
_DONE: Final = frozenset({"Succeeded", "Skipped"})
_LONGEST_PREFIX: Final = 253 - 10 - 1

type Nodes = Mapping[str, dict[str, Any]]


def retried(workflow: dict[str, Any], now: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`workflow`, changed so that it goes on, and the names of the pods to delete. Raises EvaluationError."""
    status = workflow.get("status") or {}
    phase = status.get("phase") or ""
    if phase == "Succeeded":
        raise EvaluationError("a workflow that has succeeded is not retried")
    if phase not in ("Failed", "Error"):
        raise EvaluationError(f"cannot retry a workflow in phase {phase or 'Pending'}")
    nodes: Nodes = status.get("nodes") or {}
    gone = _gone(workflow["metadata"]["name"], nodes)
    again = _again(nodes, gone)
    pods = tuple(sorted(_pod(workflow, nodes[one]) for one in gone if nodes[one].get("type") == "Pod"))
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = {name: _set_back(node, at) if name in again else node for name, node in nodes.items() if name not in gone}
    for node in kept.values():
        for field in ("children", "outboundNodes"):
            if field in node:
                node[field] = [one for one in node[field] if one not in gone]
    _open(workflow, status, at)
    status["nodes"] = kept
    return workflow, pods


def _gone(workflow: str, nodes: Nodes) -> set[str]:
    """What is deleted: what failed and is no group, what came after it, and the exit handler with all that is in it."""
    failed = []
    for name, node in nodes.items():
        phase, exiting = node.get("phase"), str(node.get("name", "")).startswith(f"{workflow}.onExit")
        if phase not in _FAILED | _DONE:
            raise EvaluationError(f"workflow cannot be retried with node {node.get('name')} in {phase} phase")
        if exiting or (phase in _FAILED and node.get("type") not in _GROUPS):
            failed.append(name)
    gone: set[str] = set()
    while failed:
        name = failed.pop()
        if name not in gone and name in nodes:
            gone.add(name)
            failed.extend(nodes[name].get("children") or [])
    return gone


def _again(nodes: Nodes, gone: set[str]) -> set[str]:
    """Groups that run again: those that failed, the parents of what is deleted, and whatever these are inside of."""
    found = {name for name, node in nodes.items() if node.get("phase") in _FAILED}
    found |= {name for name, node in nodes.items() if not gone.isdisjoint(node.get("children") or [])}
    inside = list(found | gone)
    seen: set[str] = set()
    while inside:
        boundary = nodes[inside.pop()].get("boundaryID", "")
        if boundary in nodes and boundary not in seen:
            seen.add(boundary)
            inside.append(boundary)
    return {name for name in found | seen if name not in gone and nodes[name].get("type") in _GROUPS}


def _set_back(node: dict[str, Any], at: str) -> dict[str, Any]:
    kept = {name: value for name, value in node.items() if name not in ("message", "finishedAt")}
    return kept | {"phase": "Running", "startedAt": at, "finishedAt": None}


def _open(workflow: dict[str, Any], status: dict[str, Any], at: str) -> None:
    """Take off what says that the workflow has ended."""
    metadata, spec = workflow["metadata"], workflow.setdefault("spec", {})
    labels = metadata["labels"] = dict(metadata.get("labels") or {})
    for name in ("completed", "workflow-archiving-status"):
        labels.pop(f"{_PREFIX}{name}", None)
    labels[f"{_PREFIX}phase"] = "Running"
    spec.pop("shutdown", None)
    if spec.get("activeDeadlineSeconds") == 0:  # it was terminated
        del spec["activeDeadlineSeconds"]
    if status.get("storedWorkflowTemplateSpec"):
        status["storedWorkflowTemplateSpec"].pop("shutdown", None)
    others = [one for one in status.get("conditions") or [] if one.get("type") != "Completed"]
    status |= {
        "conditions": [*others, {"type": "Completed", "status": "False"}],
        "phase": "Running",
        "startedAt": at,
        "finishedAt": None,
    }
    for name in ("message", "persistentVolumeClaims"):
        status.pop(name, None)


def _pod(workflow: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """The pod of a node, as `GeneratePodName` of workflow/util/pod_name.go names it."""
    name, metadata = workflow["metadata"]["name"], workflow["metadata"]
    if (metadata.get("annotations") or {}).get(f"{_PREFIX}pod-name-format") == "v1":
        return str(node["id"])
    if node["name"] == name:
        return str(name)
    template = node.get("templateName") or (node.get("templateRef") or {}).get("template", "")
    prefix = f"{name}-{template}" if template else name
    return f"{prefix[:_LONGEST_PREFIX]}-{fnv32a(str(node['name']).encode())}"
