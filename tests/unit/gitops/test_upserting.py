"""What `app create --upsert` makes of an Application that is there."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.editing.upserting import upserted

type Json = dict[str, Any]

CASCADE = "resources-finalizer.argocd.argoproj.io"
HOOKS = "post-delete-finalizer.argocd.argoproj.io"


def app(path: str = "p", **metadata: Any) -> Json:
    return {"metadata": {"name": "a", **metadata}, "spec": {"source": {"path": path}}}


@pytest.mark.parametrize(
    ("there", "wanted", "made"),
    [
        (app(), app("q"), app("q")),
        (app(labels={"a": "1", "b": "1"}), app(labels={"a": "2"}), app(labels={"a": "2", "b": "1"})),
        (app(), app(annotations={"a": "1"}), app(annotations={"a": "1"})),
        (app(), app(finalizers=[CASCADE]), app(finalizers=[CASCADE])),
        (app(finalizers=[CASCADE]), app(), app()),
        (app(finalizers=[CASCADE, HOOKS]), app(), app(finalizers=[HOOKS])),
        (app(finalizers=[HOOKS]), app(finalizers=[CASCADE]), app(finalizers=[CASCADE, HOOKS])),
    ],
)
def test_what_is_written(there: Json, wanted: Json, made: Json) -> None:
    assert upserted({**there, "status": {}}, wanted) == {**made, "status": {}}


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (app(labels={"a": "1", "b": "1"}), app(labels={"a": "1"})),
        (app(annotations={"told": "by a controller"}), app()),
        (app(finalizers=[HOOKS, CASCADE]), app(finalizers=[CASCADE])),
        (app(finalizers=["y", "x"]), app(finalizers=["x", "y"])),
    ],
)
def test_what_is_not_different(there: Json, wanted: Json) -> None:
    assert upserted(there, wanted) == there
