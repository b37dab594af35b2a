"""Reads manifests: YAML or JSON text in, one `Manifest` per object out, with the line of every field.

The reading is that of `sigs.k8s.io/yaml`, which Argo uses: YAML 1.1 words for booleans, dates stay text, a key given
twice is an error, several documents in one file, and a `List` stands for its items. Called by `argosy apply|lint|delete`
and by `argosy up --apply`; nothing here knows which kinds exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from argosy.errors import InvalidObject

__all__ = ["Manifest", "read_manifests", "read_value"]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 100
_MAX_NODES = 200_000
_PART = re.compile(r"\[\d+\]$|\.?[^.\[]+$")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object as it was written; `lines` maps a field path (`spec.triggers[0].template`) to its line, from 1."""

    body: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    file: str = ""

    @property
    def api_version(self) -> str:
        """`apiVersion`, "" if missing."""
        return str(self.body.get("apiVersion") or "")

    @property
    def kind(self) -> str:
        """`kind`, "" if missing."""
        return str(self.body.get("kind") or "")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata`, {} if missing or no object."""
        found = self.body.get("metadata")
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """`metadata.name`, "" if missing."""
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, "" if missing."""
        return str(self.metadata.get("namespace") or "")

    @property
    def title(self) -> str:
        """How messages name the object: `Sensor/argo-events/webhook`."""
        return "/".join(part for part in (self.kind or "object", self.namespace, self.name) if part)

    def line(self, path: str) -> int | None:
        """Line of a field, or of the nearest parent that was written."""
        while path and path not in self.lines:
            path = _PART.sub("", path)
        return self.lines.get(path)

    def problem(self, path: str, reason: str) -> InvalidObject:
        """An InvalidObject that points at a field of this manifest."""
        return InvalidObject(reason, obj=self.title, field=path, line=self.line(path), file=self.file)


def read_manifests(text: str, file: str = "") -> list[Manifest]:
    """Return the objects of a YAML or JSON text in order, empty documents left out.

    Raises InvalidObject with file and line for broken YAML, a key given twice, an alias bomb or too deep nesting, and for
    a document that is not an object with apiVersion and kind.
    """
    manifests: list[Manifest] = []
    try:
        for node in yaml.compose_all(text, Loader=_LOADER):
            if node is not None:
                manifests.extend(_objects(node, file))
    except yaml.YAMLError as x:
        mark = getattr(x, "problem_mark", None) or getattr(x, "context_mark", None)
        what = str(getattr(x, "problem", None) or x)
        raise InvalidObject(f"not YAML: {what}", line=mark.line + 1 if mark else None, file=file) from x
    except RecursionError:
        raise InvalidObject(f"nested deeper than {_MAX_DEPTH} levels", file=file) from None
    return manifests


def _objects(node: Node, file: str) -> Iterator[Manifest]:
    reader = _Reader(file)
    body = reader.value(node, "", 0)
    if body is None:
        return
    manifest = Manifest(body if isinstance(body, dict) else {}, reader.lines, file)
    if not isinstance(body, dict):
        raise InvalidObject(
            "a manifest is an object with apiVersion and kind", line=node.start_mark.line + 1, file=file
        )
    for needed in ("apiVersion", "kind"):
        if not isinstance(body.get(needed), str) or not body[needed]:
            raise manifest.problem(needed, "missing or not a text; every manifest needs it")
    if not manifest.kind.endswith("List") or not isinstance(body.get("items"), list):
        yield manifest
        return
    for index, item in enumerate(body["items"]):
        prefix = f"items[{index}]"
        lines = {
            path[len(prefix) :].lstrip("."): line for path, line in reader.lines.items() if path.startswith(prefix)
        }
        found = Manifest(item if isinstance(item, dict) else {}, lines, file)
        if not found.kind or not found.api_version:
            raise manifest.problem(prefix, "an item of a List is an object with apiVersion and kind")
        yield found


class _Reader:
    """Turns a node tree into plain values and notes where each field begins."""

    def __init__(self, file: str) -> None:
        self.lines: dict[str, int] = {}
        self._file = file
        self._nodes = 0
        self._scalars = SafeConstructor()

    def value(self, node: Node, path: str, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > _MAX_NODES or depth > _MAX_DEPTH:
            raise self._error(
                node, f"larger than {_MAX_NODES} values or deeper than {_MAX_DEPTH} levels (aliases count)"
            )
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: str, depth: int) -> dict[str, Any]:
        written = [key.value for key, _ in node.value if isinstance(key, ScalarNode)]
        self._scalars.flatten_mapping(node)
        found: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode):
                raise self._error(key, "a key must be a text")
            name = str(key.value)
            if name in found and written.count(name) > 1:
                raise self._error(key, f"key {name!r} is given twice")
            found[name] = self.value(item, f"{path}.{name}" if path else name, depth + 1)
            self.lines[f"{path}.{name}" if path else name] = key.start_mark.line + 1
        return found

    def _scalar(self, node: Node) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value
        try:
            value = self._scalars.construct_object(node)
        except (ConstructorError, ValueError) as x:
            raise self._error(node, f"cannot read {node.value!r} as {node.tag.rsplit(':', 1)[-1]}: {x}") from None
        return value.decode("latin-1") if isinstance(value, bytes) else value

    def _error(self, node: Node, reason: str) -> InvalidObject:
        return InvalidObject(reason, line=node.start_mark.line + 1, file=self._file)


def read_value(text: str) -> Any:
    """Return a YAML or JSON text as plain values, read as manifests are. Raises InvalidObject."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as x:
        raise InvalidObject(f"not YAML: {getattr(x, 'problem', None) or x}") from x
    except RecursionError:
        raise InvalidObject(f"nested deeper than {_MAX_DEPTH} levels") from None
    return None if node is None else _Reader("").value(node, "", 0)
