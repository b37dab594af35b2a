"""Where paths lead, and the variables in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import InvalidObject
from argosy.gitops import paths
from argosy.gitops.environment import substitute, variables

ENV = {"APP_PATH": "app-path", "UP": ".."}


@pytest.mark.parametrize(
    ("start", "path", "found"),
    [
        ("", "values.yaml", "values.yaml"),
        ("app", "values.yaml", "app/values.yaml"),
        ("app", "../values.yaml", "values.yaml"),
        ("app", "/values.yaml", "values.yaml"),
        ("app", "//values.yaml", "values.yaml"),
        ("a/b", "./../c/./d", "a/c/d"),
    ],
)
def test_a_path_inside(start: str, path: str, found: str) -> None:
    assert paths.inside(start, path, "f") == found


@pytest.mark.parametrize(
    ("start", "path"),
    [
        ("", ".."),
        ("", "../x"),
        ("app", "../.."),
        ("app", "../../x"),
        ("", "/../x"),
        ("", "."),
        ("a", ".."),
        ("", "a\0b"),
    ],
)
def test_a_path_that_leads_out(start: str, path: str) -> None:
    with pytest.raises(InvalidObject, match="leads out of the repository") as refusal:
        paths.inside(start, path, "spec.source.path")
    assert refusal.value.field == "spec.source.path"


@given(st.lists(st.sampled_from(["..", ".", "a", "b c", "", "..."]), max_size=8), st.sampled_from(["", "x", "x/y"]))
def test_no_path_leads_out(parts: list[str], start: str) -> None:
    try:
        found = paths.inside(start, "/".join(parts), "f")
    except InvalidObject:
        return
    assert not found.startswith(("/", "../"))
    assert ".." not in found.split("/")


@pytest.mark.parametrize(("path", "found"), [("", ""), (".", ""), ("./", ""), ("a/", "a"), ("./a/../b", "b")])
def test_the_folder_of_an_application(path: str, found: str) -> None:
    assert paths.folder(path) == found


@pytest.mark.parametrize("path", ["/a", "..", "a/../.."])
def test_no_folder_of_an_application(path: str) -> None:
    with pytest.raises(InvalidObject):
        paths.folder(path)


@pytest.mark.parametrize(
    ("path", "start", "seen"),
    [("a/v.yaml", "a", "./v.yaml"), ("v.yaml", "a/b", "../../v.yaml"), ("--x", "", "./--x"), ("-", "", "./-")],
)
def test_a_path_as_a_tool_takes_it(path: str, start: str, seen: str) -> None:
    assert paths.relative(path, start) == seen


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("values.yaml", paths.ValueFile("app/values.yaml")),
        ("/$APP_PATH/v.yaml", paths.ValueFile("app-path/v.yaml")),
        ("$ref/$APP_PATH/v.yaml", paths.ValueFile("app-path/v.yaml", "$ref")),
        ("$nobody/v.yaml", paths.ValueFile("v.yaml")),
        ("https://example.com/v.yaml", paths.ValueFile("https://example.com/v.yaml", remote=True)),
    ],
)
def test_a_value_file(text: str, found: paths.ValueFile) -> None:
    assert paths.value_file(text, "app", ENV, field="f", refs=["$ref"]) == found


@pytest.mark.parametrize(
    "text",
    [
        "../../v.yaml",
        "$ref/../v.yaml",
        "$ref/$UP/v.yaml",
        "$ref",
        "$ref/",
        "file:///etc/passwd",
        "s3://b/v.yaml",
        "$UP/$UP/x",
    ],
)
def test_no_value_file(text: str) -> None:
    with pytest.raises(InvalidObject):
        paths.value_file(text, "app", ENV, field="f", refs=["$ref"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("$FOO", "bar"),
        ("${FOO}x", "barx"),
        ("$FOOx", ""),
        ("a$$b", "a$b"),
        ("$NOBODY-", "-"),
        ("${FOO", "FOO"),
        ("$1", ""),
        ("$ x", "$ x"),
        ("100%", "100%"),
    ],
)
def test_substitution(text: str, found: str) -> None:
    assert substitute(text, {"FOO": "bar"}) == found


def test_the_build_environment() -> None:
    found = variables(app="a", namespace="n", project="p", revision="0123456789ab", url="u", path="x", target="main")
    assert next(iter(found)) == "ARGOCD_APP_NAME"
    assert (found["ARGOCD_APP_REVISION_SHORT"], found["ARGOCD_APP_REVISION_SHORT_8"]) == ("0123456", "01234567")
    assert len(found) == 9
