"""Trigger `email`."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy.errors import EvaluationError, Unavailable
from argosy.events.effects import Reference, SendEmail, effect_from_json, effect_to_json
from argosy.events.sensors import Firing
from argosy.events.triggers.email import check_sent
from support.events import event, fire, sensor, trigger

ALL = {
    "host": "smtp.example.com",
    "port": 587,
    "username": "argosy",
    "smtpPassword": {"name": "mail", "key": "password"},
    "to": ["a@example.com", "nobody", "b@example.com"],
    "from": "argosy@example.com",
    "subject": "hi",
    "body": "there",
}


def fired(**spec: Any) -> Firing:
    return fire(sensor([trigger(email={**ALL, **spec})]), {"dep": event({})})


def test_the_mails() -> None:
    effect = fired().effect
    password = Reference("secret", "mail", "password", "default")
    to, host = ("a@example.com", "b@example.com"), "smtp.example.com"
    assert effect == SendEmail(
        to, "hi", "there", host, 587, "argosy@example.com", "argosy", password, invalid=("nobody",)
    )
    assert effect is not None
    assert effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect)))) == effect


@pytest.mark.parametrize("field", ["to", "subject", "body"])
def test_what_is_empty_is_not_sent(field: str) -> None:
    firing = fired(**{field: [] if field == "to" else ""})
    assert firing.effect is None
    assert f"email.{field} is empty" in firing.problem


@pytest.mark.parametrize(
    ("failed", "invalid", "problem"),
    [((), (), None), (("a",), (), Unavailable), ((), ("x",), EvaluationError), (("a",), ("x",), Unavailable)],
)
def test_what_comes_of_it(failed: tuple[str, ...], invalid: tuple[str, ...], problem: type[Exception] | None) -> None:
    effect = SendEmail(("a",), "s", "b", "h", 25, "f", invalid=invalid)
    if problem is None:
        check_sent(effect, failed)
    else:
        with pytest.raises(problem):
            check_sent(effect, failed)
