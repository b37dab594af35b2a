"""Every call of AWS that the deployed functions made in these tests, against their roles, both ways.

LocalStack lets anybody do anything, so this is where a right that is missing, or that nobody needs, is found.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from support import template as t
from support.localstack import LocalStack, Stack
from support.rights import Right, Statement, allows, calls, statements

FUNCTIONS = sorted(t.resources(t.FUNCTION))

# What no function calls by itself.
BY_OTHERS = {
    "logs:CreateLogStream": "Lambda writes what a function prints",
    "logs:PutLogEvents": "Lambda writes what a function prints",
    "xray:PutTraceSegments": "Lambda's daemon sends what a function tells it",
    "xray:PutTelemetryRecords": "Lambda's daemon sends what a function tells it",
    **dict.fromkeys(
        [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ],
        "Lambda connects a function to its VPC",
    ),
    "lambda:TagResource": "asked for with the tags of a new mapping",
}
# Lambda's poller takes messages for a function; one function does so itself.
POLLED = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
REDRIVES = "ApiFunction"
# A turn that ends after the time it set wakes its own object at once: no test can bring that about on purpose.
LATE_TURNS = {
    "ReconcileRolloutFunction": "ReconcileRolloutQueue",
    "ReconcileSourceFunction": "ReconcileSourceQueue",
}


@pytest.fixture(scope="module")
def made(localstack: LocalStack, stack: Stack) -> dict[str, set[Right]]:
    """The rights that each function needed, by logical name."""
    names = {physical: logical for logical, physical in stack.of_type("AWS::Lambda::Function").items()}
    found: dict[str, set[Right]] = {logical: set() for logical in names.values()}
    for call in calls(localstack.calls):
        if call.function in names:
            found[names[call.function]].update(call.rights)
    return found


def role(stack: Stack, function: str) -> list[Statement]:
    return statements(stack.client("iam"), stack.resources[t.role(function)])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_what_the_function_called(stack: Stack, made: dict[str, set[Right]], function: str) -> None:
    given = role(stack, function)
    refused = sorted(f"{right.action} on {right.resource}" for right in made[function] if not allows(given, right))
    assert refused == [], f"{function} calls what its role does not allow: AWS would refuse it"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_needed_what_its_role_allows(stack: Stack, made: dict[str, set[Right]], function: str) -> None:
    polled = set() if function == REDRIVES else POLLED
    late = stack.resources[LATE_TURNS[function]].rsplit("/", 1)[1] if function in LATE_TURNS else ""
    idle = []
    for statement in role(stack, function):
        if set(statement.actions) <= BY_OTHERS.keys() | polled:
            continue
        used = [right for right in made[function] if statement.allows(right)]
        idle += [
            action for action in statement.actions if action not in {right.action for right in used} | BY_OTHERS.keys()
        ]
        idle += [
            one
            for one in statement.resources
            if not any(fnmatchcase(right.resource, one) for right in used) and one.rsplit(":", 1)[-1] != late
        ]
    assert idle == [], "used by no test of this folder: take them away or test them:\n" + "\n".join(idle)
