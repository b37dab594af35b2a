"""Texts as objects."""

from __future__ import annotations

import json

import pytest

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops import objects

CM = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("---\n# nothing\n---\n", 0),
        (CM, 1),
        (f"{CM}---\n{CM}", 2),
        ("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n- {apiVersion: v1, kind: B}\n", 2),
        ("apiVersion: v1\nkind: ConfigMapList\nitems: null\n", 0),
        ("apiVersion: v1\nkind: ConfigMapList\nitems: []\n", 0),
        ("apiVersion: v1\nkind: CheckList\n", 1),
    ],
)
def test_the_output_of_a_tool(text: str, count: int) -> None:
    assert len(objects.of_output(text, "helm")) == count


def test_a_key_given_twice_has_its_last_value() -> None:
    text = f"{CM}data: {{a: one}}\ndata: {{b: two}}\n"
    wanted = [{**BODY, "data": {"b": "two"}}]
    assert objects.of_output(text, "helm") == objects.of_file(text, "a.yaml") == wanted
    assert objects.of_file(json.dumps(BODY)[:-1] + ', "data": {"b": "one", "b": "two"}}', "a.json") == wanted


def test_an_error_in_the_output_of_helm_names_the_template() -> None:
    text = f"---\n# Source: x/templates/a.yaml\n{CM}---\n# Source: x/templates/b.yaml\napiVersion: v1\nkind: [\n"
    with pytest.raises(EvaluationError, match=r"helm: x/templates/b\.yaml, line 2 of what it makes: not YAML"):
        objects.of_output(text, "helm")


def test_an_error_in_the_output_of_another_tool_names_the_line() -> None:
    with pytest.raises(EvaluationError, match=r"kustomize: line 1 of its output: .*kind: missing"):
        objects.of_output("apiVersion: v1\n", "kustomize")


def test_a_file() -> None:
    assert objects.of_file(f"{CM}---\n{CM}", "a.yaml") == [BODY, BODY]
    assert objects.of_file('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}', "a.json") == [BODY]


def test_a_yaml_file_that_is_no_manifest_is_left_out() -> None:
    assert objects.of_file("a: [", "values.yaml") == []
    assert objects.of_file("name: x", "values.yaml") == []


@pytest.mark.parametrize(
    ("text", "file", "says"),
    [
        (f"{CM}data: [\n", "a.yaml", r"^a\.yaml:\d: not YAML"),
        (f"{CM}---\nkind: A\nmetadata: {{}}\n", "a.yaml", r"^a\.yaml:5: .*apiVersion: missing"),
        ("{", "a.json", r"^a\.json:1: not JSON"),
        ('{"kind":"A"} {"kind":"B"}', "a.json", r"^a\.json:1: a JSON file holds one object"),
    ],
)
def test_a_broken_file(text: str, file: str, says: str) -> None:
    with pytest.raises(InvalidObject, match=says):
        objects.of_file(text, file)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"apiVersion":"v1","kind":"A"}', 1),
        ('[{"apiVersion":"v1","kind":"A"},null,{"apiVersion":"v1","kind":"B"}]', 2),
        ('{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"A"}]}', 1),
        ("[]", 0),
    ],
)
def test_what_jsonnet_says(text: str, count: int) -> None:
    assert len(objects.of_jsonnet(text, "a.jsonnet")) == count


@pytest.mark.parametrize("text", ['"x"', "1", '{"a": {"apiVersion":"v1"}}', "[[]]", "nonsense"])
def test_what_jsonnet_says_and_is_no_manifest(text: str) -> None:
    with pytest.raises(EvaluationError, match=r"jsonnet: a\.jsonnet evaluates to what is no manifest"):
        objects.of_jsonnet(text, "a.jsonnet")


def test_too_many() -> None:
    with pytest.raises(EvaluationError, match="more than 20000 objects"):
        objects.limited([{}] * 20_001)
