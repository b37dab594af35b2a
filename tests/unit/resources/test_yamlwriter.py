"""What is written is read back as it was, whatever a text looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.resources.manifests import read_value
from argosy.resources.yamlwriter import write_value

# YAML knows no other control characters than tab and line breaks, and PyYAML's reader none at all in plain texts.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12) | st.text(
    "0123456789.:eExXo_+-yn~=<> #'\"\n\t", max_size=6
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(VALUES)
def test_there_and_back(value: Any) -> None:
    assert read_value(write_value(value)) == value


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_json_is_read_as_yaml(value: Any) -> None:
    assert read_value(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text", "y n on 1e3 0o17 08 0x1F 1_000 null ~ true = << 12:30 2024-01-01 .inf 5. +.5 !x *x &x".split()
)
def test_texts_that_look_like_something_else(text: str) -> None:
    body = {text: text, "list": [text]}
    assert read_value(write_value(body)) == body


def test_plain_texts_stay_plain() -> None:
    assert write_value({"apiVersion": "v1", "kind": "Pod", "é": "ü b", "n": [1, None, True]}) == (
        "apiVersion: v1\nkind: Pod\né: ü b\n'n':\n- 1\n- null\n- true\n"
    )


def test_one_value_in_two_places_is_written_twice() -> None:
    shared = {"a": "b"}
    assert write_value([shared, shared]) == "- a: b\n- a: b\n"
