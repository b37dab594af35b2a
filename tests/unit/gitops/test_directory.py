"""Which files of a folder are manifests, and Jsonnet's order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops import directory
from argosy.ports.fakes.workshop import FakeBench
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Directory, Jsonnet

FILES = {
    "app/deployment.yaml": "a: 1",
    "app/a.json": "{}",
    "app/b.jsonnet": "{}",
    "app/c.YAML": "a: 1",
    "app/README.md": "",
    "app/skip.yaml": "# +argocd:skip-file-rendering",
    "app/env/prod/x.yml": "a: 1",
    "other/y.yaml": "a: 1",
}


def found(files: dict[str, str] = FILES, **fields: Any) -> list[str]:
    asked = parse(Directory, Manifest(fields))
    return [path for path, _ in directory.manifests(FakeBench(files, lambda _: ""), "app", asked)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["a.json", "b.jsonnet", "deployment.yaml"]),
        ({"recurse": True}, ["a.json", "b.jsonnet", "deployment.yaml", "env/prod/x.yml"]),
        ({"include": "*.yaml"}, ["deployment.yaml"]),
        ({"recurse": True, "include": "*.y*ml", "exclude": "env/*"}, ["deployment.yaml"]),
        ({"recurse": True, "exclude": "{a.json,*.jsonnet}"}, ["deployment.yaml", "env/prod/x.yml"]),
        ({"recurse": True, "include": "**/*.yml"}, ["env/prod/x.yml"]),
        ({"disableExtensionFilter": True, "include": "*.{md,YAML}"}, ["README.md", "c.YAML"]),
    ],
)
def test_which_files_are_manifests(fields: dict[str, Any], expected: list[str]) -> None:
    assert found(**fields) == expected


def test_more_than_is_taken() -> None:
    files = {f"app/{number}.yaml": "x" * 1_000_000 for number in range(11)}
    with pytest.raises(InvalidObject, match="10000000 bytes together"):
        found(files)
    assert len(found({name.replace(".yaml", ".jsonnet"): text for name, text in files.items()})) == 11


def test_a_glob_that_is_none() -> None:
    with pytest.raises(EvaluationError, match="glob"):
        found(include="[")


def test_jsonnet() -> None:
    asked = parse(
        Jsonnet,
        Manifest(
            {
                "extVars": [{"name": "a", "value": "$X"}, {"name": "b", "value": "1+1", "code": True}],
                "tlas": [{"name": "c", "value": "$$"}],
                "libs": ["vendor", "/lib"],
            }
        ),
    )
    call = directory.jsonnet("app", "x.jsonnet", asked, {"X": "y"})
    assert (call.tool, call.arguments, call.folder) == ("jsonnet", ("app/x.jsonnet",), "")
    assert json.loads(call.text) == {
        "file": "app/x.jsonnet",
        "libraries": ["app", "vendor", "lib"],
        "variables": {"texts": {"a": "y"}, "code": {"b": "1+1"}},
        "arguments": {"texts": {"c": "$"}, "code": {}},
    }


def test_a_library_outside() -> None:
    with pytest.raises(InvalidObject) as refusal:
        directory.jsonnet("app", "x.jsonnet", parse(Jsonnet, Manifest({"libs": ["lib", "../x"]})), {})
    assert refusal.value.field == "spec.source.directory.jsonnet.libs[1]"
