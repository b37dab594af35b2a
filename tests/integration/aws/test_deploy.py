"""template.yaml deploys as a whole, every function starts, and an update keeps what the stack holds."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from infra.localstack.build import build
from infra.localstack.install import install

from argosy.local.devcluster.progress import QuietProgress
from support.localstack import LocalStack, Stack
from support.sizes import LIMIT, layers, unzipped

LAYER_LIMITS = {"CoreLayer": 64_000_000, "KubeLayer": 10_000_000, "TriggersLayer": 40_000_000}
KUBERNETES = """
from argosy.adapters.aws.runtime import create
from argosy.adapters.kube import eks, executor, lazy
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
import kubernetes
DynamicClient(ApiClient(Configuration()), None, lambda *_: None)
print(kubernetes.__file__)
"""
SENDERS = """
from argosy.adapters.aws.runtime import create
from argosy.adapters.messages import custom, kafka, nats
from argosy.adapters.artifacts import file, git, s3, url
from argosy.adapters.git import http, packs, repository
import cramjam, grpc
print(grpc.__file__)
"""
FUNCTION, TABLE = "AWS::Lambda::Function", "AWS::DynamoDB::Table"


def test_the_template_deploys(stack: Stack) -> None:
    assert stack.status == "CREATE_COMPLETE"
    assert stack.of_type(FUNCTION)
    assert {one["status"] for one in stack.told["resources"].values()} == {"CREATE_COMPLETE"}


def test_localstack_knows_every_type_of_resource(localstack: LocalStack, stack: Stack) -> None:
    assert localstack.unsupported() == []


def test_every_function_starts(stack: Stack) -> None:
    """A function may fail on an empty event; what fails before its handler runs has no request id."""
    for name, function in stack.of_type(FUNCTION).items():
        configuration = stack.client("lambda").get_function(FunctionName=function)["Configuration"]
        assert (name, configuration["State"]) == (name, "Active")
        done = stack.invoke(name, {})
        assert not done["error"] or done["answer"].get("requestId"), f"{name} does not start: {done['answer']}"


def test_two_functions_are_in_the_vpc(stack: Stack) -> None:
    inside = []
    for name, function in stack.of_type(FUNCTION).items():
        configuration = stack.client("lambda").get_function_configuration(FunctionName=function)
        if configuration.get("VpcConfig", {}).get("SubnetIds"):
            inside.append(name)
    assert sorted(inside) == ["ClusterTriggerFunction", "ReconcileAppFunction"]


def test_functions_and_layers_are_small_enough() -> None:
    folder = build(QuietProgress())
    assert {name: size for name, size in layers(folder).items() if size > LAYER_LIMITS.get(name, LIMIT)} == {}
    assert {name: size for name, size in unzipped(folder).items() if size > LIMIT} == {}


@pytest.mark.parametrize(("layer", "imports"), [("KubeLayer", KUBERNETES), ("TriggersLayer", SENDERS)])
def test_layers_hold_what_functions_import(tmp_path: Path, layer: str, imports: str) -> None:
    """Beside Lambda's own libraries, and nothing else."""
    for name in ("CoreLayer", layer):
        with zipfile.ZipFile(build(QuietProgress()) / f"{name}.zip") as packed:
            packed.extractall(tmp_path)
    done = subprocess.run(
        [install(QuietProgress()).functions, "-W", "error", "-c", imports],
        env={"PYTHONPATH": str(tmp_path / "python"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)


def test_an_update_keeps_the_items_of_tables(localstack: LocalStack, stack: Stack) -> None:
    tables, database = stack.of_type(TABLE), stack.client("dynamodb")
    keys = {name: _a_key(database, table) for name, table in tables.items()}
    for name, table in tables.items():
        database.put_item(TableName=table, Item=keys[name] | {"kept": {"S": "yes"}})

    updated = localstack.deploy(stack.name, LogRetentionDays="7")

    assert updated.status == "UPDATE_COMPLETE"
    assert updated.of_type(TABLE) == tables
    for name, table in tables.items():
        assert database.get_item(TableName=table, Key=keys[name])["Item"]["kept"] == {"S": "yes"}
    described = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in described["Parameters"]}
    assert values["LogRetentionDays"] == "7"  # LocalStack does not carry it on to log groups that exist


def _a_key(database: Any, table: str) -> dict[str, dict[str, str]]:
    """A primary key that fits a table and that nothing else uses."""
    told = database.describe_table(TableName=table)["Table"]
    types = {one["AttributeName"]: one["AttributeType"] for one in told["AttributeDefinitions"]}
    values = {"S": "test-deploy", "N": "1"}
    return {
        one["AttributeName"]: {types[one["AttributeName"]]: values[types[one["AttributeName"]]]}
        for one in told["KeySchema"]
    }
