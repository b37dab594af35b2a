"""Label policies; their table is the shared family `events/trigger-policy-labels`."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.events.policies import Verdict, asks, judge
from argosy.resources.sensor import LabelPolicy
from support.events import Body, model

WANTED = {"labels": {"a": "1"}}
BACKOFF = {"duration": "2s", "factor": 3, "jitter": 0.5, "steps": 3}


@pytest.mark.parametrize(
    ("body", "look", "labels", "verdict"),
    [
        (WANTED, 1, {"a": "1", "b": "2"}, Verdict(True)),
        (WANTED, 1, {"a": "2"}, Verdict(False, 1.5)),
        (WANTED, 4, None, Verdict(False, 1.5)),
        (WANTED, 5, None, Verdict(False)),
        (WANTED | {"backoff": BACKOFF}, 1, {}, Verdict(False, 2.5)),
        (WANTED | {"backoff": BACKOFF}, 2, {}, Verdict(False, 7.5)),
        (WANTED | {"backoff": BACKOFF}, 3, {}, Verdict(False)),
        ({"labels": {}}, 1, {}, Verdict(True)),
        ({"labels": {}}, 1, None, Verdict(False, 1.5)),
    ],
)
def test_a_look(body: Body, look: int, labels: dict[str, str] | None, verdict: Verdict) -> None:
    assert judge(model(LabelPolicy, body), look, labels, 0.5) == verdict


def test_the_last_look_fails_if_that_was_asked_for() -> None:
    policy = model(LabelPolicy, {"labels": {"b": "2", "a": "1"}, "errorOnBackoffTimeout": True})
    assert judge(policy, 4, {}, 0.0).again == 1.0
    with pytest.raises(EvaluationError, match="a=1, b=2"):
        judge(policy, 5, {}, 0.0)


def test_a_bad_backoff_is_told_at_the_first_look() -> None:
    with pytest.raises(EvaluationError, match="soon"):
        judge(model(LabelPolicy, WANTED | {"backoff": {"duration": "soon"}}), 1, {"a": "1"}, 0.0)


def test_what_asks_for_nothing() -> None:
    assert not asks(None)
    assert not asks(LabelPolicy())
    assert asks(model(LabelPolicy, {"labels": {}}))
