"""Every source, filter and trigger of the lazy maps has all that belongs to one: module, payload, test, docs row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from argosy.events.filters import FILTERS
from argosy.events.sources import SOURCES
from argosy.events.triggers import TRIGGERS
from argosy.resources.eventsource import SERVED_TYPES
from argosy.resources.sensor_validation import SERVED_TRIGGERS

ROOT = Path(__file__).parents[3]
MAPS: Mapping[str, Mapping[str, str]] = {"sources": SOURCES, "filters": FILTERS, "triggers": TRIGGERS}
PLUGINS = [(kind, key, target) for kind, plugins in MAPS.items() for key, target in plugins.items()]
HELPERS = {
    "sources": {"bodies", "connected", "filtering", "forms", "hooks", "messages", "watched"},
    "filters": set[str](),
    "triggers": {"context", "objects", "parameterised"},
}


def snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()


@pytest.mark.parametrize(("kind", "key", "target"), PLUGINS)
def test_its_module_is_named_like_its_key(kind: str, key: str, target: str) -> None:
    module, _, name = target.partition(":")
    assert module == f"argosy.events.{kind}.{snake(key)}"
    assert callable(getattr(import_module(module), name))
    assert import_module(module).__doc__, "says which Argo behaviour it matches"


@pytest.mark.parametrize(("kind", "key", "target"), PLUGINS)
def test_it_has_a_test(kind: str, key: str, target: str) -> None:
    path = ROOT / "tests" / "unit" / "events" / kind / f"test_{snake(key)}.py"
    assert path.exists(), f"write {path.relative_to(ROOT)}"


@pytest.mark.parametrize(("kind", "key", "target"), PLUGINS)
def test_it_has_a_row_in_the_readme(kind: str, key: str, target: str) -> None:
    assert f"`{key}`" in (ROOT / "README.md").read_text(), f"add a row for `{key}` to README.md"


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_has_a_recorded_payload(key: str) -> None:
    path = ROOT / "events" / f"{snake(key)}.json"
    assert path.exists(), f"record {path.relative_to(ROOT)}"
    assert isinstance(json.loads(path.read_text()), dict)


@pytest.mark.parametrize("kind", MAPS)
def test_no_module_is_forgotten(kind: str) -> None:
    spec = find_spec(f"argosy.events.{kind}")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations)))
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"} - HELPERS[kind]
    assert modules == {snake(key) for key in MAPS[kind]}


def test_what_is_served_is_what_is_there() -> None:
    assert set(SOURCES) == SERVED_TYPES
    assert set(TRIGGERS) == SERVED_TRIGGERS


def test_every_function_is_small_and_has_a_recorded_payload() -> None:
    functions = sorted((ROOT / "functions").glob("*/app.py"))
    assert functions
    for path in functions:
        assert len(path.read_text().splitlines()) <= 60, path
        assert (ROOT / "events" / f"{path.parent.name}.json").exists(), f"record events/{path.parent.name}.json"


def test_every_recorded_payload_belongs_to_something() -> None:
    known = {snake(key) for key in SOURCES} | {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert {path.stem for path in (ROOT / "events").glob("*.json")} == known
