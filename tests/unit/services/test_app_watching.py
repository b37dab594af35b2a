"""Which changes of an Application wake its controller."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.agents.reports import Item
from argosy.services.agents.mirror import Copy
from argosy.services.applications.watching import changed

type Json = dict[str, Any]

REFRESH = {"annotations": {"argocd.argoproj.io/refresh": "normal"}}


def body(metadata: Json | None = None, phase: str = "", **more: Any) -> Json:
    status: Json = {"operationState": {"phase": phase}} if phase else {"sync": {"status": "Synced"}}
    return {"metadata": {"name": "shop", **(metadata or {})}, "spec": {"project": "default"}, "status": status, **more}


@pytest.mark.parametrize(
    ("before", "after", "wakes"),
    [
        (None, body(), True),
        (body(), None, True),
        (body(), body(), False),
        (body(), body(phase="Running"), False),
        (body(phase="Running"), body(phase="Terminating"), True),
        (body(), body({"labels": {"a": "b"}}), True),
        (body(), body({"resourceVersion": "7"}), False),
        (body(), body({"deletionTimestamp": "2026-05-01T12:00:00Z"}), True),
        (body(), body(spec={"project": "other"}), True),
        (body(), body({"annotations": {"a": "b"}}), True),
        (body(REFRESH), body(REFRESH), True),
        (body(REFRESH), body(), False),
        (body(operation={"sync": {}}), body(operation={"sync": {}}), True),
        (body(operation={"sync": {}}), body(phase="Running", operation={"sync": {}}), False),
        (body(phase="Succeeded", operation={"sync": {}}), body(phase="Succeeded", operation={"sync": {}}), True),
    ],
)
def test_what_wakes(before: Json | None, after: Json | None, wakes: bool) -> None:
    known = Copy("u", 1, before) if before is not None else None
    assert changed(known, Item("scope", "MODIFIED", "argocd", "shop", "u", 2, after)) is wakes
