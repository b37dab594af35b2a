"""Batches of a sync's writes, and what became of them, as JSON: for the way to an agent and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.control.applying import Done
from argosy.errors import EvaluationError
from argosy.gitops.identity import Key
from argosy.gitops.sync.writes import Apply, Batch, Delete, Kept, Outcome, Release, Write

__all__ = ["batch_from_json", "batch_to_json", "outcomes_from_json", "outcomes_to_json"]

type Json = dict[str, Any]


def batch_to_json(batch: Batch) -> Json:
    """What the work says."""
    return {"writes": [_write(one) for one in batch]}


def batch_from_json(body: Mapping[str, Any]) -> list[Write]:
    """The inverse. Raises EvaluationError for anything else."""
    try:
        return [_read(one) for one in body["writes"]]
    except (KeyError, TypeError, ValueError) as x:
        raise EvaluationError(f"not a batch that this agent knows: {x}") from None


def outcomes_to_json(done: Mapping[str, Done]) -> Json:
    """What came of it; objects are told by their versions alone, as the watch brings them."""
    found = {name: one.outcome for name, one in done.items()}
    return {"done": [[name, one.message, one.problem, one.uid, one.version] for name, one in found.items()]}


def outcomes_from_json(body: Mapping[str, Any]) -> dict[str, Outcome]:
    """The inverse. Raises EvaluationError for anything else."""
    try:
        return {str(name): Outcome(*one) for name, *one in body["done"]}
    except (KeyError, TypeError, ValueError) as x:
        raise EvaluationError(f"not the outcome of a batch: {x}") from None


def _key(key: Key) -> tuple[str, str, str, str]:
    return key.group, key.kind, key.namespace, key.name


def _write(write: Write) -> Json:
    key, phase = write.place
    body: Json = {"place": [*_key(key), phase]}
    match write:
        case Apply():
            flags = {"force": write.force, "validate": write.validate, "dry": write.dry}
            flags |= {"migrate": write.migrate, "there": write.there}
            keeps: Json = {}
            if write.keeps:
                keeps["keeps"] = {"keys": list(write.keeps.keys), "managers": list(write.keeps.managers)}
            return body | {"apply": dict(write.manifest), "manner": write.manner} | flags | keeps
        case Delete():
            return body | {"delete": write.uid, "propagation": write.propagation}
        case Release():
            return body | {"release": write.uid}


def _read(body: Mapping[str, Any]) -> Write:
    group, kind, namespace, name, phase = body["place"]
    place = Key(group, kind, namespace, name), str(phase)
    if "apply" in body:
        flags = {flag: bool(body[flag]) for flag in ("force", "validate", "dry", "migrate", "there")}
        told = body.get("keeps") or {"keys": (), "managers": ()}
        keeps = Kept(tuple(told["keys"]), tuple(told["managers"]))
        return Apply(place, body["apply"], body["manner"], **flags, keeps=keeps)
    if "delete" in body:
        return Delete(place, body["delete"], body["propagation"])
    return Release(place, body["release"])
