"""The example of transforms, applied and fed with events, on the real jq."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.jq import LazyJq
from argosy.errors import InvalidObject
from argosy.resources.manifests import Manifest, read_manifests
from support.events import dependency, event, sensor, trigger
from support.services import FakeInstallation

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "transforms" / "transforms.yaml"


@pytest.fixture
def installation() -> FakeInstallation:
    made = FakeInstallation(jq=LazyJq())
    made.runtime.objects.apply(read_manifests(EXAMPLE.read_text(), str(EXAMPLE)), "ns")
    return made


def issue(*labels: str) -> dict[str, Any]:
    return {"title": "it burns", "labels": [{"name": label} for label in labels]}


@pytest.mark.parametrize(
    ("subject", "body", "sent"),
    [
        ("issue", issue("bug", "urgency/high"), {"title": "it burns", "urgency": "high"}),
        ("issue", issue("bug", "urgency/low"), None),
        ("issue", issue(), None),
        ("issue", {"title": "no labels"}, None),
        (
            "order",
            {"customer": "Ada", "items": [{"price": 40, "count": 2}, {"price": 20.5, "count": 1}]},
            {"customer": "Ada", "sum": 100.5},
        ),
        ("order", {"customer": "Ada", "items": [{"price": 40, "count": 2}]}, None),
    ],
)
def test_the_filters_and_the_trigger_see_what_the_transform_made(
    installation: FakeInstallation, subject: str, body: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    found = installation.sense(event({"body": body}, source="transforms", subject=subject))
    bodies = [json.loads(firing["effect"]["body"]) for firing in found]
    assert bodies == ([] if sent is None else [sent])


def test_a_transform_that_fails_drops_the_event_for_its_dependency(installation: FakeInstallation) -> None:
    assert installation.sense(event({"body": "text"}, source="transforms", subject="issue")) == []
    told = installation.status("transforms")["dependencies"]["issue"]["lastDropped"]
    assert "transform: jq: " in told


@pytest.mark.parametrize(
    ("transform", "told"),
    [
        ({"jq": ".a |"}, r"spec.dependencies\[0\].transform.jq: jq: .*unexpected end of file"),
        ({"script": "return ="}, r"spec.dependencies\[0\].transform.script: Lua: script:1"),
    ],
)
def test_programs_are_read_when_they_are_applied(transform: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidObject, match=told):
        FakeInstallation(jq=LazyJq()).runtime.objects.apply(
            [Manifest(sensor([trigger("t", conditions="", log={})], [dependency("dep", transform=transform)]))], "ns"
        )
