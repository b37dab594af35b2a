"""Secrets with a short memory."""

from __future__ import annotations

import threading

import pytest

from argosy.adapters.kube.cached import CachedSecrets
from argosy.errors import NotFound, Unavailable


class Source:
    """Answers from a list; counts reads; a read can be waited for."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.reads = 0
        self.read = threading.Semaphore(0)

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        self.reads += 1
        answer = self.answers.pop(0)
        self.read.release()
        if isinstance(answer, Exception):
            raise answer
        return answer

    config = secret


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_read_once_while_it_is_fresh() -> None:
    source, seconds = Source("a"), Seconds()
    secrets = CachedSecrets(source, fresh=30, clock=seconds)
    assert [secrets.secret("n", "s", "k") for _ in range(3)] == ["a"] * 3
    assert source.reads == 1


def test_an_old_value_is_answered_while_it_is_read_again() -> None:
    source, seconds = Source("a", "b"), Seconds()
    secrets = CachedSecrets(source, fresh=30, clock=seconds)
    assert secrets.secret("n", "s", "k") == "a"
    assert source.read.acquire(timeout=10)
    seconds.now = 31
    assert secrets.secret("n", "s", "k") == "a"
    assert source.read.acquire(timeout=10)
    for thread in threading.enumerate():
        if thread.name == "secrets":
            thread.join(10)
    assert secrets.secret("n", "s", "k") == "b"


def test_what_cannot_be_read_is_not_asked_for_again_at_once() -> None:
    source, seconds = Source(Unavailable("down"), "a"), Seconds()
    secrets = CachedSecrets(source, again=5, clock=seconds)
    for _ in range(2):
        with pytest.raises(Unavailable, match="down"):
            secrets.secret("n", "s", "k")
    assert source.reads == 1
    seconds.now = 6
    assert secrets.secret("n", "s", "k") == "a"


def test_keys_accounts_and_kinds_are_kept_apart() -> None:
    source = Source("a", "b", "c", NotFound("no"))
    secrets = CachedSecrets(source, clock=Seconds())
    assert secrets.secret("n", "s", "k") == "a"
    assert secrets.secret("n", "s", "k", "other") == "b"
    assert secrets.config("n", "s", "k") == "c"
    with pytest.raises(NotFound):
        secrets.secret("n", "s", "l")


def test_who_may_not_wait_is_answered_from_memory() -> None:
    source = Source("a")
    secrets = CachedSecrets(source, clock=Seconds())
    with pytest.raises(Unavailable, match="not read from the cluster yet"):
        secrets.at_once.secret("n", "s", "k")
    assert source.read.acquire(timeout=10)
    for thread in threading.enumerate():
        if thread.name == "secrets":
            thread.join(10)
    assert secrets.at_once.secret("n", "s", "k") == "a"
    assert source.reads == 1


def test_an_outage_does_not_make_it_forget_and_a_refusal_does() -> None:
    source, seconds = Source("a", Unavailable("down"), NotFound("gone")), Seconds()
    secrets = CachedSecrets(source, fresh=30, again=5, clock=seconds)

    def later(now: float) -> None:
        seconds.now = now
        secrets.secret("n", "s", "k")
        for thread in threading.enumerate():
            if thread.name == "secrets":
                thread.join(10)

    later(0)
    later(31)
    assert secrets.secret("n", "s", "k") == "a"
    later(62)
    with pytest.raises(NotFound, match="gone"):
        secrets.secret("n", "s", "k")
