"""`filter.expression` of an event source entry: false and every error drop the event without a word."""

from __future__ import annotations

import pytest

from argosy.events.sources.filtering import lets_pass

DATA = '{"header":{"X-Kind":["a"]},"body":{"n":5,"text":"hello","list":[1,2],"a-b":true}}'


@pytest.mark.parametrize(
    ("expression", "passes"),
    [
        ("", True),
        ("true", True),
        ("false", False),
        ("body.n == 5", True),
        ("body.n == 5.0", True),
        ("body.n / 2 == 2.5", True),
        ("body.n > 5", False),
        ('body.text == "hello"', True),
        ('body.text matches "^he"', True),
        ("body.list[1] == 2", True),
        ("len(body.list) == 2", True),
        ('header["X-Kind"][0] == "a"', True),
        ("body.nothing == nil", True),
        ("body.nothing.more == 1", False),
        ("nothing", False),
        ("body.n", False),
        ("body.n ==", False),
        ("'", False),
        ("body.n == 5 && (", False),
        ("count(1..100000000, {true}) > 0", False),
    ],
)
def test_expressions(expression: str, passes: bool) -> None:
    assert lets_pass(expression, DATA) is passes


@pytest.mark.parametrize(
    "data", ["[1]", "5", '{"a": 1e999}', "[" * 2000 + "]" * 2000, '{"a":' + "[" * 900 + "]" * 900 + "}", "nope"]
)
def test_a_payload_that_cannot_be_asked_does_not_pass(data: str) -> None:
    assert lets_pass("a == 1", data) is False
