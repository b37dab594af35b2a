"""Carries out workflow commands: reads what they name, writes what `events.workflowcommands` decides."""

from __future__ import annotations

import contextlib
from datetime import datetime

from argosy.adapters.kube.writes import create_once, settled
from argosy.errors import NotFound
from argosy.events.effects import WorkflowCommand
from argosy.events.workflowcommands import API_VERSION, CREATING, change, new_workflow, source_kind
from argosy.ports.cluster import Cluster
from argosy.ports.executor import FiringInfo

__all__ = ["run_command"]


def run_command(cluster: Cluster, command: WorkflowCommand, firing: FiringInfo, now: datetime) -> str:
    """Do what a command says and tell in one line what came of it.

    Raises NotFound when what it names is not there, EvaluationError when it cannot be done to it.
    """
    if command.operation not in CREATING:
        return settled(lambda: _change(cluster, command, firing, now))
    kind = source_kind(command)
    source = cluster.get(API_VERSION, kind, command.namespace, command.name) if kind else None
    made = new_workflow(command, source, firing.id, now)
    how = create_once(cluster, made, command.namespace, firing.id)
    return f"Workflow {command.namespace}/{made['metadata']['name']} {how}"


def _change(cluster: Cluster, command: WorkflowCommand, firing: FiringInfo, now: datetime) -> str:
    where = (API_VERSION, "Workflow", command.namespace, command.name)
    decided = change(command, cluster.get(*where), firing.id, now)
    for pod in decided.pods:
        with contextlib.suppress(NotFound):
            cluster.delete("v1", "Pod", command.namespace, pod)
    if decided.verb == "patch":
        cluster.patch(*where, decided.body)
    elif decided.body is not None:
        cluster.replace(decided.body, namespace=command.namespace)
    done = "nothing to do" if decided.verb == "none" else "done"
    return f"{command.operation} of Workflow {command.namespace}/{command.name}: {done}"
