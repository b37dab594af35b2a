"""The commands by the way of a stack: `argosy --stack NAME`, signed, through API Gateway to the API function."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from argosy.ports.queue import Outgoing
from argosy.services.queues import DEAD_LETTERS
from argosy.services.runtime import Runtime
from contracts.client import ClientContract, Follow, Letters, Run, space
from support.events import GROUP_VERSION
from support.localstack import LocalStack, Stack
from support.up import Following, Result, argosy, in_process

__all__ = ["space"]


@pytest.fixture(scope="module")
def leading(localstack: LocalStack) -> dict[str, str]:
    """The environment in which AWS is LocalStack."""
    return {**localstack.environment, "AWS_ENDPOINT_URL": localstack.endpoint}


class TestAStack(ClientContract):
    """The suite."""

    @pytest.fixture
    def run(self, stack: Stack, leading: dict[str, str]) -> Run:
        def run(*arguments: object, **more: Any) -> Result:
            return in_process("--stack", stack.name, *arguments, **more, env=leading)

        return run

    @pytest.fixture
    def follow(self, stack: Stack, leading: dict[str, str]) -> Follow:
        def follow(*arguments: object) -> Following:
            return Following(*arguments, "--stack", stack.name, env=leading)

        return follow

    @pytest.fixture
    def letters(self, runtime: Runtime) -> Letters:
        def letters(queue: str, count: int) -> None:
            runtime.queue.send(DEAD_LETTERS[queue], [Outgoing("{}") for _ in range(count)])

        return letters


def test_what_is_not_signed_is_refused(stack: Stack) -> None:
    for path in ("health", "objects/sensors", "nowhere"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(stack.url(f"/api/v1/{path}"), timeout=30)
        with caught.value as answer:
            assert answer.code in (401, 403)


def test_the_callers_arn_is_in_the_audit(
    stack: Stack, leading: dict[str, str], runtime: Runtime, tmp_path: Any
) -> None:
    bus = {"apiVersion": GROUP_VERSION, "kind": "EventBus", "metadata": {"name": "audited", "namespace": "audited"}}
    manifest = json.dumps({**bus, "spec": {"nats": {"native": {}}}})
    assert argosy("apply", "-f", "-", stdin=manifest, env={**leading, "ARGOSY_STACK": stack.name}).code == 0
    day = runtime.clock.now()
    told = [row.data for row in runtime.store.query(f"audit/{day:%Y-%m-%d}") if "audited" in str(row.data["changed"])]
    assert [(row["actor"], row["changed"]) for row in told] == [
        ("arn:aws:iam::000000000000:root", ["EventBus/audited/audited created"])
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--stack", "nothing"], "no stack nothing in us-east-1"),
        (["--stack", "nothing", "--region", "eu-west-1"], "no stack nothing in eu-west-1"),
        (["--stack", "nothing", "--profile", "nobody"], "profile"),
    ],
)
def test_a_stack_that_is_not_there(leading: dict[str, str], arguments: list[str], told: str) -> None:
    result = argosy("get", "es", *arguments, env=leading)
    assert (result.code, result.out) == (1, "")
    assert told in result.err
    assert "Traceback" not in result.err
