"""What a function loads before its first event, and what it tells X-Ray."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.adapters.tracing import sampled

ROOT = Path(__file__).parents[3]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
# Each takes longer than the rest of a function together; what needs one imports it when it does.
LATER = ("aws_xray_sdk", "boto3", "botocore.client", "botocore.session", "jq", "kubernetes", "lupa", "rich", "typer")
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"

HANDLER = """
from argosy.adapters.powertools import function

@function
def handler(event, context):
    return {"seen": event}

class Context:
    function_name = aws_request_id = invoked_function_arn = "f"
    memory_limit_in_mb = 512

print(handler({"a": 1}, Context()))
"""


def run(code: str, **environ: str) -> str:
    """Run code as a function would, in an interpreter of its own; what it prints."""
    lambda_like = {"AWS_LAMBDA_FUNCTION_NAME": "f", "LAMBDA_TASK_ROOT": "/var/task", "AWS_REGION": "eu-central-1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **lambda_like, "PYTHONPATH": str(ROOT / "layers" / "core"), **environ},
    )
    return done.stdout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_nothing_heavy_before_it_needs_it(function: str) -> None:
    code = f"""
import json, sys
sys.path.insert(0, {str(ROOT / "functions" / function)!r})
import app
print(json.dumps([name for name in {LATER!r} if name in sys.modules]))
"""
    assert json.loads(run(code)) == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        (TRACE, False),
        (f"{TRACE};Sampled=0", False),
        (f"{TRACE};Sampled=?", False),
        (f"{TRACE};Sampled=10", False),
        (f"{TRACE};Sampled=1", True),
        ("Sampled=1; Root=1-5759e988-bd862e3fe1be46a994272793", True),
        (f"{TRACE};Sampled=1;Lineage=a87bd80c:0", True),
    ],
)
def test_whether_a_header_is_of_a_sampled_trace(header: str | None, *, expected: bool) -> None:
    assert sampled(header) is expected


def test_a_sampled_invocation_reaches_x_ray() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(30)
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        printed = run(HANDLER, _X_AMZN_TRACE_ID=f"{TRACE};Sampled=1", AWS_XRAY_DAEMON_ADDRESS=address)
        _, segment = daemon.recv(65_536).split(b"\n", 1)
    told = json.loads(segment)
    assert "{'seen': {'a': 1}}" in printed
    assert told["name"] == "## handler"
    assert (told["trace_id"], told["parent_id"]) == ("1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8")
    assert "seen" not in json.dumps(told.get("metadata", {}))


def test_an_invocation_that_is_not_sampled_does_not_load_the_sdk() -> None:
    printed = run(HANDLER + "import sys\nprint('aws_xray_sdk' in sys.modules)", _X_AMZN_TRACE_ID=f"{TRACE};Sampled=0")
    assert printed.endswith("False\n")
