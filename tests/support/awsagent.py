"""A real agent of the stack on LocalStack, in the development cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from argosy.cli.main import app
from argosy.cli.options import hoisted
from argosy.local.devcluster import ClusterInfo
from support.agents import pod_environment
from support.localstack import LocalStack, Stack
from support.processes import environment

__all__ = ["agent_in", "argosy"]


def argosy(*words: str) -> str:
    """What a command prints; raises what it raises."""
    result = CliRunner().invoke(app, hoisted(words))
    if result.exception is not None:
        raise result.exception
    return str(result.stdout)


@contextmanager
def agent_in(
    name: str, localstack: LocalStack, stack: Stack, cluster: ClusterInfo, folder: Path, *options: str
) -> Iterator[None]:
    """The cluster is added under `name` by the command, with `options`, and its agent runs for the length of a `with`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        printed = argosy("cluster", "add", "--agent", name, "--stack", stack.name, *options)
        (deployment,) = [one for one in yaml.safe_load_all(printed) if one["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        settings = {one["name"]: one["value"] for one in container["env"]}
        env = environment(**(localstack.environment | settings | pod_environment(cluster, folder / "pod")))
        with (folder / "agent.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "argosy.agent"], env=env, stdout=log, stderr=log)
        yield
        process.terminate()
        process.wait()
        argosy("cluster", "rm", name, "--stack", stack.name, "-y")
