"""Setting values in JSON text: a corpus recorded from tidwall/sjson 1.2.5, and endurance."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import sjson
from unit.lang.golden import cases


@pytest.mark.parametrize(("given_", "expect"), cases("sjson"))
def test_answers_of_the_original(given_: dict[str, Any], expect: dict[str, Any]) -> None:
    operations: dict[str, Callable[..., str]] = {"raw": sjson.set_raw, "str": sjson.set_string, "del": sjson.delete}
    run = operations[given_["op"]]
    arguments = [given_["json"], given_["path"], *([given_["value"]] if "value" in given_ else [])]
    if "error" in expect:
        with pytest.raises(EvaluationError):
            run(*arguments)
    else:
        assert run(*arguments) == expect["text"]


@pytest.mark.parametrize(
    ("document", "path", "text"),
    [
        ("{}", "id", '{"id":"v"}'),
        ("", "a.b", '{"a":{"b":"v"}}'),
        ('{"a":[1]}', "a.-1", '{"a":[1,"v"]}'),
        ('{"a":[1]}', "a.3", '{"a":[1,null,null,"v"]}'),
        ('{"a":{}}', "a.:1", '{"a":{"1":"v"}}'),
        ('{"metadata":{}}', "metadata.labels.app\\.io/name", '{"metadata":{"labels":{"app.io/name":"v"}}}'),
        ('{"a":5}', "a.b", '{"a":{"b":"v"}}'),
        ('{"l":[{"n":1},{"n":2}]}', "l.#(n==2).n", '{"l":[{"n":1},{"n":"v"}]}'),
        ('{"l":[1]}', "l.#", '{"l":[1]}'),
    ],
)
def test_setting(document: str, path: str, text: str) -> None:
    assert sjson.set_string(document, path, "v") == text


@pytest.mark.parametrize(("document", "path"), [("{}", ""), ("[1]", "a"), ('{"a":[]}', "a.b"), ("{}", "a.99999999")])
def test_refusals(document: str, path: str) -> None:
    with pytest.raises(EvaluationError):
        sjson.set_raw(document, path, "1")


PATHS = st.lists(st.sampled_from(["a", "b", "0", "1", "-1", ":2", "x\\.y", "é"]), min_size=1, max_size=4).map(".".join)


@given(st.sampled_from(["{}", "[]", '{"a":{"b":[1,{"a":2}]}}', "[[1],{}]", "5", ""]), PATHS, st.text(max_size=8))
def test_what_is_set_is_valid_and_can_be_deleted(document: str, path: str, value: str) -> None:
    with contextlib.suppress(EvaluationError):
        text = sjson.set_string(document, path, value)
        json.loads(text)
        json.loads(sjson.delete(text, path))


@given(st.text(alphabet='{}[]":,1a', max_size=20), st.text(alphabet="a0.-:\\#*?|@", max_size=8), st.text(max_size=4))
def test_nothing_crashes(document: str, path: str, value: str) -> None:
    with contextlib.suppress(EvaluationError):
        sjson.set_raw(document, path, value)
    with contextlib.suppress(EvaluationError):
        sjson.delete(document, path)
