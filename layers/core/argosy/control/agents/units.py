"""Units of writes as JSON, for the way to an agent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from argosy.control.effects import Apply, Patch, Remove, Unit, Version, Write
from argosy.control.keys import Key
from argosy.errors import EvaluationError

__all__ = ["unit_from_json", "unit_to_json"]


def unit_to_json(unit: Unit) -> dict[str, Any]:
    """What the work of a unit says; id and end stand in the work itself."""
    return {
        "writes": [_write(one) for one in unit.writes],
        "read": [[str(key), *_version(version)] for key, version in unit.read.items()],
    }


def unit_from_json(body: Mapping[str, Any], expires: datetime) -> Unit:
    """The inverse. Raises EvaluationError for anything else."""
    try:
        read = {Key.parse(key): Version(*version) if version else None for key, *version in body["read"]}
        return Unit(tuple(_read(one) for one in body["writes"]), read, expires=expires)
    except (KeyError, TypeError, ValueError) as x:
        raise EvaluationError(f"not a unit that this agent knows: {x}") from None


def _version(version: Version | None) -> list[Any]:
    return [] if version is None else [version.uid, version.resource]


def _write(write: Write) -> dict[str, Any]:
    body: dict[str, Any] = {"target": str(write.target)}
    match write:
        case Apply():
            return body | {"apply": write.manifest} | ({"optional": True} if write.optional else {})
        case Patch():
            return body | {"patch": write.body, "version": _version(write.version)}
        case Remove():
            evict = {"evict": True} if write.evict else {}
            return body | {"remove": True, "version": _version(write.version)} | evict


def _read(body: Mapping[str, Any]) -> Write:
    target = Key.parse(body["target"])
    if "apply" in body:
        return Apply(target, body["apply"], bool(body.get("optional")))
    if "patch" in body:
        return Patch(target, body["patch"], Version(*body["version"]))
    return Remove(target, Version(*body["version"]), bool(body.get("evict")))
