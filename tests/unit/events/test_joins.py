"""Joins, as the JetStream bus of Argo Events keeps them; the latest event is the one with the latest time of its own."""

from __future__ import annotations

import json

import pytest

from argosy.events.joins import JoinState, step
from argosy.lang.conditions import compile_condition
from support.events import event

# Steps: dependency, id, minute of the event's time. Firings: dependency → id, after the step that completes them.
Step = tuple[str, str, int]


def play(conditions: str, steps: list[Step], names: str = "a b c") -> tuple[list[dict[str, str]], dict[str, str]]:
    condition = compile_condition(conditions, names.split())
    state, firings = JoinState(), []
    for dependency, event_id, minute in steps:
        one = event(id=event_id, time=f"2026-01-01T00:{minute:02}:00Z")
        state, fired = step(state, condition, dependency, one)
        state = JoinState.from_json(json.loads(json.dumps(state.as_json())))
        if fired:
            firings.append({name: used.id for name, used in fired.items()})
    return firings, {name: kept.id for name, kept in state.events.items()}


@pytest.mark.parametrize(
    ("conditions", "steps", "firings", "left"),
    [
        ("a && b", [("a", "a1", 0), ("b", "b1", 1)], [{"a": "a1", "b": "b1"}], {}),
        ("a && b", [("b", "b1", 0), ("a", "a1", 1)], [{"b": "b1", "a": "a1"}], {}),
        ("a && b", [("a", "a1", 0), ("a", "a2", 1), ("b", "b1", 2)], [{"a": "a2", "b": "b1"}], {}),
        # What arrives late does not replace what happened later.
        ("a && b", [("a", "a2", 5), ("a", "a1", 1), ("b", "b1", 2)], [{"a": "a2", "b": "b1"}], {}),
        # Of the same moment the later arrival counts.
        ("a && b", [("a", "a1", 1), ("a", "a2", 1), ("b", "b1", 2)], [{"a": "a2", "b": "b1"}], {}),
        ("a && b", [("a", "a1", 0), ("a", "a2", 1)], [], {"a": "a2"}),
        # All that is kept goes into the firing, also what the condition did not need; then everything is cleared.
        (
            "(a && b) || c",
            [("a", "a1", 0), ("c", "c1", 1), ("b", "b1", 2), ("a", "a2", 3)],
            [{"a": "a1", "c": "c1"}, {"b": "b1", "a": "a2"}],
            {},
        ),
        (
            "a && b && c",
            [("a", "a1", 0), ("b", "b1", 0), ("c", "c1", 0), ("a", "a2", 0)],
            [{"a": "a1", "b": "b1", "c": "c1"}],
            {"a": "a2"},
        ),
        ("a && (b || c)", [("b", "b1", 0), ("c", "c1", 0), ("a", "a1", 0)], [{"b": "b1", "c": "c1", "a": "a1"}], {}),
    ],
)
def test_joins(conditions: str, steps: list[Step], firings: list[dict[str, str]], left: dict[str, str]) -> None:
    assert play(conditions, steps) == (firings, left)


def test_what_is_kept_for_a_dependency_that_no_longer_takes_part_is_dropped() -> None:
    state = JoinState({"a": event(id="a1"), "old": event(id="o1")})
    after, fired = step(state, compile_condition("a && b", ["a", "b"]), "a", event(id="a2"))
    assert fired is None
    assert set(after.events) == {"a"}


def test_a_step_leaves_the_state_that_it_was_given() -> None:
    state = JoinState({"a": event(id="a1")})
    step(state, compile_condition("a && b", ["a", "b"]), "b", event(id="b1"))
    assert set(state.events) == {"a"}
