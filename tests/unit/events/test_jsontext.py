"""JSON of events, read as Go's encoding/json reads it."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.jsontext import read_json, write_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ('"\\u00e9 \\ud83d\\ude00"', "é 😀"),
        ('"a\\ud800b"', "a\ufffdb"),
        ('"\\ude00\\ud83d"', "\ufffd\ufffd"),
        ('"\\ud83d\\ud83d\\ude00"', "\ufffd😀"),
        ('"\\\\ud800"', "\\ud800"),
        ('"\\\\\\ud800"', "\\\ufffd"),
        ('{"\\udfff": 1}', {"\ufffd": 1}),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ("[" * 900 + "]" * 900, None),
    ],
)
def test_read(text: str, value: Any) -> None:
    assert value is None or read_json(text) == value


@pytest.mark.parametrize("text", ["", "{", "1e999", '{"a": -1e999}', "[" * 5000 + "]" * 5000, "nope"])
def test_what_no_value_can_hold(text: str) -> None:
    with pytest.raises(EvaluationError, match="not JSON that can be used"):
        read_json(text)


def test_write() -> None:
    assert write_json({"a": ["é", 1.5, None]}) == '{"a":["é",1.5,null]}'


@pytest.mark.parametrize("value", [read_json("[" * 500 + "]" * 500), {"a": 2**70}])
def test_what_no_message_can_carry(value: Any) -> None:
    with pytest.raises(EvaluationError, match="cannot be written as JSON"):
        write_json(value)
