"""Trigger `argoWorkflow`, operation submit."""

from __future__ import annotations

import pytest

from argosy.events.effects import CreateObject
from argosy.events.triggers.k8s import FIRING_ANNOTATION
from support.events import Body, event, fire, sensor, trigger

WORKFLOW: Body = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {"generateName": "w-"},
    "spec": {"entrypoint": "main", "arguments": {"parameters": [{"name": "message", "value": "old"}]}},
}


def test_submit() -> None:
    parameters = [{"src": {"dependencyName": "dep", "dataKey": "m"}, "dest": "spec.arguments.parameters.0.value"}]
    made = {"operation": "submit", "source": {"resource": WORKFLOW}, "parameters": parameters}
    firing = fire(sensor([trigger(argoWorkflow=made)]), {"dep": event({"m": "new"})})
    effect = firing.effect
    assert isinstance(effect, CreateObject)
    assert (effect.kind, effect.namespace) == ("argoWorkflow", "ns")
    assert effect.manifest["spec"]["arguments"]["parameters"] == [{"name": "message", "value": "new"}]
    assert effect.manifest["metadata"]["name"] == f"w-{firing.id[:10]}"
    assert effect.manifest["metadata"]["labels"]["events.argoproj.io/trigger"] == "t"
    assert effect.manifest["metadata"]["annotations"] == {FIRING_ANNOTATION: firing.id}


def test_the_namespace_of_the_workflow_counts() -> None:
    resource = {**WORKFLOW, "metadata": {"name": "w", "namespace": "other"}}
    firing = fire(sensor([trigger(argoWorkflow={"source": {"resource": resource}})]), {"dep": event({})})
    assert isinstance(firing.effect, CreateObject)
    assert firing.effect.namespace == "other"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"operation": "resume", "source": {"resource": WORKFLOW}}, "not served"),
        ({"operation": "submit", "source": {"resource": {**WORKFLOW, "kind": "Pod"}}}, "submit takes a Workflow"),
        ({"operation": "submit"}, "neither resource nor inline"),
    ],
)
def test_what_cannot_be_submitted(made: Body, reason: str) -> None:
    firing = fire(sensor([trigger(argoWorkflow=made)]), {"dep": event({})})
    assert firing.effect is None
    assert reason in firing.problem
