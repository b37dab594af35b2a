"""Secrets of the deployed stack: from Secrets Manager and Systems Manager, to webhooks and to triggers' headers."""

from __future__ import annotations

import json

import pytest

from argosy.services.runtime import Runtime
from support.awsflow import Apply, Template, failures, hook, patiently, post
from support.events import dependency, sensor, trigger
from support.localstack import Stack
from support.up import Sink

WHERE = ["secretsmanager", "ssm"]


def put(stack: Stack, where: str, name: str, value: str) -> None:
    if where == "ssm":
        stack.client("ssm").put_parameter(Name=f"/argosy/it/ns/{name}/token", Value=value, Type="SecureString")
    else:
        document = json.dumps({"token": value})
        stack.client("secretsmanager").create_secret(Name=f"argosy/it/ns/{name}", SecretString=document)


@pytest.mark.parametrize("where", WHERE)
def test_a_secret_guards_a_webhook_and_goes_out_in_a_header(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Template, where: str
) -> None:
    put(stack, where, f"in-{where}", "open-sesame")
    put(stack, where, f"out-{where}", "let-me-in")
    reference = {"secretKeyRef": {"name": f"out-{where}", "key": "token"}}
    http = to_sink(f"/{where}", secureHeaders=[{"name": "X-Token", "valueFrom": reference}])
    apply(
        hook(where, "/", authSecret={"name": f"in-{where}", "key": "token"}),
        sensor([trigger(http=http)], [dependency("dep", source=where)], name=where),
    )
    assert post(stack, f"ns/{where}", {"n": 1}, token="guessed") == 401
    assert post(stack, f"ns/{where}", {"n": 2}, token="open-sesame") == 200
    (seen,) = sink.wait(where)
    assert (seen.body, seen.token) == ({"got": {"n": 2}}, "let-me-in")


def test_a_missing_secret_is_named(stack: Stack, apply: Apply, to_sink: Template, runtime: Runtime) -> None:
    reference = {"secretKeyRef": {"name": "nowhere", "key": "token"}}
    http = to_sink("/missing", secureHeaders=[{"name": "X-Token", "valueFrom": reference}])
    apply(hook("missing", "/"), sensor([trigger(http=http)], [dependency("dep", source="missing")], name="missing"))
    assert post(stack, "ns/missing", {"n": 1}) == 200

    assert patiently(runtime, lambda: bool(failures(runtime, "missing")))
    assert "secret ns/nowhere has no key token" in failures(runtime, "missing")[0]
