"""Why a dependency lets an event through, or not: each of its parts asked by itself.

In: a dependency and an event. Out: steps in the order in which Argo asks (event source, transform, filters), each with its
verdict and the reason in words. The verdicts come from the functions that decide (`argosy.events.filters`); here is only
what they were asked and what they were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.events import filters as dependency_filters
from argosy.events.envelope import Event
from argosy.events.transforms import RunJq, transformed
from argosy.lang import gjson
from argosy.records import record
from argosy.resources.sensor import DataFilter, Dependency, ExprFilter, Filters

__all__ = ["FAILED", "PASSED", "STOPPED", "Step", "explained"]

PASSED: Final = "passed"
STOPPED: Final = "stopped"
FAILED: Final = "failed"
_SHOWN: Final = 200


@record
class Step:
    """One thing that was asked. `verdict`: passed, stopped (it says no), failed (it could not say), or a trigger's state."""

    about: str
    verdict: str
    reason: str = ""

    def as_json(self) -> dict[str, str]:
        """As the API gives it."""
        return {"about": self.about, "verdict": self.verdict, "reason": self.reason}


def explained(dependency: Dependency, event: Event, jq: RunJq | None) -> list[Step]:
    """The steps of one dependency. The last one is the whole's verdict."""
    about = f"dependency {dependency.name}"
    wanted, given = (dependency.event_source_name, dependency.event_name), (event.source, event.subject)
    if wanted != given:
        reason = f"it is for event {'/'.join(wanted)}; this one is {'/'.join(given)} of type {event.type}"
        return [Step(about, STOPPED, reason)]
    steps = []
    if dependency.transform is not None:
        try:
            event = transformed(dependency.transform, event, jq)
        except EvaluationError as x:
            return [Step(f"{about}: transform", FAILED, str(x)), Step(about, FAILED, "its transform failed")]
        steps.append(Step(f"{about}: transform", PASSED, f"payload now {_short(event.data)}"))
    for name, part, reason in _parts(dependency.filters or Filters(), event):
        steps.append(_asked(f"{about}: {name}", part, event, reason))
    whole = _asked(about, dependency, event, _joined(dependency))
    return [*steps, whole]


def _asked(about: str, dependency: Dependency, event: Event, reason: str) -> Step:
    try:
        passes = dependency_filters.passes(dependency, event)
    except EvaluationError as x:
        return Step(about, FAILED, str(x))
    return Step(about, PASSED if passes else STOPPED, reason)


def _parts(filters: Filters, event: Event) -> Iterator[tuple[str, Dependency, str]]:
    for index, expression in enumerate(filters.exprs):
        yield f"exprs[{index}]", _alone(exprs=[expression]), _expression(expression, event)
    for index, data in enumerate(filters.data):
        yield f"data[{index}]", _alone(data=[data]), _comparison(data, event)
    if filters.context:
        wanted = {name: value for name, value in filters.context.items() if value}
        given = {name: event.context.get(name) for name in wanted}
        yield "context", _alone(context=filters.context), f"asked for {_pairs(wanted)}; it is {_pairs(given)}"
    if filters.time is not None:
        zone = filters.time.timezone or "UTC"
        reason = f"asked for {filters.time.start} to {filters.time.stop} {zone}; the event's time is {event.time}"
        yield "time", _alone(time=filters.time), reason
    if filters.script:
        yield "script", _alone(script=filters.script), "the script's own answer"


def _alone(**filters: Any) -> Dependency:
    return Dependency(filters=Filters(**filters))


def _joined(dependency: Dependency) -> str:
    filters = dependency.filters
    if filters is None:
        return "no filters"
    operators = {
        "filters": dependency.filters_logical_operator,
        "data": filters.data_logical_operator,
        "exprs": filters.expr_logical_operator,
    }
    return (
        "joined by or: " + ", ".join(name for name, one in operators.items() if one == "or")
        if "or" in (operators.values())
        else "all of its filters must pass"
    )


def _comparison(one: DataFilter, event: Event) -> str:
    asked = f"{one.path} {one.comparator or '='} {' or '.join(one.value)} ({one.type})"
    return f"asked for {asked}; it is {_at(one.path, event)}"


def _expression(one: ExprFilter, event: Event) -> str:
    given = ", ".join(f"{field.name} = {_at(field.path, event)}" for field in one.fields)
    return f"asked for {one.expr}; {given}"


def _at(path: str, event: Event) -> str:
    try:
        result = gjson.compile(path).get(event.data or "")
    except EvaluationError:
        return "nothing"
    return _short(result.raw) if result.exists else "nothing"


def _pairs(of: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in of.items())


def _short(text: str | None) -> str:
    text = text or "nothing"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
