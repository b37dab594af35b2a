"""What the commands of the argo CLI write: a new Workflow, or a change of one.

In: a command, the object that it names as it is in the cluster, the firing's id, the time. Out: the object or patch to send.
Follows Argo Workflows 3.7: `cmd/argo/commands`, `workflow/util/util.go` (ApplySubmitOpts, SuspendWorkflow, ResumeWorkflow,
FormulateResubmitWorkflow, patchShutdownStrategy) and `workflow/common/convert.go`. On purpose different: names of new
workflows are derived from the firing, and what is not the same when it is done twice (resume, retry) leaves the firing's id
on the workflow, so that a repeated firing does it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.events.effects import WorkflowCommand
from argosy.events.triggers.objects import FIRING_ANNOTATION, derived_name, is_of, stamped
from argosy.events.workflowretry import retried
from argosy.lang.copying import copied
from argosy.records import record
from argosy.resources.workflowargs import Options, parse

__all__ = ["API_VERSION", "CREATING", "Change", "change", "new_workflow", "source_kind", "workflow_name"]

API_VERSION: Final = "argoproj.io/v1alpha1"
CREATING: Final = frozenset({"submit", "submit-from", "resubmit"})
_PREFIX: Final = "workflows.argoproj.io/"
_COMPLETED: Final = f"{_PREFIX}completed"
_INSTANCE: Final = f"{_PREFIX}controller-instanceid"
_NOT_CARRIED: Final = frozenset(
    f"{_PREFIX}{name}"
    for name in ("creator creator-email creator-preferred-username phase completed workflow-archiving-status".split())
)
_SHUTDOWN: Final = {"terminate": "Terminate", "stop": "Stop"}


@record
class Change:
    """A change of a workflow: `verb` is update (`body` is the whole), patch (a merge patch) or none.

    `pods` are to be deleted before it.
    """

    verb: str
    body: Mapping[str, Any] | None = None
    pods: tuple[str, ...] = ()


def source_kind(command: WorkflowCommand) -> str:
    """The kind of the object that a command has to read, "" for none."""
    if command.operation == "submit":
        return ""
    if command.operation == "submit-from":
        return "CronWorkflow" if command.origin == "cronwf" else "WorkflowTemplate"
    return "Workflow"


def workflow_name(command: WorkflowCommand, firing: str) -> str:
    """The workflow that a command makes or changes. Raises EvaluationError for flags that are not served."""
    if command.operation not in CREATING:
        return command.name
    options = parse(command.operation, command.args)
    if options.name:
        return options.name
    if command.operation != "submit":
        return derived_name(options.generate_name or f"{command.name}-", firing)
    metadata = command.manifest["metadata"]
    own = derived_name(str(metadata.get("generateName", "")), firing) != metadata["name"]
    return str(metadata["name"]) if own or not options.generate_name else derived_name(options.generate_name, firing)


def new_workflow(
    command: WorkflowCommand, source: Mapping[str, Any] | None, firing: str, now: datetime
) -> dict[str, Any]:
    """The workflow that submit, submit-from or resubmit creates from `source`. Raises EvaluationError."""
    if command.operation == "submit":
        made = copied(dict(command.manifest))
    elif source is None:
        raise EvaluationError(f"{command.operation} of {command.name}: it was not read")
    elif command.operation == "resubmit":
        made = _again(source)
    elif command.origin == "cronwf":
        made = _from_cron(source, now)
    else:
        made = _from_template(str(source["metadata"]["name"]))
    options = parse(command.operation, command.args)
    _apply(made, options)
    made["metadata"]["name"] = workflow_name(command, firing)
    made["metadata"].setdefault("namespace", command.namespace)
    stamped(made, firing)
    return made


def change(command: WorkflowCommand, live: Mapping[str, Any], firing: str, now: datetime) -> Change:
    """What suspend, resume, retry, terminate or stop do to the workflow `live`. Raises EvaluationError."""
    options = parse(command.operation, command.args)
    if command.operation in _SHUTDOWN:
        return Change("patch", {"spec": {"shutdown": _SHUTDOWN[command.operation]}})
    if command.operation == "suspend":
        return _suspended(live)
    if is_of(live, firing):
        return Change("none")
    status = live.get("status") or {}
    if status.get("compressedNodes") or status.get("offloadNodeStatusVersion"):
        raise EvaluationError(
            f"{command.operation}: the nodes of {command.name} are kept compressed or offloaded, which is not served"
        )
    made = copied(dict(live))
    if command.operation == "resume":
        if not _resumed(made, now):
            return Change("none")
        stamped(made, firing)
        return Change("update", made)
    made, pods = retried(made, now)
    _override(made["spec"], options.parameters)
    stamped(made, firing)
    return Change("update", made, pods)


def _apply(made: dict[str, Any], options: Options) -> None:
    spec, metadata = made.setdefault("spec", {}), made["metadata"]
    if options.entrypoint:
        spec["entrypoint"] = options.entrypoint
    if options.service_account:
        spec["serviceAccountName"] = options.service_account
    if options.priority is not None:
        spec["priority"] = options.priority
    if options.labels:
        metadata["labels"] = {**(metadata.get("labels") or {}), **options.labels}
    if options.generate_name:
        metadata["generateName"] = options.generate_name
    _override(spec, options.parameters)


def _override(spec: dict[str, Any], parameters: Mapping[str, str]) -> None:
    if not parameters:
        return
    arguments = spec["arguments"] = dict(spec.get("arguments") or {})
    kept = [one for one in arguments.get("parameters") or [] if one.get("name") not in parameters]
    arguments["parameters"] = [{"name": name, "value": value} for name, value in parameters.items()] + kept


def _from_template(name: str) -> dict[str, Any]:
    metadata = {"generateName": f"{name}-", "labels": {f"{_PREFIX}workflow-template": name}}
    return _workflow(metadata, {"workflowTemplateRef": {"name": name}})


def _from_cron(cron: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    of, spec = cron["metadata"], cron.get("spec") or {}
    more = spec.get("workflowMetadata") or {}
    labels = {f"{_PREFIX}cron-workflow": of["name"], **(more.get("labels") or {})}
    instance = (of.get("labels") or {}).get(_INSTANCE)
    if instance is not None:
        labels[_INSTANCE] = instance
    owner = {"apiVersion": API_VERSION, "kind": "CronWorkflow", "name": of["name"], "uid": of["uid"]}
    metadata = {
        "generateName": f"{of['name']}-",
        "labels": labels,
        "annotations": {f"{_PREFIX}scheduled-time": _time(now), **(more.get("annotations") or {})},
        "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": True}],
    }
    if more.get("finalizers"):
        metadata["finalizers"] = list(more["finalizers"])
    return _workflow(metadata, copied(spec.get("workflowSpec") or {}))


def _again(old: Mapping[str, Any]) -> dict[str, Any]:
    of, spec = old["metadata"], copied(old.get("spec") or {})
    if spec.get("activeDeadlineSeconds") == 0:  # it was terminated
        del spec["activeDeadlineSeconds"]
    spec.pop("shutdown", None)
    labels = {name: value for name, value in (of.get("labels") or {}).items() if name not in _NOT_CARRIED}
    metadata = {
        "generateName": of.get("generateName") or f"{of['name']}-",
        "labels": {**labels, f"{_PREFIX}resubmitted-from-workflow": of["name"]},
        "annotations": {
            name: value for name, value in (of.get("annotations") or {}).items() if name != FIRING_ANNOTATION
        },
    }
    if of.get("ownerReferences"):
        metadata["ownerReferences"] = of["ownerReferences"]
    return _workflow(metadata, spec)


def _workflow(metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "Workflow", "metadata": metadata, "spec": spec}


def _suspended(live: Mapping[str, Any]) -> Change:
    if (live["metadata"].get("labels") or {}).get(_COMPLETED) == "true":
        raise EvaluationError("cannot suspend completed workflows")
    if (live.get("spec") or {}).get("suspend"):
        return Change("none")
    made = copied(dict(live))
    made.setdefault("spec", {})["suspend"] = True
    return Change("update", made)


def _resumed(made: dict[str, Any], now: datetime) -> bool:
    changed = bool(made.get("spec", {}).pop("suspend", False))
    for node in ((made.get("status") or {}).get("nodes") or {}).values():
        if node.get("type") != "Suspend" or node.get("phase") != "Running":
            continue
        for output in (node.get("outputs") or {}).get("parameters") or []:
            _supplied(output)
        node |= {"phase": "Succeeded", "finishedAt": _time(now)}
        changed = True
    return changed


def _supplied(output: dict[str, Any]) -> None:
    source = output.get("valueFrom") or {}
    if "supplied" not in source:
        return
    if "default" not in source:
        raise EvaluationError(
            f"raw output parameter '{output.get('name')}' has not been set and does not have a default value"
        )
    output["value"] = source["default"]
    del output["valueFrom"]


def _time(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
