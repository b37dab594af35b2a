"""A LocalStack of a test run, and the stack deployed on it.

In: a folder. Out: `LocalStack` and `Stack`. Both drive `python -m infra.localstack` as a person does; fixtures are in
`tests/integration/aws/conftest.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from support.processes import environment

ROOT = Path(__file__).parents[2]
RECORDER = Path(__file__).parent / "recorder" / "sitecustomize.py"

NOT_SUPPORTED = "No resource provider found"
"""What LocalStack says of a resource type that it does not know; it goes on as if it had made the resource."""

MISSED_BY_NOBODY = ("AWS::CloudWatch::Dashboard",)
"""Types that LocalStack does not know and that nothing in a stack reads: they are there for people to look at."""


def command(*arguments: object, **more: str) -> str:
    """What `python -m infra.localstack` prints; its progress goes to this process's standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.localstack", *(str(argument) for argument in arguments)],
        cwd=ROOT,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"infra.localstack {arguments[0]} ended with {done.returncode}; it said why above"
    return done.stdout


class LocalStack:
    """One LocalStack, started by this; it ends with its owner (this process, or the given one) at the latest."""

    def __init__(self, folder: Path, owner: int = 0, eks: str = "") -> None:
        """`eks`: where functions find EKS, which LocalStack does not have."""
        self.folder = folder
        self.calls = folder / "calls"
        """Where functions write their calls of AWS; see `recorder/sitecustomize.py`."""
        self.calls.mkdir()
        shutil.copy(RECORDER, self.calls)
        self.sqs_ahead = folder / "sqs-ahead"
        """How many seconds SQS is ahead of this machine; nothing is written there until a test does."""
        settings = {"PROCESS_EXECUTOR_SITE": str(self.calls), "PROCESS_EXECUTOR_SQS_AHEAD": str(self.sqs_ahead)}
        settings |= {"PROCESS_EXECUTOR_EKS_URL": eks} if eks else {}
        told = json.loads(command("start", "--json", "--dir", folder, "--owner", owner or os.getpid(), **settings))
        self.endpoint: str = told["endpoint"]
        self.environment: dict[str, str] = told["environment"]
        self.host_address: str = told["host_address"]
        """Where functions find servers that listen on 127.0.0.1 here: `http://{host_address}:{port}`."""
        self._log = Path(told["log"])
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A boto3 client for a service; one for all who ask."""
        if service not in self._clients:
            make: Any = boto3.Session(
                self.environment["AWS_ACCESS_KEY_ID"],
                self.environment["AWS_SECRET_ACCESS_KEY"],
                region_name=self.environment["AWS_REGION"],
            ).client
            self._clients[service] = make(service, endpoint_url=self.endpoint)
        return self._clients[service]

    @cached_property
    def own_address(self) -> str:
        """An address of this machine's own network, for servers that functions do not reach through Python's sockets, as
        `host_address` needs, and for those that tell their clients where they are."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.connect((self.host_address, 9))  # sends nothing, and finds the way
            return str(one.getsockname()[0])

    def log(self) -> str:
        """What LocalStack itself has to say: warnings and worse."""
        return self._log.read_text(errors="replace")

    def unsupported(self) -> list[str]:
        """The lines that tell of resources which LocalStack only pretended to make and that something may need."""
        said = [line for line in self.log().splitlines() if NOT_SUPPORTED in line]
        return [line for line in said if not any(f'"{one}"' in line for one in MISSED_BY_NOBODY)]

    def deploy(self, name: str, **parameters: str) -> Stack:
        """Build template.yaml (if its sources changed) and create or update a stack."""
        values = [f"{key}={value}" for key, value in parameters.items()]
        return Stack(self, json.loads(command("deploy", "--dir", self.folder, "--stack", name, *values)))

    def close(self) -> None:
        """Let go of the connections to it."""
        for client in self._clients.values():
            client.close()

    def stop(self) -> None:
        """End it with all its processes."""
        self.close()
        command("stop", "--dir", self.folder)


@dataclass(frozen=True)
class Stack:
    """A deployed template."""

    localstack: LocalStack
    told: dict[str, Any]

    @property
    def name(self) -> str:
        """The stack's name."""
        return str(self.told["name"])

    @property
    def status(self) -> str:
        """As CloudFormation tells it."""
        return str(self.told["status"])

    @property
    def outputs(self) -> dict[str, str]:
        """The template's outputs."""
        found: dict[str, str] = self.told["outputs"]
        return found

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids by logical id."""
        return {logical: one["id"] for logical, one in self.told["resources"].items()}

    def of_type(self, type_name: str) -> dict[str, str]:
        """The resources of one type, physical ids by logical id."""
        return {logical: one["id"] for logical, one in self.told["resources"].items() if one["type"] == type_name}

    def client(self, service: str) -> Any:
        """See `LocalStack.client`."""
        return self.localstack.client(service)

    def url(self, path: str, api: str = "Api") -> str:
        """The address of a path (with its `/`) of a REST API, given by logical id, on its first stage."""
        found = self.client("apigateway").get_stages(restApiId=self.resources[api])["item"]
        return f"{self.localstack.endpoint}/_aws/execute-api/{self.resources[api]}/{found[0]['stageName']}{path}"

    def invoke(self, function: str, event: Any) -> dict[str, Any]:
        """Invoke a function, given by logical id, and wait: `error` ("" if none) and its `answer`."""
        done = self.client("lambda").invoke(FunctionName=self.resources[function], Payload=json.dumps(event))
        with done["Payload"] as payload:
            return {"error": done.get("FunctionError", ""), "answer": json.loads(payload.read() or b"null")}

    def logs(self, function: str) -> str:
        """All that a function, given by logical id, has logged."""
        logs = self.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.resources[function]}")
        try:
            return "\n".join(event["message"].rstrip("\n") for page in pages for event in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            return ""
