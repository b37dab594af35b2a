"""`args` of an argoWorkflow trigger: the flags of the argo CLI that are honoured.

In: the operation and its arguments. Out: what they ask for. Called when a Sensor is applied and when a firing is carried
out. Flags are written as pflag reads them: `--name x`, `--name=x`, `-p x`, `-px`, `-p=x`. The CLI's other flags say how it
prints and waits, or are not served: they are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from argosy.errors import EvaluationError

__all__ = ["Options", "parse"]

_SHORT: Final = {"p": "parameter", "l": "labels"}
_ALL: Final = ("parameter", "entrypoint", "serviceaccount", "labels", "generate-name", "name", "priority")
_FLAGS: Final[Mapping[str, Sequence[str]]] = {
    "submit": _ALL,
    "submit-from": _ALL,
    "resubmit": ("parameter", "priority"),
    "retry": ("parameter",),
}
_LARGEST: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Options:
    """What the flags ask for; "" and None leave the workflow's own."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    entrypoint: str = ""
    service_account: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    generate_name: str = ""
    name: str = ""
    priority: int | None = None


def parse(operation: str, args: Sequence[str]) -> Options:
    """What `args` ask for. Raises EvaluationError for a flag that is not served or has no usable value."""
    parameters: dict[str, str] = {}
    single: dict[str, str] = {}
    for flag, value in _flags(operation, args):
        if flag == "parameter":
            parameters |= _pair(value, "NAME=VALUE")
        else:
            single[flag] = value
    labels: dict[str, str] = {}
    for one in filter(None, single.get("labels", "").split(",")):
        labels |= _pair(one, "NAME1=VALUE1,NAME2=VALUE2")
    return Options(
        parameters,
        single.get("entrypoint", ""),
        single.get("serviceaccount", ""),
        labels,
        single.get("generate-name", ""),
        single.get("name", ""),
        _number(single["priority"]) if "priority" in single else None,
    )


def _flags(operation: str, args: Sequence[str]) -> Iterator[tuple[str, str]]:
    allowed = _FLAGS.get(operation, ())
    rest = iter(args)
    for arg in rest:
        flag, value = _split(arg)
        if flag not in allowed:
            served = f"; served are {', '.join(f'--{one}' for one in allowed)}" if allowed else ""
            raise EvaluationError(f"{arg} is not served with {operation}{served}")
        if value is None:
            value = next(rest, None)
        if value is None:
            raise EvaluationError(f"{arg} needs a value")
        yield flag, value


def _split(arg: str) -> tuple[str, str | None]:
    """The flag and what stands beside it, None when its value is the next argument."""
    if arg.startswith("--"):
        flag, given, value = arg[2:].partition("=")
    else:
        flag, given, value = _SHORT.get(arg[1:2], ""), arg[2:], arg[2:].removeprefix("=")
    if not arg.startswith("-") or arg in ("-", "--"):
        raise EvaluationError(f"{arg!r} is no flag")
    return flag, value if given else None


def _pair(text: str, form: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise EvaluationError(f"expected {form}, not {text!r}")
    return {name: value}


def _number(text: str) -> int:
    if not text.isascii() or not text.removeprefix("-").isdigit() or not -_LARGEST <= int(text[:12]) < _LARGEST:
        raise EvaluationError(f"--priority {text!r} is no whole number of 32 bits")
    return int(text)
