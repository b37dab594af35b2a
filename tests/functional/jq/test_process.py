"""jq in its process: answers as gojq's, nothing of ours in reach, and an end to what has none."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.adapters.jq import LazyJq
from argosy.adapters.jq.process import JqProcess
from argosy.errors import EvaluationError
from argosy.ports.jq import Jq

DOCUMENT = '{"b":{"z":1,"a":[2,3]},"a":"x"}'


@pytest.fixture(scope="module")
def jq() -> Iterator[JqProcess]:
    process = JqProcess()
    yield process
    process.close()


@pytest.fixture(scope="module")
def hasty() -> Iterator[JqProcess]:
    process = JqProcess(seconds=0.5, memory=256 << 20, output=1000)
    yield process
    process.close()


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (".", '{"a":"x","b":{"a":[2,3],"z":1}}'),
        ("{z: 1, a: .a}", '{"a":"x","z":1}'),
        (".b.a[] | {n: .}", '{"n":2}'),
        ("[to_entries[].key]", '["a","b"]'),
        ("with_entries(.value |= type)", '{"a":"string","b":"object"}'),
        ("def two: 2; {n: two} # a comment", '{"n":2}'),
        ("{n: 12345678901234567890, f: 1.0, e: 1e3, h: 0.5}", '{"e":1000,"f":1,"h":0.5,"n":12345678901234567890}'),
        ('{s: "é\\u0000"}', '{"s":"é\\u0000"}'),
        ("@json", '"{\\"a\\":\\"x\\",\\"b\\":{\\"a\\":[2,3],\\"z\\":1}}"'),
        ('.a | test("X"; "i")', "true"),
    ],
)
def test_first(jq: JqProcess, program: str, expected: str) -> None:
    assert jq.first(program, DOCUMENT) == expected


def test_numbers_of_the_document_are_float64(jq: JqProcess) -> None:
    assert jq.first(".", "[9007199254740993, 1e22, 0.1]") == "[9007199254740992,1e+22,0.1]"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (".a |", "unexpected end of file at line 1"),
        ("1 +\n+", "at line 2"),
        ("1) | (2", "syntax"),
        ("", "not given"),
        ("# nothing", "not given"),
        ("foo", "foo/0 is not defined"),
        ("$x", "not defined"),
        ("empty", "no output"),
        ("halt", "no output"),
        ("halt_error", "jq: "),
        ('error("boom")', "boom"),
        ("{n: nan}", "JSON has not"),
        ("[infinite]", "JSON has not"),
        ('.a | test("x"; "x")', "flag"),
        ("input", "jq: "),
    ],
)
def test_what_fails_says_why(jq: JqProcess, program: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        jq.first(program, DOCUMENT)


@pytest.mark.parametrize("document", ["", "{", "1 2", "[" * 20_000])
def test_a_document_that_is_none(jq: JqProcess, document: str) -> None:
    with pytest.raises(EvaluationError, match="no JSON"):
        jq.first(".", document)


def test_no_program_sees_the_environment(jq: JqProcess) -> None:
    assert os.environ
    assert jq.first("[env, $ENV]", "null") == "[{},{}]"


@pytest.mark.parametrize(
    "program",
    [
        'import "a" as $a {search: "/etc"}; $a',
        'include "a"; .',
        '. | import "a" as $a; .',
        '"a" | modulemeta',
        "input_filename",
        "get_search_list",
    ],
)
def test_no_program_reaches_files(jq: JqProcess, program: str) -> None:
    with pytest.raises(EvaluationError):
        jq.first(program, "null")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("def f: f; f", "0.5 s"),
        ("until(false; .)", "0.5 s"),
        ("[range(1e9)]", "0.5 s|limit"),
        ('"x" * 1e9', "limit|memory|output"),
        ("[limit(2000; repeat(1))]", "output"),
        ("def f: [f]; f", "0.5 s|limit"),
    ],
)
def test_what_takes_too_much_is_stopped_and_the_next_goes_on(hasty: JqProcess, program: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        hasty.first(program, "null")
    assert hasty.first("1", "null") == "1"


def test_check_reads_without_running(jq: JqProcess) -> None:
    jq.check("def f: f; f")
    with pytest.raises(EvaluationError, match="syntax error"):
        jq.check(".a |")


def test_threads_share_it() -> None:
    shared: Jq = LazyJq()
    found: dict[int, str] = {}

    def ask(number: int) -> None:
        found[number] = shared.first(". + 1", str(number))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number + 1) for number in range(16)}


WORDS = (
    '. .a .[] [ ] { } ( ) | , : ; + - * / // = |= 1 "x" if then else end try catch reduce foreach as $x def f label break '
    "error empty map select recurse tojson fromjson keys has length test env input nan infinite not and or ? .. @base64"
).split()


@given(program=st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join) | st.text(max_size=30))
@settings(deadline=None)
def test_no_program_crashes_or_hangs(hasty: JqProcess, program: str) -> None:
    try:
        answer = hasty.first(program, DOCUMENT)
    except EvaluationError:
        return
    assert answer
