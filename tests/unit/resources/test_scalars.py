"""What a YAML scalar means. The table was made by `YAMLToJSONStrict` of sigs.k8s.io/yaml 1.4.0."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import InvalidObject
from argosy.resources.manifests import read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, True) for word in "y Y yes Yes YES true True TRUE on On ON".split()),
        *((word, False) for word in "n N no No NO false False FALSE off Off OFF".split()),
        *((word, None) for word in ["", "~", "null", "Null", "NULL"]),
        *((word, word) for word in "yEs tRue nULL _1 1- a:b e3 0x 0b2 0o8 1__0x .. - --".split() if word != "-"),
        ("0777", 511),
        ("0o17", 15),
        ("0b101", 5),
        ("0x1F", 31),
        ("0X1f", 31),
        ("-0x1F", -31),
        ("08", 8),
        ("1_000", 1000),
        ("1_0.5", 10.5),
        ("1e3", 1000),
        ("1.5e3", 1500),
        ("1e-3", 0.001),
        (".5", 0.5),
        (".1_19", 0.119),
        (".1__9", ".1__9"),
        ("._1", "._1"),
        ("+.5", 0.5),
        ("5.", 5),
        ("1.10", 1.1),
        ("+12", 12),
        ("9223372036854775808", 9223372036854775808),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ("1e400", "1e400"),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        ('"1"', "1"),
        ("'yes'", "yes"),
        ("=", "="),
        ("<<", "<<"),
        ("!!str 1", "1"),
        ("!!str yes", "yes"),
        ('!!int "5"', 5),
        ("!!float 1", 1),
        ("!!bool yes", True),
        ("!!binary aGVsbG8=", "hello"),
        ("!!timestamp 2024-01-01", "2024-01-01"),
        ("!other x", "x"),
        ("! 5", "5"),
        ("|\n  x\n  y\n", "x\ny\n"),
        (">-\n  x\n  y", "x y"),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = read_value(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", [".inf", "-.INF", ".nan", "!!int x", "!!bool 5", "!!null x", "!!binary '%%%'", "@x", "`x`", "%x", "*nope"]
)
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(InvalidObject, match="line 1"):
        read_value(f"a: {text}")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("y", "true"),
        ("off", "false"),
        ("1", "1"),
        ("0x10", "16"),
        ("1.5", "1.5"),
        ("2024-01-01", "2024-01-01"),
        ('"on"', "on"),
        ("'1'", "1"),
        ("? a\n", "a"),
        ('""', ""),
    ],
)
def test_keys(key: str, name: str) -> None:
    assert read_value(f"{key}: value") == {name: "value"}


@pytest.mark.parametrize("key", ["null", "~", "[a]", "{a: b}", "? [a]\n"])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(InvalidObject, match="line 1"):
        read_value(f"{key}: value")
