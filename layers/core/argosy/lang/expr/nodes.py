"""The syntax tree of an expression. `at` is the offset in the source, for error messages."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = [
    "Array",
    "Binary",
    "Builtin",
    "Call",
    "Chain",
    "Conditional",
    "Constant",
    "Let",
    "Map",
    "Member",
    "Name",
    "Node",
    "Pointer",
    "Predicate",
    "Sequence",
    "Slice",
    "Unary",
]


@dataclasses.dataclass(slots=True, eq=False)
class Node:
    """What all nodes have."""

    at: int


@dataclasses.dataclass(slots=True, eq=False)
class Constant(Node):
    """A literal: nil, a bool, a number, a text, bytes."""

    value: Any


@dataclasses.dataclass(slots=True, eq=False)
class Name(Node):
    """A variable, or `$env` for all of them."""

    name: str


@dataclasses.dataclass(slots=True, eq=False)
class Unary(Node):
    """`!x`, `not x`, `-x`, `+x`."""

    operator: str
    operand: Node


@dataclasses.dataclass(slots=True, eq=False)
class Binary(Node):
    """`x operator y`."""

    operator: str
    left: Node
    right: Node


@dataclasses.dataclass(slots=True, eq=False)
class Chain(Node):
    """The reach of `?.`: a nil inside ends it with nil."""

    inner: Node


@dataclasses.dataclass(slots=True, eq=False)
class Member(Node):
    """`x.name` and `x[index]`."""

    base: Node
    key: Node
    optional: bool = False
    called: bool = False


@dataclasses.dataclass(slots=True, eq=False)
class Slice(Node):
    """`x[first:last]`."""

    base: Node
    first: Node | None
    last: Node | None


@dataclasses.dataclass(slots=True, eq=False)
class Call(Node):
    """A call of something that is no builtin."""

    callee: Node
    arguments: list[Node]


@dataclasses.dataclass(slots=True, eq=False)
class Builtin(Node):
    """A call of a builtin function."""

    name: str
    arguments: list[Node]


@dataclasses.dataclass(slots=True, eq=False)
class Predicate(Node):
    """The second argument of `filter`, `map` and the like."""

    body: Node


@dataclasses.dataclass(slots=True, eq=False)
class Pointer(Node):
    """`#`, `#index` and `#acc` inside a predicate."""

    name: str


@dataclasses.dataclass(slots=True, eq=False)
class Let(Node):
    """`let name = value; body`."""

    name: str
    value: Node
    body: Node


@dataclasses.dataclass(slots=True, eq=False)
class Sequence(Node):
    """`a; b`: the value of the last one."""

    parts: list[Node]


@dataclasses.dataclass(slots=True, eq=False)
class Conditional(Node):
    """`c ? x : y` and `if c { x } else { y }`."""

    condition: Node
    yes: Node
    no: Node


@dataclasses.dataclass(slots=True, eq=False)
class Array(Node):
    """`[a, b]`."""

    items: list[Node]


@dataclasses.dataclass(slots=True, eq=False)
class Map(Node):
    """`{key: value}`."""

    pairs: list[tuple[Node, Node]]
