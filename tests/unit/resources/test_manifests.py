"""Reading manifests: documents, lists, lines, duplicates, merges, and texts made to hurt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.errors import InvalidObject
from argosy.resources.manifests import Manifest, read_manifests, read_value

ONE = """\
# a comment
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata:
  name: webhook
  annotations: {a.b/c: x}
spec:
  dependencies:
    - name: dep
      eventSourceName: webhook
    - name: other
  triggers:
    - template:
        name: t
        http:
          url: http://x
"""


# What is in a text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (ONE, ["webhook"]),
        (ONE + "---\n" + ONE.replace("webhook\n", "second\n", 1), ["webhook", "second"]),
        ("---\n---\n# nothing\n---\n" + ONE + "---\n", ["webhook"]),
        ("", []),
        ("# only a comment", []),
        ("null", []),
        (json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}), ["p"]),
        ("\ufeff" + ONE, ["webhook"]),
        (ONE.replace("\n", "\r\n"), ["webhook"]),
    ],
)
def test_documents(text: str, names: list[str]) -> None:
    assert [manifest.name for manifest in read_manifests(text)] == names


def test_a_list_stands_for_its_items() -> None:
    items = "\n".join(f"- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p{number}" for number in range(12))
    found = read_manifests(f"apiVersion: v1\nkind: List\nitems:\n{items}\n", "file.yaml")
    assert [manifest.name for manifest in found] == [f"p{number}" for number in range(12)]
    assert found[1].line("metadata.name") == 11
    assert found[11].line("metadata.name") == 51
    assert {manifest.file for manifest in found} == {"file.yaml"}


def test_a_kind_that_only_ends_like_a_list() -> None:
    (found,) = read_manifests("apiVersion: v1\nkind: AllowList\nspec: {items: [1]}")
    assert found.kind == "AllowList"


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("- 1", 1, ""),
        ("\n\nhello", 3, ""),
        ("kind: Pod", 1, "apiVersion"),
        ("apiVersion: v1\nmetadata: {}", 1, "kind"),
        ("apiVersion: v1\nkind: 5", 2, "kind"),
        ("apiVersion: 1\nkind: Pod", 1, "apiVersion"),
        ('apiVersion: v1\nkind: ""', 2, "kind"),
        ("apiVersion: v1\nkind: List\nitems:\n- 5", 4, "items[0]"),
        ("apiVersion: v1\nkind: List\nitems:\n- kind: Pod", 4, "items[0]"),
    ],
)
def test_what_is_no_manifest(text: str, line: int, field: str) -> None:
    with pytest.raises(InvalidObject) as refusal:
        read_manifests(text, "m.yaml")
    assert (refusal.value.file, refusal.value.line, refusal.value.field) == ("m.yaml", line, field)
    assert str(refusal.value).startswith(f"m.yaml:{line}: ")


# Lines


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("kind", 3),
        ("metadata.name", 5),
        ("metadata.annotations.a.b/c", 6),
        ("spec.dependencies[0].name", 9),
        ("spec.dependencies[1]", 11),
        ("spec.dependencies[1].eventSourceName", 11),
        ("spec.triggers[0].template.http.url", 16),
        ("spec.triggers[0].template.http.headers.x", 15),
        ("spec.triggers[7].template", 12),
        ("spec.nothing[3].at[4].all", 7),
        ("nothing", 2),
        ("", 2),
        ("odd[path", 2),
        ("odd.", 2),
    ],
)
def test_the_line_of_a_field_or_of_what_holds_it(path: str, line: int) -> None:
    (manifest,) = read_manifests(ONE)
    assert manifest.line(path) == line


def test_a_manifest_that_was_not_read_has_no_lines() -> None:
    assert Manifest({"kind": "Pod"}).line("metadata.name") is None


def test_a_problem_tells_everything() -> None:
    (manifest,) = read_manifests(ONE, "dir/m.yaml")
    problem = manifest.problem("metadata.name", "is odd")
    assert str(problem) == "dir/m.yaml:5: Sensor/webhook: metadata.name: is odd"
    assert str(Manifest({}).problem("", "is odd")) == "object: is odd"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({}, "object"),
        ({"kind": "Pod"}, "Pod"),
        ({"kind": "Pod", "metadata": {"name": "p", "namespace": "n"}}, "Pod/n/p"),
        ({"kind": "Pod", "metadata": "text"}, "Pod"),
        ({"kind": "Pod", "metadata": {"name": None}}, "Pod"),
    ],
)
def test_titles(body: Any, title: str) -> None:
    assert Manifest(body).title == title


# JSON


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\ud83d\\ude00 \\u00e9 \\\\ud83d"}', {"a": "😀 é \\ud83d"}),
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
        ('{\n\t"a":\t[\n\t\t1\n\t]\n}', {"a": [1]}),
        ('\ufeff{"a": "\\/\\t\\n\\"\\\\"}', {"a": '/\t\n"\\'}),
        ("{a: '\\ud83d\\ude00'}", {"a": "\\ud83d\\ude00"}),
    ],
)
def test_json(text: str, value: Any) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'a: "it\'s"', {"a": "it's"}),
        (r"""{'\': '\', "\'": "\\'\'\"\'", z: x\'}""", {"\\": "\\", "'": "\\''\"'", "z": "x\\'"}),
        ('é: "\\\'日"\nb: |\n  "\\\'"\nc: "\n  \\\'"\n', {"é": "'日", "b": '"\\\'"\n', "c": " '"}),
        ("\n".join([r'- "\'"'] * 30), ["'"] * 30),
    ],
)
def test_an_apostrophe_may_be_escaped(text: str, value: Any) -> None:
    """As `yaml_parser_scan_flow_scalar` of goyaml has it, and YAML has not."""
    assert read_value(text) == value


def test_documents_with_escaped_apostrophes() -> None:
    texts = ["a", r"\'", "b", r"\'\'"]
    found = read_manifests("".join(f'---\napiVersion: v1\nkind: A\nv: "{text}"\n' for text in texts))
    assert [one.body["v"] for one in found] == ["a", "'", "b", "''"]
    assert [one.line("v") for one in found] == [4, 8, 12, 16]


def test_lines_of_json() -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "😀"}}, indent="\t")
    (manifest,) = read_manifests(text)
    assert (manifest.line("metadata.name"), manifest.name) == (5, "😀")


# Broken texts


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: [1,\nc: 2\n", 4, "not YAML"),
        ("a: b: c", 1, "not YAML"),
        ("\ta: 1", 1, "not YAML"),
        ("a: \x01", None, "not YAML"),
        ("a: 1\na: 2\n", 2, "'a' is given twice"),
        ('{"a": 1,\n"b": {"c": 1,\n"c": 2}}', 3, "'c' is given twice"),
        ("x: 1\n'x': 2", 2, "'x' is given twice"),
        ("a: *x", 1, "no anchor 'x'"),
        ('a: "\\\'"\nb: "\\q\\\'"', 2, "unknown escape"),
        ("c:\n  <<: 5", 2, "a merge"),
        ("c:\n  <<: [5]", 2, "a merge"),
    ],
)
def test_broken_texts(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(InvalidObject, match=reason) as refusal:
        read_manifests(text, "m.yaml")
    assert refusal.value.line == line


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, b: 2, a: {c: 3}}", {"a": {"c": 3}, "b": 2}),
        ("{a: 1, 'a': null}", {"a": None}),
        ("{yes: 1, true: 2}", {"true": 2}),
        ("{a: own, <<: {a: merged, b: 1}}", {"a": "merged", "b": 1}),
        ("{<<: {a: merged, b: 1}, a: own}", {"a": "own", "b": 1}),
        ("{<<: [{a: first}, {a: second, b: 2}]}", {"a": "first", "b": 2}),
    ],
)
def test_loosely_the_last_one_counts(text: str, value: Any) -> None:
    """As Helm 4.3's `fromYaml` reads them, which is `yaml.Unmarshal` of `sigs.k8s.io/yaml`."""
    (manifest,) = read_manifests(f"apiVersion: v1\nkind: A\nspec: {text}\n", loosely=True)
    assert manifest.body["spec"] == value


def test_loosely_the_line_is_that_of_the_last_one() -> None:
    (manifest,) = read_manifests("apiVersion: v1\nkind: A\nspec: 1\nspec: {a: 1}\n", loosely=True)
    assert (manifest.line("spec"), manifest.line("spec.a")) == (4, 4)


def test_an_anchor_ends_with_its_document() -> None:
    first, second = "apiVersion: v1\nkind: &x Pod\n", "apiVersion: v1\nkind: *x\n"
    with pytest.raises(InvalidObject, match="no anchor 'x'") as refusal:
        read_manifests(f"{first}---\n{second}")
    assert refusal.value.line == 5


ALIASES = "a0: &a0 [x, x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))
MERGES = "a0: &a0 {k: v}\n" + "\n".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "{a: " * 100_000,
        "- " * 50_000,
        "\n".join(" " * depth + "a:" for depth in range(2000)),
        ALIASES,
        MERGES,
        "a: &a [*a]",
        "a: &a {<<: *a}",
        "- x\n" * 250_000,
    ],
    ids=["open", "closed", "flow", "dashes", "blocks", "aliases", "merges", "self", "merge of itself", "long"],
)
def test_texts_made_to_hurt(text: str) -> None:
    with pytest.raises(InvalidObject):
        read_value(text)
    with pytest.raises(InvalidObject, match=r"not YAML|larger than|nested deeper"):
        read_manifests(text, loosely=True)


def test_a_hundred_levels_are_read() -> None:
    value = read_value("[" * 100 + "]" * 100)
    for _ in range(99):
        (value,) = value
    assert value == []


# Anchors and merges


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: &x {b: 1}\nc: {b: 2, <<: *x}", {"a": {"b": 1}, "c": {"b": 2}}),
        (
            "a: &x {b: 1}\ne: &y {b: 3, f: 4}\nc:\n  <<: [*x, *y]",
            {"a": {"b": 1}, "e": {"b": 3, "f": 4}, "c": {"b": 1, "f": 4}},
        ),
        ("a: {'<<': 1}", {"a": {"<<": 1}}),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ],
)
def test_anchors_and_merges(text: str, value: Any) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("", None), ("5", 5), ("- a\n- b", ["a", "b"]), ("a: 1\n---\nb: 2", {"a": 1}), ("---\n", None)]
)
def test_one_value(text: str, value: Any) -> None:
    assert read_value(text) == value
