"""YAML text as a tree of nodes with lines, read so that no text can hurt: nesting is limited while it is read.

In: text; out: one `Node` per document. Called by `argosy.resources.manifests`. PyYAML's own composer recurses in C
and ends the process on a deeply nested text, so nodes are built here from its parser's events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import yaml
from yaml import events

from argosy.errors import InvalidObject

__all__ = ["MAX_DEPTH", "Node", "documents"]

MAX_DEPTH: Final = 100
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_AGAIN: Final = 10_000_000
_QUOTED = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_ESCAPE = re.compile(r"(?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+|\\.")


@dataclass(slots=True, eq=False)
class Node:
    """A scalar (`text`), a sequence (`items`) or a mapping (`pairs`); `line` counts from 1, `tag` is "" if none stands.

    An alias is the same node again, so that a node may stand in more than one place, and in itself.
    """

    line: int
    tag: str = ""
    text: str | None = None
    plain: bool = False
    items: list[Node] | None = None
    pairs: list[tuple[Node, Node]] | None = None
    _key: Node | None = field(default=None, repr=False)

    def add(self, child: Node) -> None:
        """Put a child in: an item, or in turns a key and its value."""
        if self.items is not None:
            self.items.append(child)
        elif self.pairs is not None:
            if self._key is None:
                self._key = child
            else:
                self.pairs.append((self._key, child))
                self._key = None


def documents(text: str, file: str = "") -> Iterator[Node]:
    """Yield the root of each document that holds anything.

    Raises InvalidObject with the line for what is not YAML, an unknown alias and nesting deeper than `MAX_DEPTH`.
    """
    told = 0
    try:
        text = _json_as_yaml(text)
        try:
            for node in _read(yaml.parse(text, Loader=_LOADER), file):
                yield node
                told += 1
        except yaml.YAMLError as x:
            if not _at_apostrophe(text, x):
                raise
            yield from islice(_read(yaml.parse(_without_apostrophes(text, x), Loader=_LOADER), file), told, None)
    except yaml.YAMLError as x:
        mark = getattr(x, "problem_mark", None) or getattr(x, "context_mark", None)
        what = str(getattr(x, "problem", None) or x)
        raise InvalidObject(f"not YAML: {what}", line=mark.line + 1 if mark else None, file=file) from x


def _json_as_yaml(text: str) -> str:
    """JSON is YAML but for two things: surrogate pairs, and tabs before a value; other texts are given back as they are."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return text
    try:
        json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return text
    return _ESCAPE.sub(_whole_characters, text.replace("\t", " "))


def _at_apostrophe(text: str, refusal: yaml.YAMLError) -> bool:
    mark = getattr(refusal, "problem_mark", None)
    unknown = getattr(refusal, "problem", "") == "found unknown escape character"
    return unknown and text[mark.index : mark.index + 2] == "\\'" if mark else False


def _without_apostrophes(text: str, refusal: yaml.YAMLError) -> str:
    """The text with `'` for every `\\'` in double quotes, which Go reads and YAML has not: they are where it is refused.

    It is read again up to the next one, until it can be read, or `_MOST_AGAIN` characters have been.
    """
    read = 0
    while (read := read + len(text)) <= _MOST_AGAIN:
        mark: Any = getattr(refusal, "problem_mark", None)
        text = text[: mark.index] + _QUOTED.sub(_own_apostrophes, text[mark.index :], count=1)
        try:
            for _ in yaml.parse(text, Loader=_LOADER):
                pass
        except yaml.YAMLError as x:
            if not _at_apostrophe(text, x):
                break
            refusal = x
        else:
            break
    return text


def _own_apostrophes(rest: re.Match[str]) -> str:
    return _ESCAPED.sub(lambda escape: "'" if escape[0] == "\\'" else escape[0], rest[0])


def _whole_characters(escape: re.Match[str]) -> str:
    if len(escape[0]) < 6:
        return escape[0]
    units = bytes.fromhex(escape[0].replace("\\u", ""))
    return units.decode("utf-16-be", "replace")


def _read(stream: Iterator[Any], file: str) -> Iterator[Node]:
    anchors: dict[str, Node] = {}
    open_nodes: list[Node] = []
    for event in stream:
        if isinstance(event, events.DocumentStartEvent):
            anchors.clear()
            continue
        if isinstance(event, events.CollectionEndEvent):
            node = open_nodes.pop()
        elif isinstance(event, events.NodeEvent):
            node = _node(event, anchors, file)
            if isinstance(event, events.CollectionStartEvent):
                if len(open_nodes) >= MAX_DEPTH:
                    raise InvalidObject(f"nested deeper than {MAX_DEPTH} levels", line=node.line, file=file)
                open_nodes.append(node)
                continue
        else:
            continue
        if open_nodes:
            open_nodes[-1].add(node)
        elif node.text != "" or not node.plain:
            yield node


def _node(event: Any, anchors: dict[str, Node], file: str) -> Node:
    line = event.start_mark.line + 1
    if isinstance(event, events.AliasEvent):
        known = anchors.get(str(event.anchor))
        if known is None:
            raise InvalidObject(f"not YAML: there is no anchor {event.anchor!r}", line=line, file=file)
        return known
    tag = event.tag or ""
    if isinstance(event, events.ScalarEvent):
        node = Node(line, tag if tag != "!" else "", text=event.value, plain=event.implicit[0] and tag != "!")
    elif isinstance(event, events.SequenceStartEvent):
        node = Node(line, tag, items=[])
    else:
        node = Node(line, tag, pairs=[])
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node
