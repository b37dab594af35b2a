"""Go templates: a corpus recorded from text/template with sprig, what is put right in gotpl, and budgets."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import gotemplate
from unit.lang.golden import cases

# The data of the recorded corpus.
DATA: dict[str, Any] = {
    "name": "Ann",
    "s": "hello world",
    "n": 5,
    "pi": 3.14,
    "t": True,
    "f": False,
    "nul": None,
    "list": ["a", "b", "c"],
    "nums": [3, 1, 2],
    "obj": {"k1": "v1", "k2": 2, "nested": {"deep": "yes"}},
    "em": {},
    "empty": [],
    "mixed": [1, "x", None, True, 2.5],
    "users": [{"n": "A", "a": 1}, {"n": "B", "a": 2}],
    "neg": -7,
    "big": 1000000,
    "multi": "line1\nline2",
}


# Some answers hold the day on which they were recorded.
RECORDED = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("given_", "expect"), cases("gotemplate"))
def test_answers_of_the_original(given_: dict[str, Any], expect: dict[str, Any]) -> None:
    data = DATA if given_["numbers"] == "int" else gotemplate.as_float64(DATA)
    if "error" in expect:
        with pytest.raises(EvaluationError):
            gotemplate.compile(given_["template"]).render(data, now=RECORDED)
    else:
        assert gotemplate.compile(given_["template"]).render(data, now=RECORDED) == expect["text"]


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("{{ .Input.body.name | upper }}", "ANN"),
        ("{{ .Input.big }}", "1e+06"),
        ("{{ .Input.big | int }}", "1000000"),
        ("{{ .Input.nope }}", "<no value>"),
        ("{{ .Input.nope.deeper }}", "<no value>"),
        ("{{ print .Input.nope }}", "<nil>"),
        ('{{ printf "%v" .Input.nul }}', "<nil>"),
        ('{{ eq .Input.nope "a" }}', "false"),
        ("{{ toJson .Input.nope }}", "null"),
        ("{{ duration (sub 90 30) }}", "1m0s"),
        ('{{ (toDate "2006-01-02" "2024-02-29").Month }}', "February"),
        ('{{ ((toDate "2006-01-02" "2024-02-29").AddDate 0 1 1).Format "Mon 02" }}', "Sat 30"),
        ("{{ now.Unix }}", "1709211845"),
        ('{{ now | date "15:04" }}', "13:04"),
        ('{{ regexReplaceAll "(a)(b)" "xab" "$2$1" }}', "xba"),
    ],
)
def test_what_is_put_right(text: str, output: str) -> None:
    data = {"Input": {"body": {"name": "Ann"}, "big": 1000000, "nul": None}}
    now = datetime.datetime(2024, 2, 29, 13, 4, 5, tzinfo=datetime.UTC)
    assert gotemplate.compile(text).render(gotemplate.as_float64(data), now=now) == output


@pytest.mark.parametrize(
    "text",
    [
        "{{ .name.upper }}",
        "{{ .name.__class__ }}",
        "{{ .n.real }}",
        "{{ .nul.x }}",
        "{{ .list.append }}",
        '{{ env "HOME" }}',
        '{{ expandenv "$HOME" }}',
        '{{ getHostByName "localhost" }}',
        "{{",
        '{{ fail "boom" }}',
    ],
)
def test_nothing_is_reached_outside_of_the_data(text: str) -> None:
    with pytest.raises(EvaluationError, match="template"):
        gotemplate.compile(text).render(DATA)


@pytest.mark.parametrize(
    "text",
    [
        "{{range until 1000000}}x{{end}}",
        "{{range until 1000}}{{range until 1000}}{{end}}{{end}}",
        '{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}',
        '{{$x := "aaaa"}}{{range until 40}}{{$x = print $x $x}}{{end}}',
        '{{repeat 1000000000 "x"}}',
        '{{printf "%999999999d" 1}}',
        "{{untilStep 0 1000000000 1}}",
        "{{round 1.5 1000000000}}",
        '{{replace "" (repeat 1000000 "x") (repeat 1000000 "y")}}',
        "{{uniq (until 100000)}}",
        '{{$d := dict}}{{$_ := set $d "a" $d}}{{$d}}',
        "{{" + "(" * 500 + "1" + ")" * 500 + "}}",
    ],
)
def test_no_template_runs_away(text: str) -> None:
    with pytest.raises(EvaluationError):
        gotemplate.compile(text).render({})


def test_missing_keys_can_be_errors() -> None:
    with pytest.raises(EvaluationError):
        gotemplate.compile("{{ .a }}", missing_key="error").render({})
    with pytest.raises(EvaluationError, match="missingkey"):
        gotemplate.compile("{{ .a }}", missing_key="sometimes")


def test_own_functions_and_delimiters() -> None:
    functions = gotemplate.Functions({"shout": lambda text: f"{text}!"})
    template = gotemplate.compile("[[ shout (upper .a) ]]", functions=functions, delimiters=("[[", "]]"))
    assert template.render({"a": "x"}) == "X!"


def test_the_built_in_functions_alone() -> None:
    assert gotemplate.compile("{{ len .a }}", functions=gotemplate.NO_LIBRARY).render({"a": "xy"}) == "2"
    with pytest.raises(EvaluationError):
        gotemplate.compile("{{ upper .a }}", functions=gotemplate.NO_LIBRARY)


TEXTS = st.text(alphabet='{}.|()"$ =a1:-x', max_size=25)
PIECES = st.lists(
    st.sampled_from(
        [
            "{{",
            "}}",
            " .a ",
            " | ",
            "upper",
            "index",
            " 1 ",
            '"x"',
            "range",
            "end",
            "if",
            "(",
            ")",
            " $x := ",
            "with",
            "toJson",
            "trunc",
            "dict",
            "-",
        ]
    ),
    max_size=10,
).map("".join)


@given(TEXTS | PIECES)
@settings(deadline=None)
def test_no_text_crashes(text: str) -> None:
    with contextlib.suppress(EvaluationError):
        gotemplate.compile(text).render({"a": {"b": [1, "x", None]}})


FUNCTIONS = ["trunc", "substr", "indent", "repeat", "add", "div", "list", "dict", "merge", "join", "splitList", "first",
             "slice", "has", "index", "printf", "toDate", "date", "regexFind", "semver", "dig", "set", "eq", "lt", "len",
             "b64dec", "fromJson", "until", "round", "ternary", "chunk", "urlParse", "plural", "dateModify"]  # fmt: skip
ARGUMENTS = ['"a"', '""', "1", "-1", "2.5", ".a", ".nope", "nil", "(list 1 2)", '(dict "a" 1)', '"1.2.3"', "true"]


@given(st.sampled_from(FUNCTIONS), st.lists(st.sampled_from(ARGUMENTS), max_size=4))
@settings(deadline=None, max_examples=300)
def test_no_call_crashes(function: str, arguments: list[str]) -> None:
    with contextlib.suppress(EvaluationError):
        gotemplate.compile(f"{{{{ {function} {' '.join(arguments)} }}}}").render({"a": [1]})
