"""Adapters of the language families: build the input, call the product function, show its answer as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from argosy.adapters.jq.process import JqProcess
from argosy.errors import EvaluationError, Unsupported
from argosy.events import expressions
from argosy.lang import (
    cron,
    doublestar,
    duration,
    expr,
    gjson,
    glob,
    gotemplate,
    govaluate,
    patch,
    quantity,
    regex,
    semver,
    sjson,
    strconv,
)
from argosy.lang.expr import values

type Case = dict[str, Any]

JQ = JqProcess()


def _duration(case: Case) -> object:
    nanoseconds = duration.parse(case["text"])
    return {"ns": nanoseconds, "text": duration.format(nanoseconds)}


def _jq(case: Case) -> object:
    return JQ.outputs(case["query"], json.dumps(case["input"]))


def _patch(case: Case) -> object:
    match case["kind"]:
        case "json":
            return patch.json_patch(case["original"], case["patch"])
        case "merge":
            return patch.merge_patch(case["original"], case["patch"])
        case "merge-create":
            return patch.create_merge_patch(case["original"], case["modified"])
        case "strategic":
            return patch.strategic_merge_patch(case["original"], case["patch"], case["type"])
    raise Unsupported(f"{case['kind']} patches")


def _quantity(case: Case) -> object:
    if "text" not in case:
        (operation, (left, right)) = next(iter(case.items()))
        a, b = quantity.parse(left), quantity.parse(right)
        if operation == "compare":
            return (a.value > b.value) - (a.value < b.value)
        return str(a + b if operation == "add" else a - b)
    found = quantity.parse(case["text"])
    whole, thousandths = abs(found.value) < 9.2e18, abs(found.value) < 9.2e15
    return {
        "canonical": str(found),
        "ceil": found.scaled(0) if whole else None,
        "milli": found.scaled(-3) if thousandths else None,
        "sign": found.sign,
    }


def _govaluate(case: Case) -> object:
    value = govaluate.compile(case["expr"]).evaluate(case["params"])
    kinds = {bool: "bool", float: "float", str: "string", type(None): "nil", list: "array", dict: "map"}
    if isinstance(value, float) and not math.isfinite(value):
        return {"type": "float", "value": strconv.format_float(value)}
    return {"type": kinds[type(value)], "value": value}


def _gjson(case: Case) -> object:
    found = gjson.get(case["json"], case["path"])
    if not found.exists:
        return {"exists": False}
    return {
        "exists": True,
        "raw": found.raw,
        "text": found.string(),
        "type": found.kind.value,
        "value": _decoded(found),
    }


def _decoded(found: gjson.Result) -> object:
    match found.kind:
        case gjson.Kind.STRING:
            return found.string()
        case gjson.Kind.NUMBER:
            return found.number()
        case gjson.Kind.JSON:
            return json.loads(found.raw, parse_int=float)
    return {gjson.Kind.TRUE: True, gjson.Kind.FALSE: False}.get(found.kind)


def _sjson(case: Case) -> object:
    document, path = case["json"], case["path"]
    if case.get("delete"):
        text = sjson.delete(document, path)
    elif "raw" in case:
        text = sjson.set_raw(document, path, case["raw"])
    elif isinstance(case["value"], str):
        text = sjson.set_string(document, path, case["value"])
    else:
        text = sjson.set_raw(document, path, json.dumps(case["value"]))
    return {"json": json.loads(text)} if gjson.valid(text) else {"text": text}


def _gotemplate(case: Case) -> object:
    data = case["data"]
    if case.get("numbers", "float") == "float":
        data = gotemplate.as_float64(data)
    left, right = case.get("delims") or ("{{", "}}")
    template = gotemplate.compile(
        case["template"],
        missing_key=case.get("missingkey", "default"),
        functions=gotemplate.SPRIG if case.get("funcs", "sprig") == "sprig" else gotemplate.NO_LIBRARY,
        delimiters=(left, right),
    )
    return template.render(data)


def _regex(case: Case) -> object:
    pattern = regex.compile(case["pattern"])
    if "replace" in case:
        return pattern.replace(case["text"], case["replace"])
    if case.get("all"):
        return pattern.find_all(case["text"])
    if case.get("split"):
        return pattern.split(case["text"])
    return pattern.find(case["text"])


def _cron(case: Case) -> object:
    schedule = cron.parse(case["spec"], timezone=cron.load_zone(case["zone"]))
    times: list[str | None] = []
    instant = datetime.fromisoformat(case["after"])
    for _ in range(case["count"]):
        following = schedule.next(instant)
        if following is None:
            return [*times, None]
        times.append(following.strftime("%Y-%m-%dT%H:%M:%SZ"))
        instant = following
    return times


def _floats(value: Any) -> Any:
    return gotemplate.as_float64(value)


def _shown(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return strconv.format_float(value)
        case list():
            return [_shown(item) for item in value]
        case dict():
            return {values.show(key): _shown(item) for key, item in value.items()}
    if getattr(value, "go_type", "") == "time.Time":
        return value.Format("2006-01-02T15:04:05.999999999Z07:00")
    return str(value) if getattr(value, "go_type", "") == "time.Duration" else value


def _expr(dialect: expr.Dialect) -> Callable[[Case], object]:
    def run(case: Case) -> object:
        env = case["env"] if case.get("numbers") == "int" else _floats(case["env"])
        program = expr.compile(case["expr"], dialect=dialect)
        value = program.evaluate(env) if case.get("mode") == "eval" else program.run(env)
        return {"type": values.kind(value).removeprefix("time.").lower(), "value": _shown(value)}

    return run


def _source_filter(case: Case) -> object:
    return expressions.matches(case["expression"], expressions_payload(case["data"]))


def expressions_payload(data: str) -> object:
    if not gjson.valid(data):
        raise EvaluationError("payload is not JSON")
    return _floats(json.loads(data))


def _expand(case: Case) -> object:
    if case.get("only") == "conflicts":
        return expressions.without_conflicts(case["map"])
    return expressions.expand(case["map"])


def _semver(case: Case) -> object:
    if "constraint" in case:
        return semver.constraint(case["constraint"]).allows(semver.parse(case["version"]))
    if "compare" in case:
        first, second = map(semver.parse, case["compare"])
        return (first > second) - (first < second)
    if "sort" in case:
        return [one.original for one in sorted(map(semver.parse, case["sort"]))]
    found = semver.parse(case["parse"])  # strict reading and the next version are used nowhere
    numbers = {"major": found.major, "minor": found.minor, "patch": found.patch}
    texts = {"prerelease": found.prerelease, "metadata": found.metadata, "text": str(found), "original": found.original}
    return numbers | texts


FAMILIES: dict[str, Callable[[Case], object]] = {
    "lang/cron": _cron,
    "lang/duration": _duration,
    "lang/govaluate": _govaluate,
    "lang/patch": _patch,
    "lang/quantity": _quantity,
    "events/eventsource-filter-expr": _source_filter,
    "events/expr-env-expand": _expand,
    "lang/expr": _expr(expr.V1_17),
    "lang/expr115": _expr(expr.V1_15),
    "lang/gjson": _gjson,
    "lang/doublestar": lambda case: (
        doublestar.find(case["pattern"], case["files"])
        if "files" in case
        else doublestar.matches(case["pattern"], case["path"])
    ),
    "lang/glob": lambda case: glob.matches(case["pattern"], case["text"], case["separators"]),
    "lang/gotemplate": _gotemplate,
    "lang/jq": _jq,
    "lang/regex": _regex,
    "lang/semver": _semver,
    "lang/sjson": _sjson,
}
