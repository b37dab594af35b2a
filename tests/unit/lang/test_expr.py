"""Expressions: corpora recorded from expr-lang/expr 1.17.8 and antonmedv/expr 1.15.5, modes, and budgets."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import expr, gotemplate, strconv
from argosy.lang.expr import values
from unit.lang.golden import cases, same

# The variables of the recorded corpora.
ENV: dict[str, Any] = {
    "name": "John",
    "n": 5,
    "f": 2.5,
    "s": "hello world",
    "t": True,
    "fa": False,
    "nil_": None,
    "list": [3, 1, 2],
    "strs": ["b", "a", "c"],
    "obj": {"a": 1, "b": {"c": "deep", "list": [10, 20]}, "nul": None, "s": "txt"},
    "users": [{"name": "Ann", "age": 30, "team": "x"}, {"name": "Bob", "age": 20, "team": "y"}],
    "empty": [],
    "cnt": "3",
    "u": "héllo",
}


def _shown(value: Any) -> Any:
    """Return a value in the JSON form of the corpora."""
    if isinstance(value, float) and not math.isfinite(value):
        return strconv.format_float(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {values.show(key): _shown(item) for key, item in value.items()}
    if getattr(value, "go_type", "") == "time.Time":
        return value.Format("2006-01-02T15:04:05.999999999Z07:00")
    return str(value) if getattr(value, "go_type", "") == "time.Duration" else value


def _run(given_: dict[str, Any], dialect: expr.Dialect) -> dict[str, Any]:
    env: Any = ENV if given_["numbers"] == "int" else gotemplate.as_float64(ENV)
    program = expr.compile(given_["expr"], dialect=dialect)
    value = program.evaluate(env) if given_["mode"] == "eval" else program.run(env)
    return {"type": values.kind(value).removeprefix("time.").lower(), "value": _shown(value)}


def _check(given_: dict[str, Any], expect: dict[str, Any], dialect: expr.Dialect) -> None:
    if "error" in expect:
        with pytest.raises(EvaluationError):
            _run(given_, dialect)
        return
    got = _run(given_, dialect)
    assert got["type"] == expect["type"]
    assert same(json.loads(json.dumps(got["value"])), expect["value"])


@pytest.mark.parametrize(("given_", "expect"), cases("expr"))
def test_answers_of_version_1_17(given_: dict[str, Any], expect: dict[str, Any]) -> None:
    _check(given_, expect, expr.V1_17)


@pytest.mark.parametrize(("given_", "expect"), cases("expr115"))
def test_answers_of_version_1_15(given_: dict[str, Any], expect: dict[str, Any]) -> None:
    _check(given_, expect, expr.V1_15)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7),
        ("7 / 2", 3.5),
        ("-7 % 3", -1),
        ("2 ** 3 ** 2", 512.0),
        ("1 < n < 9", True),
        ("nil_ ?? 'd'", "d"),
        ("obj?.zz?.y", None),
        ("users | filter(.age > 25) | map(.name)", ["Ann"]),
        ("let x = n; x * x", 25),
        ("if n > 3 { 'big' } else { 'small' }", "big"),
        ("fn(n) + 1", 11),
        ("list[-1:]", [2]),
        ("reduce(list, #acc + #, 0)", 6),
        ("9223372036854775807 + 1", -(1 << 63)),
        ("duration('90s') < duration('2m')", True),
        ('`raw\\n` + "\\u00e9"', "raw\\né"),
    ],
)
def test_values(source: str, value: object) -> None:
    assert expr.compile(source).run({**ENV, "fn": lambda number: number * 2}) == value


@pytest.mark.parametrize(
    "source",
    [
        "missing",
        "1 == '1'",
        "true || 1 < 'a'",
        "upper(1)",
        "len()",
        "nil_.x",
        "obj.b.c.d",
        "'a' matches '('",
        "n.x",
        "f % 2",
    ],
)
def test_what_can_never_work_is_refused_although_it_may_not_be_evaluated(source: str) -> None:
    with pytest.raises(EvaluationError):
        expr.compile(source).run(ENV)


def test_evaluating_without_a_check() -> None:
    assert expr.compile("missing").evaluate({}) is None
    assert expr.compile("true || 1 < 'a'").evaluate({}) is True
    with pytest.raises(EvaluationError):
        expr.compile("true || 1 < 'a'", dialect=expr.V1_15).evaluate({})


def test_a_variable_hides_a_builtin_of_its_name_only_in_version_1_17() -> None:
    env = {"count": 3}
    assert expr.compile("count + 1").run(env) == 4
    with pytest.raises(EvaluationError):
        expr.compile("count + 1", dialect=expr.V1_15).run(env)
    with pytest.raises(EvaluationError):
        expr.compile("count([true])").run(env)
    assert expr.compile("count([true])").run({}) == 1


def test_errors_of_functions_are_wrapped() -> None:
    def broken(_: object) -> None:
        raise KeyError("x")

    with pytest.raises(EvaluationError, match="broken"):
        expr.compile("broken(1)").run({"broken": broken})


@pytest.mark.parametrize(
    "source",
    [
        "1..1000000000",
        "map(1..1000, map(1..1000, map(1..1000, 1)))",
        "reduce(1..100, #acc + #acc, 'aaaa')",
        "repeat('a', 1000000000)",
        "replace(repeat('a', 1000000), 'a', repeat('b', 1000))",
        "uniq(1..100000)",
        "all(1..10000, 1..10000 == 1..10000)",
        "(" * 2000 + "1" + ")" * 2000,
        "[" * 2000 + "]" * 2000,
        "!" * 3000 + "true",
        "1 + " * 30_000 + "1",
    ],
)
def test_no_expression_runs_away(source: str) -> None:
    with pytest.raises(EvaluationError):
        expr.compile(source).evaluate({})


def test_long_chains_are_fine() -> None:
    assert expr.compile("1" + "+1" * 5000).run({}) == 5001
    assert expr.compile("false" + " || false" * 5000).run({}) is False


ATOMS = st.sampled_from(
    ["1", "2.5", "'a'", "nil", "true", "x", "l", "m", "#", "[1,2]", "{}", "1..3", "date('2024-01-15')", "len", "$env"]
)
OPERATORS = st.sampled_from(
    ["+", "-", "*", "/", "%", "==", "<", "&&", "or", "in", "??", "..", "matches", "|", ".", "^"]
)


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Build something that often is an expression."""
    parts = [draw(ATOMS)]
    for _ in range(draw(st.integers(0, 3))):
        parts += [draw(OPERATORS), draw(ATOMS)]
    text = " ".join(parts)
    wrapper = draw(st.sampled_from(["{}", "len({})", "map(l, {})", "({})", "not {}", "{}[0]", "{} ? 1 : 2", "sum({})"]))
    return str(wrapper).replace("{}", text)


@given(sources() | st.text(alphabet="x1.?:[](){}#|&+-*/%\"' =<>,;", max_size=15))
@settings(deadline=None, max_examples=400)
def test_no_text_crashes(source: str) -> None:
    env = {"x": 1.0, "l": [1.0, "a", None], "m": {"k": [1.0]}}
    for dialect in (expr.V1_17, expr.V1_15):
        for mode in ("run", "evaluate"):
            with contextlib.suppress(EvaluationError):
                getattr(expr.compile(source, dialect=dialect), mode)(env)
