"""Flags of the argo CLI in `argoWorkflow.args`."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.resources.workflowargs import Options, parse


@pytest.mark.parametrize(
    ("args", "options"),
    [
        ([], Options()),
        (["-p", "a=b"], Options({"a": "b"})),
        (["-pa=b"], Options({"a": "b"})),
        (["-p=a=b"], Options({"a": "b"})),
        (["--parameter=a=b=c", "--parameter", "d="], Options({"a": "b=c", "d": ""})),
        (["--entrypoint", "main"], Options(entrypoint="main")),
        (["--serviceaccount=sa"], Options(service_account="sa")),
        (["-l", "a=b,c=d"], Options(labels={"a": "b", "c": "d"})),
        (["--labels", "a=b", "-l", "c=d"], Options(labels={"c": "d"})),
        (["--generate-name", "x-", "--name", "y"], Options(generate_name="x-", name="y")),
        (["--priority", "-5"], Options(priority=-5)),
    ],
)
def test_submit(args: list[str], options: Options) -> None:
    assert parse("submit", args) == parse("submit-from", args) == options


@pytest.mark.parametrize(
    ("operation", "args", "reason"),
    [
        ("submit", ["--watch"], "--watch is not served with submit; served are --parameter"),
        ("submit", ["-w", "x"], "-w is not served"),
        ("submit", ["other.yaml"], "is no flag"),
        ("submit", ["--"], "is no flag"),
        ("submit", ["-"], "is no flag"),
        ("submit", ["-p"], "-p needs a value"),
        ("submit", ["-p", "a"], "expected NAME=VALUE"),
        ("submit", ["-l", "a"], "expected NAME1=VALUE1"),
        ("submit", ["--priority", "high"], "no whole number"),
        ("submit", ["--priority", "2147483648"], "no whole number"),
        ("resubmit", ["--memoized", ""], "--memoized is not served with resubmit"),
        ("suspend", ["-p", "a=b"], "-p is not served with suspend$"),
    ],
)
def test_what_is_refused(operation: str, args: list[str], reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        parse(operation, args)
