"""Trigger `argoWorkflow`; the table of its commands is the shared family `events/argo-workflow-command`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import Draft, Reference, WorkflowCommand
from argosy.events.sensors import Firing
from argosy.events.triggers import finished
from argosy.events.triggers.objects import FIRING_ANNOTATION
from support.events import Body, event, fire, sensor, trigger

WORKFLOW: Body = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {"generateName": "w-"},
    "spec": {"entrypoint": "main", "arguments": {"parameters": [{"name": "message", "value": "old"}]}},
}
NAMED: Body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "w"}}
PARAMETERS = [{"src": {"dependencyName": "dep", "dataKey": "m"}, "dest": "spec.arguments.parameters.0.value"}]


def fired(payload: Body, **made: Any) -> Firing:
    return fire(sensor([trigger(argoWorkflow=made)]), {"dep": event(payload)})


def test_submit() -> None:
    firing = fired({"m": "new"}, operation="submit", source={"resource": WORKFLOW}, parameters=PARAMETERS)
    effect = firing.effect
    assert isinstance(effect, WorkflowCommand)
    assert (effect.kind, effect.operation, effect.namespace, effect.name) == ("argoWorkflow", "submit", "ns", "")
    assert effect.manifest["spec"]["arguments"]["parameters"] == [{"name": "message", "value": "new"}]
    assert effect.manifest["metadata"]["name"] == f"w-{firing.id[:10]}"
    assert effect.manifest["metadata"]["labels"]["events.argoproj.io/trigger"] == "t"
    assert effect.manifest["metadata"]["annotations"] == {FIRING_ANNOTATION: firing.id}


def test_the_namespace_of_the_workflow_counts() -> None:
    firing = fired({}, source={"resource": {**WORKFLOW, "metadata": {"name": "w", "namespace": "other"}}})
    assert isinstance(firing.effect, WorkflowCommand)
    assert firing.effect.namespace == "other"


@pytest.mark.parametrize("operation", ["resubmit", "resume", "retry", "suspend", "terminate", "stop"])
def test_what_acts_on_a_workflow(operation: str) -> None:
    effect = fired({}, operation=operation, source={"resource": NAMED}, args=["-p", "a=b"], cluster="other").effect
    assert effect == WorkflowCommand({}, "ns", "default", operation, "w", "", ("-p", "a=b"), "other")


def test_a_source_that_is_read_later() -> None:
    source = {"configmap": {"name": "c", "key": "k"}}
    firing = fired({"m": "new"}, operation="submit", source=source, parameters=PARAMETERS)
    draft = firing.effect
    assert isinstance(draft, Draft)
    assert (draft.kind, draft.config) == ("argoWorkflow", Reference("config", "c", "k", "default"))
    text = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\n"
    effect = finished(draft, text, firing.id)
    assert isinstance(effect, WorkflowCommand)
    assert effect.manifest["metadata"]["name"] == f"w-{firing.id[:10]}"
    assert effect.manifest["spec"] == {"arguments": {"parameters": [{"value": "new"}]}}


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"operation": "pause", "source": {"resource": NAMED}}, "is not one of"),
        ({"operation": "resume", "source": {"resource": WORKFLOW}}, "no metadata.name"),
        ({"operation": "submit", "source": {"resource": {**WORKFLOW, "kind": "Pod"}}}, "submit takes a Workflow"),
        ({"operation": "submit-from", "source": {"resource": NAMED}}, "takes a CronWorkflow or a WorkflowTemplate"),
        ({"operation": "submit"}, "no source"),
    ],
)
def test_what_cannot_be_done(made: Body, reason: str) -> None:
    firing = fired({}, **made)
    assert firing.effect is None
    assert reason in firing.problem
