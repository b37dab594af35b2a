"""template.yaml deploys as a whole, every function starts, and an update keeps what the stack holds."""

from __future__ import annotations

from typing import Any

from infra.localstack.build import build

from argosy.local.devcluster.progress import QuietProgress
from support.localstack import LocalStack, Stack
from support.sizes import LIMIT, layers, unzipped

CORE_LIMIT = 60_000_000
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


def test_functions_and_layers_are_small_enough() -> None:
    folder = build(QuietProgress())
    assert layers(folder)["CoreLayer"] <= CORE_LIMIT
    assert {name: size for name, size in unzipped(folder).items() if size > LIMIT} == {}


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
