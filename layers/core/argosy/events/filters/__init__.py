"""Filters of a dependency, one file each, named as their key in `filters`, and how they combine.

Follows `pkg/sensors/dependencies/filter.go` of Argo Events 1.9: the order is expr, data, context, time, script; with
`and` (the default) all are asked and an error of any drops the event, with `or` one that passes is enough, but an error
of another still drops it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.resources.sensor import Dependency, Filters

__all__ = ["FILTERS", "passes"]

FILTERS: Final = {
    "exprs": "argosy.events.filters.exprs:passes",
    "data": "argosy.events.filters.data:passes",
    "context": "argosy.events.filters.context:passes",
    "time": "argosy.events.filters.time:passes",
    "script": "argosy.events.filters.script:passes",
}

Test = Callable[[Filters, Event], bool]


def passes(dependency: Dependency, event: Event) -> bool:
    """Whether `event` passes the filters of `dependency`. Raises EvaluationError when one of them fails."""
    filters = dependency.filters
    if filters is None:
        return True
    results: list[bool] = []
    problem: EvaluationError | None = None
    for key in FILTERS:
        if not getattr(filters, key):
            continue
        try:
            results.append(_load(key)(filters, event))
        except EvaluationError as x:
            problem = problem or x
    if problem is not None:
        raise problem
    if not results:
        return True
    return any(results) if dependency.filters_logical_operator == "or" else all(results)


_loaded: dict[str, Test] = {}


def _load(key: str) -> Test:
    if key not in _loaded:
        module, _, name = FILTERS[key].partition(":")
        _loaded[key] = getattr(import_module(module), name)
    return _loaded[key]
