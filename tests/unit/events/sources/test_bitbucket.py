"""Event source `bitbucket`: what it does beyond `test_hooks` is nothing; its payload as Argo shapes it."""

from __future__ import annotations

from support.hooks import answer


def test_the_payload() -> None:
    (data,) = answer("bitbucket", '{ "push": {} }', {"X-Event-Key": "repo:push"}).events
    assert data == '{"headers":{"X-Event-Key":["repo:push"]},"body":{"push":{}}}'
