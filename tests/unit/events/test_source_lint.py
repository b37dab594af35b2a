"""What is valid in an EventSource and cannot work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.events.source_lint import late_problems
from argosy.resources.base import parse
from argosy.resources.eventsource import EventSource
from argosy.resources.manifests import Manifest
from support.events import event_source

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOOK = {"port": "12000", "endpoint": "/a", "method": "POST"}


def calendar(**fields: Any) -> dict[str, Any]:
    return {"calendar": {"c": fields}}


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        ({"webhook": {"a": HOOK, "b": {**HOOK, "endpoint": "/b"}}}, []),
        ({"webhook": {"a": HOOK, "b": {**HOOK, "method": "PUT"}}}, []),
        ({"webhook": {"a": HOOK, "b": HOOK}}, ["spec.webhook.b"]),
        ({"webhook": {"a": {**HOOK, "filter": {"expression": "body.n == 1"}}}}, []),
        ({"webhook": {"a": {**HOOK, "filter": {"expression": "body.n =="}}}}, ["spec.webhook.a.filter.expression"]),
        (calendar(schedule="0 0 29 2 *"), []),
        (calendar(interval="10s", exclusionDates=["EXDATE:20260101T000000Z"]), []),
        (calendar(schedule="0 0 31 2 *"), ["spec.calendar.c.schedule"]),
        (calendar(interval="10s", timezone="Foo/Bar"), ["spec.calendar.c"]),
        (calendar(interval="10s", exclusionDates=["EXDATE:tomorrow"]), ["spec.calendar.c"]),
        (calendar(interval="10s", exclusionDates=["20260101"]), ["spec.calendar.c.exclusionDates[0]"]),
        (
            calendar(interval="10s", persistence={"catchup": {"enabled": True, "maxDuration": "5x"}}),
            ["spec.calendar.c.persistence.catchup.maxDuration"],
        ),
        ({"webhook": {"a": HOOK}, "webhok": {}}, ["spec.webhok"]),
        ({"webhook": {"a": HOOK}, "eventBusName": "b", "template": {}, "service": {}, "replicas": 1}, []),
    ],
)
def test_it_is_told(spec: dict[str, Any], fields: list[str]) -> None:
    body = event_source(spec)
    found = late_problems(parse(EventSource, Manifest(body)), body, NOW)
    assert [one.field for one in found] == fields
