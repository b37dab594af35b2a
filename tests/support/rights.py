"""What IAM would say: the rights that calls of AWS need, and the rights that a deployed role gives.

In: calls as `recorder/sitecustomize.py` writes them, policy documents as IAM tells them. Only what this project's functions
call and its roles say is known; anything else is an error, so that a new call or condition cannot pass unseen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

__all__ = ["Call", "Right", "Statement", "allows", "calls", "statements"]

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
# AWS looks into the mapping that a call names for its function; here nobody can when it is gone.
_OF_WHAT_IT_NAMES: Final = "?"


@dataclass(frozen=True)
class Right:
    """An action on a resource; `context` is what conditions may ask for."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Call:
    """A call that a function made."""

    function: str
    service: str
    operation: str
    params: Mapping[str, Any] = field(hash=False)

    @property
    def rights(self) -> list[Right]:
        """All that IAM asks for. AssertionError for a call that this module does not know."""
        find = _RIGHTS.get(self.service)
        assert find is not None, f"no rule for {self.service}:{self.operation}: add it to tests/support/rights.py"
        return [*find(self.operation, self.params)]


@dataclass(frozen=True)
class Statement:
    """A statement of a role that allows something."""

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, str]]

    def allows(self, right: Right) -> bool:
        """Whether this statement gives the right."""
        return (
            right.action in self.actions
            and any(fnmatchcase(right.resource, pattern) for pattern in self.resources)
            and all(
                _holds(operator, wanted, right.context)
                for operator, asked in self.conditions.items()
                for wanted in asked.items()
            )
        )


def _holds(operator: str, wanted: tuple[str, str], context: Mapping[str, str]) -> bool:
    assert operator == "ArnEquals", f"no rule for the condition {operator}: add it to tests/support/rights.py"
    return context.get(wanted[0]) in (wanted[1], _OF_WHAT_IT_NAMES)


def allows(role: Sequence[Statement], right: Right) -> bool:
    """Whether a role gives a right."""
    return any(statement.allows(right) for statement in role)


def statements(iam: Any, role: str) -> list[Statement]:
    """The statements of a deployed role, with all that the template leaves to the deployment filled in."""
    found = []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        for one in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
            if one["Effect"] == "Deny":
                assert all(action.startswith("ec2:") for action in one["Action"]), "no rule for what else is denied"
                continue  # no function calls EC2, which `Call.rights` makes sure of
            found.append(Statement(_listed(one["Action"]), _listed(one["Resource"]), one.get("Condition", {})))
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    return found


def calls(folder: Path) -> list[Call]:
    """All calls that the processes of a test run have written so far."""
    lines = [line for file in sorted(folder.glob("*.calls")) for line in file.read_text().splitlines()]
    return [Call(**json.loads(line)) for line in lines]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


# What each service's calls need; https://docs.aws.amazon.com/service-authorization/latest/reference/


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def _dynamodb(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    if operation in ("TransactWriteItems", "TransactGetItems"):
        names = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
        for item in params["TransactItems"]:
            for kind, one in item.items():
                yield Right(f"dynamodb:{names.get(kind, 'ConditionCheckItem')}", _table(one["TableName"]))
        return
    if operation in ("BatchWriteItem", "BatchGetItem"):
        yield from (Right(f"dynamodb:{operation}", _table(table)) for table in params["RequestItems"])
        return
    resource = _table(params["TableName"]) + (f"/index/{params['IndexName']}" if "IndexName" in params else "")
    yield Right(f"dynamodb:{operation}", resource)


def _table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def _sqs(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    name = params["QueueUrl"].rsplit("/", 1)[1] if "QueueUrl" in params else params["QueueName"]
    yield Right(f"sqs:{operation.removesuffix('Batch')}", _arn("sqs", name))


def _s3(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    actions = {"HeadObject": "GetObject", "ListObjectsV2": "ListBucket"}
    key = "" if operation == "ListObjectsV2" else f"/{params['Key']}"
    yield Right(f"s3:{actions.get(operation, operation)}", f"arn:aws:s3:::{params['Bucket']}{key}")


def _secretsmanager(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    # AWS ends a secret's ARN with six letters of its own.
    yield Right(f"secretsmanager:{operation}", _arn("secretsmanager", f"secret:{params['SecretId']}-AbCdEf"))


def _ssm(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"ssm:{operation}", _arn("ssm", f"parameter/{params['Name'].removeprefix('/')}"))


def _lambda(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    if operation == "Invoke":
        name = params["FunctionName"]
        yield Right("lambda:InvokeFunction", name if ":" in name else _arn("lambda", f"function:{name}"))
        return
    yield Right(f"lambda:{operation}", "*", {"lambda:FunctionArn": params.get("FunctionName", _OF_WHAT_IT_NAMES)})
    if params.get("Tags"):
        yield Right("lambda:TagResource", _arn("lambda", "event-source-mapping:0"))


def _sns(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    # Of an unsubscription AWS knows no resource.
    yield Right(f"sns:{operation}", "*" if operation == "Unsubscribe" else params["TopicArn"])


def _events(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    if operation == "PutEvents":
        for bus in {entry.get("EventBusName", "default") for entry in params["Entries"]}:
            yield Right("events:PutEvents", bus if ":" in bus else _arn("events", f"event-bus/{bus}"))
        return
    bus = params.get("EventBusName", "default").rsplit("/", 1)[-1]
    name = params["Name"] if "Name" in params else params["Rule"]
    rule = _arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")
    yield Right(f"events:{operation}", rule)
    if params.get("Tags"):
        yield Right("events:TagResource", rule)


def _eks(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"eks:{operation}", _arn("eks", f"cluster/{params['name']}"))


def _states(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    yield Right(f"states:{operation}", params["stateMachineArn"])


def _cloudwatch(operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    del params
    yield Right(f"cloudwatch:{operation}", "*")


_RIGHTS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Iterator[Right]]]] = {
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "eks": _eks,
    "events": _events,
    "lambda": _lambda,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "stepfunctions": _states,
}
