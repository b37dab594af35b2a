"""template.yaml as it stands, with CloudFormation's short functions kept visible.

`!Ref X` reads as `{"Ref": "X"}`, `!GetAtt X.Arn` as `{"Fn::GetAtt": "X.Arn"}`, every other `!Name …` as `{"Fn::Name": …}`,
so that a test sees whom a value points to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import yaml

ROOT: Final = Path(__file__).parents[2]
FUNCTION: Final = "AWS::Serverless::Function"
QUEUE: Final = "AWS::SQS::Queue"

type Node = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads short functions as long ones."""


def _short(loader: _Loader, name: str, node: yaml.Node) -> Node:
    key = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if isinstance(node, yaml.ScalarNode):
        return {key: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {key: loader.construct_sequence(node, deep=True)}
    return {key: loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)}


_Loader.add_multi_constructor("!", _short)


@cache
def template(file: str = "template.yaml") -> Node:
    """The whole template."""
    found: Node = yaml.load((ROOT / file).read_text(), _Loader)  # noqa: S506 - it makes plain values alone
    return found


def resources(kind: str) -> dict[str, Node]:
    """The resources of a type, by logical name."""
    return {name: body for name, body in template()["Resources"].items() if body["Type"] == kind}


def properties(name: str) -> Node:
    """The properties of a resource."""
    found: Node = template()["Resources"][name].get("Properties", {})
    return found


def target(value: object) -> str:
    """The logical name that `!Ref X` or `!GetAtt X.Y` points to, "" for anything else."""
    if isinstance(value, Mapping) and len(value) == 1:
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            found = value["Fn::GetAtt"]
            return found.partition(".")[0] if isinstance(found, str) else str(found[0])
    return ""


def listed(value: Any) -> list[Any]:
    """A value that may stand alone as a list."""
    return list(value) if isinstance(value, list) else [value]


def unconditional(value: Any) -> Iterator[Any]:
    """What a value can be: both sides of an `!If`, without `AWS::NoValue`."""
    if isinstance(value, Mapping) and value.keys() == {"Fn::If"}:
        for side in value["Fn::If"][1:]:
            yield from unconditional(side)
    elif value != {"Ref": "AWS::NoValue"}:
        yield value


def role(function: str) -> str:
    """The logical name of a function's role."""
    return target(properties(function).get("Role"))


def statements(function: str) -> list[Node]:
    """Every statement of a function's role that allows something, conditional ones included."""
    return [one for one in _statements(function) if one["Effect"] != "Deny"]


def denials(function: str) -> list[Node]:
    """The others."""
    return [one for one in _statements(function) if one["Effect"] == "Deny"]


def _statements(function: str) -> list[Node]:
    policies = properties(role(function))["Policies"]
    found = [one for policy in policies for one in listed(policy["PolicyDocument"]["Statement"])]
    return [one for statement in found for one in unconditional(statement)]


def actions(function: str, on: str) -> set[str]:
    """What a function may do to the resource `on` itself."""
    return {
        action
        for statement in statements(function)
        if any(target(resource) == on for resource in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }


def environment(function: str) -> Node:
    """The environment of a function, with what all have."""
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {**shared, **properties(function).get("Environment", {}).get("Variables", {})}


def layers(function: str) -> list[str]:
    """The logical names of a function's layers: a list of its own goes on after that of all."""
    shared = template()["Globals"]["Function"].get("Layers", [])
    return [target(layer) for layer in [*shared, *properties(function).get("Layers", [])]]


def mappings() -> list[tuple[str, str, Node]]:
    """Every queue that feeds a function: function, queue, and the properties of the mapping."""
    return [
        (function, target(event["Properties"]["Queue"]), event["Properties"])
        for function, body in resources(FUNCTION).items()
        for event in body["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    ]


def routes(function: str) -> dict[str, Node]:
    """The API events of a function by path."""
    events = properties(function).get("Events", {}).values()
    return {event["Properties"]["Path"]: event["Properties"] for event in events if event["Type"] == "Api"}


def folder(function: str) -> str:
    """The folder below `functions/` that a function's code comes from."""
    return str(properties(function)["CodeUri"]).removeprefix("functions/").rstrip("/")


def refusals(**given: Sequence[str]) -> list[str]:
    """What CloudFormation's rules say against these values of list parameters; one that is not given is empty."""

    def holds(node: Any) -> bool:
        ((name, inner),) = node.items()
        if name == "Fn::Not":
            return not holds(inner[0])
        assert name == "Fn::EachMemberEquals", f"{name}: teach it this function"
        values, wanted = inner
        return all(value == wanted for value in given.get(values["Ref"], [""]))

    return [
        assertion["AssertDescription"]
        for rule in template()["Rules"].values()
        if holds(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not holds(assertion["Assert"])
    ]


def dashboard() -> tuple[Node, dict[str, str]]:
    """The dashboard's body with names in place of values, and what each name points to (`BusQueue`)."""
    text, names = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    return json.loads(text), {name: target(value) for name, value in names.items()}
