"""gjson paths: a corpus recorded from tidwall/gjson 1.19, the shape of results, and endurance."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import gjson
from unit.lang.golden import cases

PAYLOAD = json.dumps(
    {
        "header": {"X-A": ["1"], "X-B": ["2"]},
        "body": {"message": 'a "b" \u00e9', "id": "7", "list": [{"n": 1}, {"n": 2.50}], "a.b": True, "nul": None},
    }
)


@pytest.mark.parametrize(("given_", "expect"), cases("gjson"))
def test_answers_of_the_original(given_: dict[str, Any], expect: dict[str, Any]) -> None:
    found = gjson.get(given_["json"], given_["path"])
    assert found.exists is expect["exists"]
    if found.exists:
        got = (found.raw, found.kind.value, found.string(), found.boolean())
        assert got == (expect["raw"], expect["type"], expect["text"], expect["bool"])


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("body.message", gjson.Kind.STRING, 'a "b" é'),
        ("body.list.1.n", gjson.Kind.NUMBER, "2.5"),
        ("body.list.#", gjson.Kind.NUMBER, "2"),
        ("body.list.#(n>1).n", gjson.Kind.NUMBER, "2.5"),
        ("body.a\\.b", gjson.Kind.TRUE, "true"),
        ("body.nul", gjson.Kind.NULL, ""),
        ("header.X-A.0", gjson.Kind.STRING, "1"),
        ("header|@keys|@reverse|0", gjson.Kind.STRING, "X-B"),
        ("[body.id,body.nope]", gjson.Kind.JSON, '["7"]'),
    ],
)
def test_results(path: str, kind: gjson.Kind, text: str) -> None:
    found = gjson.compile(path).get(PAYLOAD)
    assert (found.exists, found.kind, found.string()) == (True, kind, text)


def test_a_missing_key_is_not_null() -> None:
    assert not gjson.get(PAYLOAD, "body.nope").exists
    assert gjson.get(PAYLOAD, "body.nul").exists


def test_the_first_of_equal_keys_wins_but_a_later_one_is_entered() -> None:
    assert gjson.get('{"a":1,"a":2}', "a").raw == "1"
    assert gjson.get('{"a":{"x":1},"a":{"y":2}}', "a.y").raw == "2"


def test_the_raw_text_is_the_slice_of_the_document() -> None:
    assert gjson.get('{"a" : [ 1 ,  2.50 ] }', "a").raw == "[ 1 ,  2.50 ]"


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ('{"a":[1,-0.5e+3,"x",null,true]}', True),
        (" [ ] ", True),
        ('"\\ud800"', True),  # a lone surrogate is fine for Go
        ('{"\ud800":1}', True),
        ("[" * 5000 + "]" * 5000, True),
        ("", False),
        ("{", False),
        ("[1,]", False),
        ('{"a":1,}', False),
        ('{"a" 1}', False),
        ("01", False),
        ("1.", False),
        ("nul", False),
        ("NaN", False),
        ('"\\x"', False),
        ('"\n"', False),
        ("[1] 2", False),
        ("[" * 5000, False),
    ],
)
def test_validity(document: str, answer: bool) -> None:
    assert gjson.valid(document) is answer


def test_deep_documents_are_walked_over() -> None:
    deep = '{"x":' + "[" * 20_000 + "]" * 20_000 + ',"y":1}'
    assert gjson.get(deep, "y").raw == "1"
    assert len(gjson.get(deep, "x").raw) == 40_000


@pytest.mark.parametrize("path", [".".join("a" * 5000), '@flatten:{"deep":true}', "@pretty"])
def test_walking_too_deep_is_an_error_or_an_answer(path: str) -> None:
    document = '{"a":' * 5000 + "1" + "}" * 5000 if path[0] == "a" else "[" * 20_000 + "]" * 20_000
    with pytest.raises(EvaluationError, match="nested too deep"):
        gjson.get(document, path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.text(alphabet='ab0.#|*?@()[]{}\\"=!%<>~:, this', max_size=20))
def test_no_path_crashes(document: object, path: str) -> None:
    found = gjson.get(json.dumps(document), path)
    assert isinstance(found.string(), str)
    found.number()
    found.boolean()


@given(st.text(alphabet='{}[]":,\\ truefalsn1-.', max_size=30), st.sampled_from(["a", "0", "#.a", "@keys", "*", "..#"]))
def test_no_document_crashes(document: str, path: str) -> None:
    gjson.valid(document)
    gjson.get(document, path).string()


@given(JSON)
@settings(max_examples=200)
def test_the_quick_way_and_the_complete_engine_agree(document: object) -> None:
    text = json.dumps({"k": [document, {"m": document}]})
    for path in ("k.0", "k.1.m", "k.1.n", "k.7"):
        quick, complete = gjson.get(text, path), gjson.get(text, f"@this|{path}")
        assert (quick.raw, quick.kind, quick.string()) == (complete.raw, complete.kind, complete.string())


@given(JSON)
def test_validity_agrees_with_json(document: object) -> None:
    text = json.dumps(document)
    assert gjson.valid(text)
    assert not gjson.valid(text + ",")
