"""Lua 5.1 in its sandbox: what goes in and out, what cannot be reached, what is stopped."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import lua


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return true", True),
        ("return false, true", True),
        ("return true, false", False),
        ("return 1", False),
        ("return", False),
        ("", False),
        ("return event.a == 1 and event.b == nil", True),
        ("return #event.l == 3 and event.l[2].k == 2 and event.l[3] == 3", True),
        ('return event["s"]:find("\\195\\169") == 2', True),
        ("return getmetatable('').__index == string", True),
        ("return pcall(error, 'x') == false", True),
        (
            "local ok, told = xpcall(function() error('x', 0) end, function(m) return m .. '!' end) return told == 'x!'",
            True,
        ),
        ("local c = coroutine.wrap(function(a) coroutine.yield(a + 1) end) return c(1) == 2", True),
        ("return loadstring('return 7')() == 7", True),
        ("local t = {'return ', '8'} local i = 0 return load(function() i = i + 1 return t[i] end)() == 8", True),
        ("return os.time() > 0 and os.getenv == nil", True),
        ("return -5 % 3 == 1 and 5 % -3 == -1", True),
        ("return tostring(1e15) == '1000000000000000'", True),
        ("return tostring(0.1 + 0.2) == '0.30000000000000004'", True),
        ("return tostring(1e21) == '1e+21' and tostring(-1/0) == '-Inf' and tostring(1e-5) == '1e-05'", True),
        ("return ('%s|%d|%%s'):format(1e15, 3) == '1000000000000000|3|%s'", True),
        ("return table.concat({1e15, 'a'}, 1) == '10000000000000001a'", True),
    ],
)
def test_truth(source: str, *, expected: bool) -> None:
    event = {"a": 1, "b": None, "l": ["x", None, [1], {"k": 2}, 3], "s": "hé"}
    assert lua.truth(source, {"event": event}) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return {}", "{}"),
        ("return event", '{"e":{},"n":2.5}'),
        ("return {1, 2, nil, 4}", "[1,2,null,4]"),
        ("return {'a', k = 'b'}", '["a"]'),
        ("return {[true] = 1, [1.5] = 2, [0] = 3, ['-1'] = 4}", '{"-1":4,"0":3,"1.5":2,"true":1}'),
        ("return setmetatable({}, {__is_array = true})", "[]"),
        ("return setmetatable({}, {__index = function() error() end, __metatable = 'locked'})", "{}"),
        ("return {1e20, 1e21, 1e-6, 1e-7, 1/3, -0.5, 0, 123456.75}", None),
        ('return {s = "\\"\\\\\\n\\0é"}', '{"s":"\\u0022\\u005c\\u000a\\u0000é"}'),
        ("return {s = '\\255'}", '{"s":"�"}'),
    ],
)
def test_document(source: str, expected: str | None) -> None:
    text = lua.document(source, {"event": {"e": [], "n": 2.5, "x": None}})
    if expected is None:
        expected = "[100000000000000000000,1e+21,0.000001,1e-7,0.3333333333333333,-0.5,0,123456.75]"
    assert text == expected


ESCAPES = [
    "return io ~= nil",
    "return debug ~= nil",
    "return package ~= nil",
    "return python ~= nil",
    "return dofile ~= nil or loadfile ~= nil or module ~= nil",
    "return os.execute ~= nil or os.getenv ~= nil or os.remove ~= nil or os.rename ~= nil or os.exit ~= nil",
    "return os.tmpname ~= nil or os.setlocale ~= nil",
    "return string.dump ~= nil",
    "return newproxy ~= nil",
    "return (pcall(require, 'io')) or (pcall(require)) or (pcall(require, {}))",
    "return require('os').execute ~= nil or require('string').dump ~= nil or require('math') ~= math",
    "return loadstring('\\27Lua') ~= nil",
    "local n = 0 return load(function() n = n + 1 return n == 1 and '\\27Lua' or nil end) ~= nil",
    "return getfenv(0).python ~= nil or getfenv(0).debug ~= nil or getfenv(0).io ~= nil",
    "return getfenv(loadstring('return 1')).debug ~= nil",
    "return getfenv(tostring).debug ~= nil or getfenv(pcall).io ~= nil",
    "return loadstring('return io or debug or python or package')() ~= nil",
    "for k, v in pairs(_G) do if type(v) == 'userdata' then return true end end",
    "for _, t in pairs({string, table, os, math, coroutine}) do for _, v in pairs(t) do "
    "if type(v) == 'userdata' then return true end end end",
    "return type(getmetatable(event)) == 'table' or type(getmetatable(print)) == 'table'",
    "return coroutine.running() ~= nil and getfenv(1).debug ~= nil",
    "setfenv(1, {}) return io ~= nil",
    "setmetatable({}, {__gc = function() os.execute('true') end}) collectgarbage() return os.execute ~= nil",
    "return string.gsub('io', '.*', _G) ~= 'io'",
    "return (pcall(setfenv, print, {}) and pcall(print) and io) ~= nil",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_what_a_script_must_not_reach(source: str) -> None:
    with contextlib.suppress(EvaluationError):
        assert lua.truth(source, {"event": {}}) is False


def test_one_script_leaves_nothing_to_the_next() -> None:
    lua.truth("string.find = nil; _G.x = 1; getmetatable('').__index = nil; pairs = nil", {})
    assert lua.truth("return x == nil and pairs ~= nil and ('a'):find('a') == 1", {}) is True


def test_nothing_that_a_script_does_to_its_globals_changes_what_it_returns() -> None:
    source = "local t, g = {a = {1}}, _G for k in pairs(g) do g[k] = nil end return t"
    assert lua.document(source, {}) == '{"a":[1]}'


BUDGETS = [
    ("while true do end", "instructions"),
    ("while true do pcall(function() while true do end end) end", "instructions"),
    ("xpcall(function() while true do end end, function() while true do end end)", "instructions"),
    ("coroutine.wrap(function() while true do end end)()", "instructions"),
    ("while true do coroutine.resume(coroutine.create(function() while true do end end)) end", "instructions"),
    ("setmetatable(_G, {__index = function() while true do end end}) return x", "instructions"),
    ("table.sort({1, 2, 3}, function() while true do end end)", "instructions"),
    ("('x'):gsub('.', function() while true do end end)", "instructions"),
    ("return ('a'):rep(50000):find(('a-'):rep(20) .. 'b')", "instructions"),
    ("return ('a'):rep(30):match(('a?'):rep(30) .. ('a'):rep(31))", "instructions"),
    ("for a in ('a'):rep(1e5):gmatch('(.-)(.-)(.-)b') do end", "instructions"),
    ("return ('a'):rep(1e4):gsub('(.-)(.-)(.-)b', '')", "instructions"),
    ("local t = {} for i = 1, 1e6 do table.insert(t, 1, i) end", "instructions"),
    ("local t = {} for i = 1, 2e5 do t[i] = i end while true do table.maxn(t) end", "instructions"),
    ("unpack({}, 1, 1e8)", "instructions"),
    ("pcall(string.rep, 'x', 0/0) while true do end", "instructions"),
    ("pcall(table.insert, {1, 2}, 0/0, 1) pcall(table.remove, {1, 2}, 0/0) while true do end", "instructions"),
    ("return (''):find(('a*'):rep(4e5))", "instructions|overflow"),
    ("return (''):gsub(('a-'):rep(4e5), '')", "instructions|overflow"),
    ("return ('x'):match(('x?'):rep(4e5))", "instructions|overflow"),
    ("return ('a'):rep(1e6):find(('a'):rep(5e5) .. 'b', 1, true)", "too long"),
    ("local s = 'x' while true do s = s .. s end", "memory"),
    ("local t = {} while true do t = {t} end", "memory|instructions"),
    ("return {('x'):rep(1e9)}", "string.rep"),
    ("local s = ('x'):rep(1e6) return {s, s}", "output"),
    ("return {[60000000] = 1}", "output"),
    ("local t = {} t.t = t return t", "nested"),
    ("local function f() coroutine.wrap(f)() end f()", "coroutines"),
    ("local function f() return ('x'):gsub('.', f) end f()", "nested"),
    (
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return tostring(t) end tostring(t)",
        "nested",
    ),
    ("local function f() return 1 + f() end f()", "overflow"),
    ("os.date(('%c'):rep(1e4))", "date format"),
    ("return " + "{" * 300 + "}" * 300, "syntax levels|overflow"),
    ("-- " + "x" * lua.SOURCE, "bytes"),
]


@pytest.mark.parametrize(("source", "told"), BUDGETS, ids=range(len(BUDGETS)))
def test_what_would_take_too_much_is_stopped(source: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        lua.document(source, {"event": {}})


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("return 7 // 2", "unexpected symbol"),
        ("goto x", "="),
        ("error('boom')", "boom"),
        ("error({})", "error with a table"),
        ("error()", "error with a nil"),
        ("return a.b", "global 'a'"),
        ("return 1", "instead of a table"),
        ("", "instead of a table"),
        ("return {f = print}", "function"),
        ("return {n = 0/0}", "NaN"),
        ("return {n = 1/0}", "Inf"),
        ("return {[{}] = 1}", "key"),
        ("\x1bLua", "bytecode"),
    ],
)
def test_what_fails_says_why(source: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        lua.document(source, {})


def test_check_reads_without_running() -> None:
    lua.check("while true do end")
    with pytest.raises(EvaluationError, match="script:2"):
        lua.check("local a\nif")


MATCHES = [
    ("hello world", "o w"),
    ("key = value", "^(%w+)%s*=%s*(%w+)$"),
    ("a.b.c", "%."),
    ("[[x]]", "%[%[(.-)%]%]"),
    ("f(a(b)c)d", "%b()"),
    ("THE (quick) fox", "%f[%a]%a+%f[%A]"),
    ("abcabc", "(a)(b)c%1%2"),
    ("abc", "()b()"),
    ("x-1", "[%w-]+"),
    ("]]", "[]]+"),
    ("a^b", "[%^a]+"),
    ("aaa", "a-$"),
    ("2024-01-02", "(%d+)-(%d+)-(%d+)"),
    ("abc", "^b"),
    ("colour", "colou?r"),
    ("", ".*"),
    ("a\0b", "%z"),
]


@pytest.mark.parametrize(("text", "pattern"), MATCHES)
def test_the_metered_matcher_answers_as_the_native_one(text: str, pattern: str) -> None:
    source = """
      local function shown(...)
        local t = {n = select("#", ...), ...}
        for i = 1, t.n do t[i] = tostring(t[i]) end
        return t
      end
      local function joined(...) return table.concat(shown(...), ",") end
      local out = {find = shown(text:find(pattern)), match = shown(text:match(pattern)), all = {}}
      out.sub, out.call = shown(text:gsub(pattern, "<%0>")), shown(text:gsub(pattern, joined))
      if pattern:sub(1, 1) ~= "^" then for a, b in text:gmatch(pattern) do out.all[#out.all + 1] = shown(a, b) end end
      return out"""
    stem, end = (pattern[:-1], "$") if pattern.endswith("$") else (pattern, "")
    dear = stem + "\x01?" * 30 + end  # matches the same, but 2^30 ways are too many for C
    native = lua.document(source, {"text": text, "pattern": pattern})
    metered = lua.document(source, {"text": text, "pattern": dear})
    assert json.loads(metered) == json.loads(native)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
WORDS = (
    "event a b t = == ~= .. # + - * / % ^ ( ) { } [ ] , ; . : 1 0 -1 1e9 'x' '%' '(.-)b' nil true false and or not if then "
    "else end while do for in function return local pairs ipairs string table os math coroutine _G pcall error tostring "
    "setmetatable getmetatable loadstring load rep find gsub gmatch format concat sort insert remove wrap resume create "
    "yield unpack select"
).split()


@given(source=st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(), value=JSON)
def test_no_script_crashes_or_hangs(source: str, value: object) -> None:
    for call in (lua.truth, lua.document):
        try:
            answer: object = call(source, {"event": value})
        except EvaluationError:
            continue
        assert isinstance(answer, (bool, str))


@given(JSON)
def test_what_goes_through_a_script_stays_json(value: object) -> None:
    try:
        answer = lua.document("return {event = event}", {"event": value})
    except EvaluationError as x:
        assert "JSON has not" in str(x) or "no JSON" in str(x)  # noqa: PT017 the other errors would be ours
    else:
        json.loads(answer)
