"""LocalStack as the other tests rely on it: what functions reach, how failures show, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.local.devcluster.processes import wait_until
from support.localstack import LocalStack

REACH = """
import http.client
from pathlib import Path
from argosy.adapters.http.egress import check_address
from argosy.errors import Denied
def handler(event, context):
    try:
        check_address(event["host"])
    except Denied:
        return "denied"
    connection = http.client.HTTPConnection(event["host"], event["port"], timeout=10)
    connection.request("GET", "/")
    return connection.getresponse().read().decode()
"""

SLEEP = """
import time
def handler(event, context):
    time.sleep(60)
"""


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *arguments: object) -> None:
        """Silence."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server on this machine's loopback."""
    with http.server.HTTPServer(("127.0.0.1", 0), Hello) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def make(localstack: LocalStack, name: str, code: str, **more: object) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", code)
    localstack.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
        **{"Timeout": 30, **more},
    )


def call(localstack: LocalStack, name: str, **event: object) -> object:
    done = localstack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    with done["Payload"] as payload:
        return json.loads(payload.read())


def test_functions_reach_this_machine_by_its_address_and_not_by_loopback(localstack: LocalStack, port: int) -> None:
    package = str(Path(sys.modules["argosy"].__path__[0]).parent)
    make(localstack, "reach", REACH, Environment={"Variables": {"PYTHONPATH": package}})
    assert call(localstack, "reach", host="127.0.0.1", port=port) == "denied"
    assert call(localstack, "reach", host=localstack.host_address, port=port) == "hello"


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [
        pytest.param("no-module", "import nonesuch", "Runtime.ImportModuleError", id="no module"),
        pytest.param("no-handler", "x = 1", "Runtime.HandlerNotFound", id="no handler"),
        pytest.param("dies", "import os; os._exit(3)", "Runtime.ExitError", id="dies"),
        pytest.param("slow", SLEEP, "Sandbox.Timedout", id="slow"),
    ],
)
def test_failures_are_lambdas(localstack: LocalStack, name: str, code: str, error: str) -> None:
    make(localstack, name, code, Timeout=1)
    answer = call(localstack, name)
    assert isinstance(answer, dict)
    assert answer["errorType"] == error
    assert not answer.get("requestId")


def processes(folder: Path) -> list[int]:
    """All whose environment names the folder: LocalStack gives it to what it starts."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in environ.read_bytes():
                found.append(int(environ.parent.name))
    return found


@pytest.mark.xdist_group("localstack-killed")
@pytest.mark.parametrize("killed", ["owner", "supervisor"])
def test_nothing_is_left_of_it(tmp_path: Path, killed: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as owner:
        other = LocalStack(tmp_path, owner=owner.pid)
        make(other, "waits", SLEEP)
        other.client("lambda").invoke(FunctionName="waits", InvocationType="Event")
        other.client("dynamodb").list_tables()
        assert wait_until(lambda: len(processes(tmp_path)) >= 3, 30)  # LocalStack, DynamoDB Local and the function
        if killed == "supervisor":
            state = json.loads((tmp_path / "state.json").read_text())
            os.kill(state["supervisor"]["pid"], signal.SIGKILL)
        owner.kill()
    assert wait_until(lambda: not processes(tmp_path), 30)
    other.close()
