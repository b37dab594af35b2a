"""Arguments of analyses that come from fields of the Rollout."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.rollouts.analysis.args import field_value

ROLLOUT = {
    "metadata": {"name": "web", "labels": {"tier": "b", "app": "web", "shop.example/x": "y"}},
    "spec": {"replicas": 3, "paused": False, "template": {"spec": {"containers": [{"image": "app:1"}]}}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['shop.example/x']", "y"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['none']", ""),
        ("metadata.labels", 'app="web"\nshop.example/x="y"\ntier="b"'),
        ("metadata.annotations", ""),
        ("spec.replicas", "3"),
        ("spec.paused", "false"),
        ("spec.template.spec.containers[0].image", "app:1"),
    ],
)
def test_a_field(path: str, value: str) -> None:
    assert field_value(ROLLOUT, path) == value


@pytest.mark.parametrize("path", ["spec.none", "spec.template", "metadata.none", "spec.replicas['x']"])
def test_no_field(path: str) -> None:
    with pytest.raises(EvaluationError):
        field_value(ROLLOUT, path)
