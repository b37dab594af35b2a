"""The two functions that work on repositories: what each has, and what it has not."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from argosy.adapters.git.budget import Limits as Fetching
from argosy.adapters.render.children import Limits as Rendering
from argosy.adapters.render.unpack import Limits as Unpacking
from argosy.errors import InvalidObject
from argosy.services.runtime import Runtime
from support import template as t

FUNCTIONS = ("FetchFunction", "RenderFunction")
EVERY = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def rights(function: str) -> set[tuple[str, str]]:
    """Actions beyond those that every function has, each with the end of its resource."""
    return {
        (action, resource["Fn::Sub"].rpartition("}")[2])
        for statement in t.statements(function)
        for action in t.listed(statement["Action"])
        for resource in t.listed(statement["Resource"])
        if action not in EVERY
    }


def runtime(function: str) -> Runtime:
    module, _, name = t.environment(function)["ARGOSY_RUNTIME"].partition(":")
    made: Runtime = getattr(importlib.import_module(module), name)()
    return made


def test_who_renders_touches_two_prefixes_and_nothing_else() -> None:
    assert rights("RenderFunction") == {
        ("s3:GetObject", "/fetch/*"),
        ("s3:GetObject", "/render/*"),
        ("s3:PutObject", "/render/*"),
    }


def test_who_fetches_has_its_prefix_and_secrets() -> None:
    assert rights("FetchFunction") == {
        ("s3:GetObject", "/fetch/*"),
        ("s3:PutObject", "/fetch/*"),
        ("secretsmanager:GetSecretValue", "/*/*"),
        ("secretsmanager:GetSecretValue", "/agent-seal-*"),
        ("ssm:GetParameter", "/*"),
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_starts_them_but_a_call(function: str) -> None:
    assert "Events" not in t.properties(function)
    assert t.layers(function) == ["CoreLayer", "RenderLayer"]


def test_no_function_has_the_kubernetes_client_and_the_tools() -> None:
    """Together they are too large, and who renders what users wrote has no business with clusters."""
    both = {"KubeLayer", "RenderLayer"}
    assert [one for one in t.resources(t.FUNCTION) if both <= set(t.layers(one))] == []


def test_their_runtimes_need_no_table_and_no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGOSY_BLOBS", "bucket")
    monkeypatch.setenv("ARGOSY_STAGE", "it")
    fetching, rendering = map(runtime, FUNCTIONS)
    assert fetching.fetching
    assert rendering.rendering
    for made, absent in ((fetching, "store queue"), (rendering, "store queue secrets")):
        for port in absent.split():
            with pytest.raises(InvalidObject, match="this function has no"):
                _ = getattr(made, port).anything
    with pytest.raises(InvalidObject, match="renders nothing"):
        _ = fetching.rendering
    with pytest.raises(InvalidObject, match="fetches no repositories"):
        _ = rendering.fetching


@pytest.mark.parametrize(
    ("function", "needed"), [("FetchFunction", ["ARGOSY_BLOBS", "ARGOSY_STAGE"]), ("RenderFunction", ["ARGOSY_BLOBS"])]
)
def test_what_their_environment_lacks_is_named(
    function: str, needed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in needed:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidObject, match=", ".join(needed)):
        runtime(function)


def test_there_is_time_memory_and_disk_for_what_the_limits_allow() -> None:
    fetch, render = map(t.properties, FUNCTIONS)
    assert fetch["Timeout"] >= Fetching().seconds + 20
    assert render["Timeout"] >= Rendering().seconds + 20
    # The archive of all files at worst, twice while it is made; the tool's memory beside the archive.
    assert fetch["MemorySize"] * 1e6 >= 2 * Fetching().size + Fetching().wire
    assert render["MemorySize"] * 1e6 >= Rendering().memory + Fetching().size + Rendering().output
    assert fetch.get("EphemeralStorage", {"Size": 512})["Size"] * 1e6 >= 2 * Fetching().wire
    assert render["EphemeralStorage"]["Size"] * 1e6 >= Unpacking().size + 4 * Rendering().file
    assert Unpacking().size >= Fetching().size, "what is fetched can be unpacked"
    assert Unpacking().files >= Fetching().files


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_crash_raises_an_alarm(function: str) -> None:
    alarms: list[Any] = [body["Properties"] for body in t.resources("AWS::CloudWatch::Alarm").values()]
    wanted = [{"Name": "FunctionName", "Value": {"Ref": function}}]
    (alarm,) = [one for one in alarms if one["Dimensions"] == wanted]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", "Errors", 0)
    assert alarm["AlarmActions"] == {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], []]}


@pytest.mark.parametrize("prefix", ["fetch/", "render/"])
def test_what_is_fetched_and_rendered_is_a_cache(prefix: str) -> None:
    rules = t.properties("Blobs")["LifecycleConfiguration"]["Rules"]
    (rule,) = [one for one in rules if one["Prefix"] == prefix]
    assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", 30)
