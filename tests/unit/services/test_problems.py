"""Errors as data and back: what the API sends is what the command line raises."""

from __future__ import annotations

import orjson
import pytest

from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    EvaluationError,
    InvalidObject,
    NotFound,
    Permanent,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from argosy.problems import error_of, problem_of

PLACED = InvalidObject("required, but empty", obj="Sensor/ns/s", field="spec.a")


@pytest.mark.parametrize(
    "error",
    [
        *(kind("told: why") for kind in (NotFound, AlreadyExists, Denied, Unauthenticated, EvaluationError, Permanent)),
        Unavailable("told", delay=3),
        Conflict("told"),
        PLACED,
        InvalidObject("told", field="limit"),
        Unsupported("told", obj="Sensor/ns/s", field="spec.b"),
        InvalidObject("one\ntwo", problems=[PLACED, Unsupported("told", obj="Sensor/ns/t", field="spec.b")]),
    ],
    ids=repr,
)
def test_there_and_back(error: ArgosyError) -> None:
    problem = orjson.loads(orjson.dumps(problem_of(error)))
    assert problem["wayOut"]
    again = error_of(problem)
    assert (type(again), str(again)) == (type(error), str(error))
    assert list(map(str, again.problems)) == list(map(str, error.problems))
    assert problem_of(again) == problem


@pytest.mark.parametrize("problem", [{}, {"type": "Unheard", "message": "told"}, {"type": None, "message": None}])
def test_what_another_version_says(problem: dict[str, object]) -> None:
    assert type(error_of(problem)) is Permanent
    assert str(error_of(problem))
