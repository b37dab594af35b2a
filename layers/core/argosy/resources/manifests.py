"""Reads manifests: YAML or JSON text in, one `Manifest` per object out, with the line of every field.

The reading is that of `sigs.k8s.io/yaml` 1.4, which Argo uses: YAML 1.1 words for booleans, dates stay text, a key given
twice is an error, several documents in one file, and a `List` stands for its items. On purpose different: a field
beside a merge (`<<`) may override what is merged, as YAML has it and strict reading in Go does not. Called by `argosy
apply|lint|delete` and by `argosy up --apply`; nothing here knows which kinds exist. What is rendered is read `loosely`, by
`argosy.gitops.objects`: as `Unmarshal` does it and not `UnmarshalStrict`, the last one counts of what is given twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.errors import InvalidObject
from argosy.resources import scalars
from argosy.resources.yamltree import MAX_DEPTH, Node, documents

__all__ = ["Manifest", "read_manifests", "read_value"]

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
        while path not in self.lines:
            shorter = _PART.sub("", path)
            if shorter == path:
                return self.lines.get("")
            path = shorter
        return self.lines[path]

    def problem(self, path: str, reason: str) -> InvalidObject:
        """An InvalidObject that points at a field of this manifest."""
        return InvalidObject(reason, obj=self.title, field=path, line=self.line(path), file=self.file)


def read_manifests(text: str, file: str = "", *, loosely: bool = False) -> list[Manifest]:
    """Return the objects of a YAML or JSON text in order, empty documents left out.

    Raises InvalidObject with file and line for broken YAML, a key given twice (`loosely`: its last value counts), an alias
    bomb or too deep nesting, and for a document that is not an object with apiVersion and kind.
    """
    reading = _LooseReader if loosely else _Reader
    return [manifest for node in documents(text, file) for manifest in _objects(node, reading(file))]


def _objects(node: Node, reader: _Reader) -> Iterator[Manifest]:
    file = reader.file
    body = reader.value(node, "", 0)
    if body is None:
        return
    manifest = Manifest(body if isinstance(body, dict) else {}, reader.lines, file)
    if not isinstance(body, dict):
        raise InvalidObject("a manifest is an object with apiVersion and kind", line=node.line, file=file)
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
        self.file = file
        self._nodes = 0

    def value(self, node: Node, path: str, depth: int) -> Any:
        self._count(node, depth)
        self.lines.setdefault(path, node.line)
        if node.pairs is not None:
            return self._mapping(node, path, depth)
        if node.items is not None:
            return [self.value(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.items)]
        text = node.text or ""
        try:
            return scalars.resolve(text, node.tag, plain=node.plain)
        except ValueError as x:
            raise self._error(node, f"cannot read {text!r}: {x}") from None

    def _mapping(self, node: Node, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (key, item) in self._fields(node, depth).items():
            at = f"{path}.{name}" if path else name
            found[name] = self.value(item, at, depth + 1)
            self.lines[at] = key.line
        return found

    def _fields(self, node: Node, depth: int) -> dict[str, tuple[Node, Node]]:
        """The fields of a mapping; those of a merge (`<<: *other`) come first and give way to its own."""
        self._count(node, depth)
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key, item in node.pairs or ():
            if _is_merge(key):
                merged = self._merged(item, depth) | merged
                continue
            name = self._name(key)
            if name in own:
                raise self._error(key, f"key {name!r} is given twice")
            own[name] = (key, item)
        return merged | own

    def _merged(self, item: Node, depth: int) -> dict[str, tuple[Node, Node]]:
        """What a merge brings; of several objects the first one counts."""
        found: dict[str, tuple[Node, Node]] = {}
        for other in item.items if item.items is not None else [item]:
            if other.pairs is None:
                raise self._error(item, "a merge (<<) takes an object or a list of objects")
            found = self._fields(other, depth + 1) | found
        return found

    def _name(self, key: Node) -> str:
        if key.text is None:
            raise self._error(key, "a key must be a text")
        try:
            return scalars.key_text(key.text, key.tag, plain=key.plain)
        except ValueError as x:
            raise self._error(key, f"cannot read the key {key.text!r}: {x}") from None

    def _count(self, node: Node, depth: int) -> None:
        self._nodes += 1
        if self._nodes > _MAX_NODES or depth > MAX_DEPTH:
            raise self._error(
                node, f"larger than {_MAX_NODES} values or deeper than {MAX_DEPTH} levels (aliases count)"
            )

    def _error(self, node: Node, reason: str) -> InvalidObject:
        return InvalidObject(reason, line=node.line, file=self.file)


class _LooseReader(_Reader):
    """Takes what stands last, be it a field or a merge."""

    def _fields(self, node: Node, depth: int) -> dict[str, tuple[Node, Node]]:
        self._count(node, depth)
        found: dict[str, tuple[Node, Node]] = {}
        for key, item in node.pairs or ():
            found |= self._merged(item, depth) if _is_merge(key) else {self._name(key): (key, item)}
        return found


def _is_merge(key: Node) -> bool:
    return key.plain and key.text == "<<"


def read_value(text: str) -> Any:
    """Return a YAML or JSON text as plain values, read as manifests are; of several documents the first.

    Raises InvalidObject.
    """
    node = next(documents(text), None)
    return None if node is None else _Reader("").value(node, "", 0)
