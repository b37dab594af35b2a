"""What a tool or a file says, as objects.

In: YAML or JSON text; out: one mapping for each object, Lists taken apart, empty documents left out. Called by
`argosy.services.rendering`. Matches `kube.SplitYAML` of the GitOps engine and `getObjsFromYAMLOrJSON` of
`reposerver/repository/repository.go` in Argo CD 3.6. An error says in which file and line; in the output of Helm, in which
template. A key given twice has its last value, as there: charts that repeat a label or a variable are many.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError, InvalidObject
from argosy.resources.manifests import Manifest, read_manifests

__all__ = ["MOST_OBJECTS", "of_file", "of_jsonnet", "of_manifests", "of_output"]

MOST_OBJECTS: Final = 20_000

_TEMPLATE = re.compile(r"# Source: (\S.*)\Z")
_LOOKS_LIKE_ONE: Final = ("apiVersion:", "kind:", "metadata:")

type Object = dict[str, Any]


def of_output(text: str, tool: str) -> list[Object]:
    """The objects that a tool has printed. Raises EvaluationError for what is none, with the template it came from."""
    try:
        return _bodies(read_manifests(text, loosely=True))
    except InvalidObject as x:
        template, line = _origin(text, x.line or 0)
        where = f"{template}, line {line} of what it makes" if template else f"line {x.line} of its output"
        raise EvaluationError(f"{tool}: {where}: " + str(InvalidObject(x.reason, obj=x.obj, field=x.field))) from x


def _origin(text: str, line: int) -> tuple[str, int]:
    """The template that a line of Helm's output came from, and its number counted from there."""
    lines = text.splitlines()[:line]
    for above, found in enumerate(reversed(lines)):
        source = _TEMPLATE.match(found)
        if source:
            return source[1], above
    return "", line


def of_file(text: str, file: str) -> list[Object]:
    """The objects in a file of a plain directory.

    As in Argo a YAML file that cannot be read counts only if it looks like a manifest. Raises InvalidObject with its place.
    """
    if file.endswith(".json"):
        return _of_json(text, file)
    try:
        return _bodies(read_manifests(text, file, loosely=True))
    except InvalidObject:
        if all(word in text for word in _LOOKS_LIKE_ONE):
            raise
        return []


def _of_json(text: str, file: str) -> list[Object]:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as x:
        line = x.lineno if isinstance(x, json.JSONDecodeError) else None
        more = "a JSON file holds one object" if "Extra data" in str(x) else f"not JSON: {x}"
        raise InvalidObject(more, file=file, line=line) from x
    return _bodies(read_manifests(text, file, loosely=True))


def of_manifests(texts: Iterable[str]) -> list[Object]:
    """The objects that somebody has sent, a text each. Raises InvalidObject that names the first that is none."""
    found: list[Object] = []
    for place, text in enumerate(texts):
        found += _bodies(read_manifests(text, f"manifest {place + 1} of the operation", loosely=True))
    return found


def of_jsonnet(text: str, file: str) -> list[Object]:
    """The objects that a Jsonnet file evaluates to: one, or a list of them. Raises EvaluationError."""
    try:
        value = json.loads(text)
        documents = [one for one in value if one is not None] if isinstance(value, list) else [value]
        return [body for one in documents for body in _bodies(read_manifests(json.dumps(one), file))]
    except (ValueError, RecursionError, InvalidObject) as x:
        raise EvaluationError(f"jsonnet: {file} evaluates to what is no manifest: {x}") from x


def _bodies(found: Iterable[Manifest]) -> list[Object]:
    return limited([dict(one.body) for one in found if not _empty_list(one)])


def _empty_list(one: Manifest) -> bool:
    return one.kind.endswith("List") and "items" in one.body and one.body["items"] is None


def limited(found: Sequence[Object]) -> list[Object]:
    """All of them. Raises EvaluationError for more than `MOST_OBJECTS`."""
    if len(found) > MOST_OBJECTS:
        raise EvaluationError(f"more than {MOST_OBJECTS} objects")
    return list(found)
