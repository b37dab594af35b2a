"""Arguments of an analysis: where their values come from, and their place in a text.

Follows `utils/template/template.go`, `utils/analysis/helpers.go` (MergeArgs) and `utils/fieldpath` of Argo Rollouts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.instants import parse
from argosy.lang.strconv import format_general
from argosy.rollouts.instants import stamp

__all__ = [
    "OF_A_SECRET",
    "PLACEHOLDER",
    "experiment_values",
    "field_value",
    "merge",
    "resolve",
    "substitute",
    "with_args",
    "without_secrets",
]

type Arg = Mapping[str, Any]

PLACEHOLDER: Final = "known-later"
"""Stands for a value that is not known yet, with the argument's name behind it."""
OF_A_SECRET: Final = f"{PLACEHOLDER}-of-a-secret"
"""The same for one that only a measurement may read."""

_TAG: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SECTION: Final = re.compile(r"[.\[\]]+")
_METADATA: Final = re.compile(r"metadata\.(labels|annotations)(?:\['(.*)'\])?")


def resolve(text: str, args: Sequence[Arg], *, quoted: bool = False) -> str:
    """The text with every `{{args.NAME}}`; `quoted`: escaped for a JSON text. Raises EvaluationError.

    An argument without a value is an error even where it is not used: then the whole analysis cannot begin.
    """
    values: dict[str, str] = {}
    for arg in args:
        if arg.get("value") is None:
            raise EvaluationError(f'argument "{arg.get("name")}" was not supplied')
        values[f"args.{arg['name']}"] = arg["value"]
    return substitute(text, values, quoted=quoted)


def substitute(text: str, values: Mapping[str, str], *, quoted: bool = False) -> str:
    """The text with every tag in its place. Raises EvaluationError for an unknown tag, and one that is not closed."""

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1].strip())
        if found is None:
            raise EvaluationError(f"failed to resolve {{{{{match[1]}}}}}")
        return json.dumps(found, ensure_ascii=False)[1:-1] if quoted else found

    if "{{" in _TAG.sub("", text):
        raise EvaluationError(f"a tag of {text[:100]!r} is not closed with }}}}")
    return _TAG.sub(value, text)


def with_args(metric: Mapping[str, Any], args: Sequence[Arg]) -> dict[str, Any]:
    """A metric with its arguments in every text. Raises EvaluationError for one that has no value."""
    made: dict[str, Any] = orjson.loads(resolve(orjson.dumps(metric).decode(), args, quoted=True))
    return made


def without_secrets(args: Sequence[Arg]) -> list[Arg]:
    """The arguments with a placeholder for each that comes from a Secret."""
    return [
        {"name": arg["name"], "value": f"{OF_A_SECRET}-{arg['name']}"} if _is_of_a_secret(arg) else arg for arg in args
    ]


def _is_of_a_secret(arg: Arg) -> bool:
    return bool((arg.get("valueFrom") or {}).get("secretKeyRef"))


def merge(incoming: Sequence[Arg], template: Sequence[Arg]) -> list[dict[str, Any]]:
    """The template's arguments with what is given for them. Raises EvaluationError for one that nobody gives."""
    given = {arg["name"]: arg for arg in incoming}
    merged = []
    for arg in template:
        found = given.get(arg["name"], {})
        made = dict(arg)
        name = next((name for name in ("value", "valueFrom") if found.get(name) is not None), None)
        if name is not None:
            made = {"name": arg["name"], name: found[name]}
        if made.get("value") is None and made.get("valueFrom") is None:
            raise EvaluationError(f"args.{arg['name']} was not resolved")
        merged.append(made)
    return merged


def field_value(obj: Any, path: str) -> str:
    """What stands at a path of an object, as Go prints it (ExtractValueFromRollout). Raises EvaluationError.

    Labels and annotations are named as in the downward API: `metadata.labels['app']`, "" for one that is not there, or all.
    """
    if named := _METADATA.fullmatch(path):
        texts: Mapping[str, str] = (obj.get("metadata") or {}).get(named[1]) or {}
        if named[2] is not None:
            return texts.get(named[2], "")
        return "\n".join(f"{name}={json.dumps(texts[name], ensure_ascii=False)}" for name in sorted(texts))
    found = obj
    for section in (part for part in _SECTION.split(path) if part):
        if isinstance(found, Mapping) and section in found:
            found = found[section]
        elif isinstance(found, list | tuple) and section.isdigit() and int(section) < len(found):
            found = found[int(section)]
        else:
            raise EvaluationError(f"invalid path {path} in rollout")
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float):
        return format_general(found)
    if isinstance(found, str | int):
        return str(found)
    raise EvaluationError(f"path {path} in rollout must terminate in a primitive value")


def experiment_values(experiment: Mapping[str, Any], sets: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The tags of an experiment's arguments; `sets`: template → name and podTemplateHash of its ReplicaSet."""
    values = {}
    for name, one in sets.items():
        values[f"templates.{name}.podTemplateHash"] = one["podTemplateHash"]
        values[f"templates.{name}.replicaset.name"] = one["name"]
    available = parse((experiment.get("status") or {}).get("availableAt"))
    if available is not None:
        values["experiment.availableAt"] = stamp(available)
        finished = _finished(available, str((experiment.get("spec") or {}).get("duration") or ""))
        if finished is not None:
            values["experiment.finishedAt"] = stamp(finished)
    return values


def _finished(available: datetime, lasts: str) -> datetime | None:
    try:
        return available + timedelta(microseconds=duration.parse(lasts) // duration.MICROSECOND) if lasts else None
    except EvaluationError:
        return None
