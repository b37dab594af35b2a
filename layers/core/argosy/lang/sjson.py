r"""Setting and deleting values in raw JSON text.

In: a JSON document as text, a path, a value; out: the new text, all else untouched. Called when trigger parameters and
payloads are built. Behaves as tidwall/sjson 1.2.5 `Set`, `SetRaw` and `Delete` (MIT): parts are separated by dots, `\`
escapes the next character, digits index an array (gaps are filled with null), `-1` appends, a leading `:` makes a number
a key. A path with any of `# * ? | @` only replaces what gjson finds.

On purpose different: an index that needs more than 100,000 fillers is an EvaluationError; Go would build them.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from argosy.errors import EvaluationError
from argosy.lang import gjson
from argosy.lang.gjson.iterate import items, parse
from argosy.lang.gjson.scan import encode_string, squash_end, trim

__all__ = ["delete", "set_raw", "set_string"]

_MAX_FILLERS = 100_000
_COMPLEX = frozenset("|#@*?")
_NEEDS_ESCAPE = re.compile(r"[^ !#-\[\]-\x7f]")
_BLANKS_AND_COMMA = re.compile(r"[\x00-\x20]*+,")
_FILLED = re.compile(r"[^\x00-\x20]")


class _Part(NamedTuple):
    """One part of a path: the key without escapes, the same as a gjson path, and whether `:` forces it to be a key."""

    key: str
    lookup: str
    forced: bool

    @property
    def number(self) -> int:
        """The array index, -1 for a key. As in sjson an empty part counts as index 0."""
        if self.forced or not all("0" <= char <= "9" for char in self.key):
            return -1
        return int(self.key[:10] or "0")

    @property
    def appends(self) -> bool:
        """True for the part that stands for the place behind the last element."""
        return self.key == "-1" and not self.forced


def set_raw(document: str, path: str, raw: str) -> str:
    """Put JSON text, taken as it stands, at a path. Raises EvaluationError for an empty path or a key into an array."""
    parts = _parts(path)
    if parts is None:
        return _replace_matches(document, path, raw)
    return _set(document, parts, raw)


def set_string(document: str, path: str, value: str) -> str:
    """Put a text at a path, as a JSON string. Raises EvaluationError for an empty path or a key into an array."""
    return set_raw(document, path, _quoted(value))


def delete(document: str, path: str) -> str:
    """Remove what stands at a path; a missing value changes nothing. Raises EvaluationError for an empty or complex path."""
    parts = _parts(path)
    if parts is None:
        raise EvaluationError(f"path {path[:80]!r}: only a plain path can be deleted, without any of # * ? | @")
    offset, text = 0, document
    for number, part in enumerate(parts):
        found = _last_element(text) if part.appends else None
        if found is None:
            found = gjson.get(text, part.lookup)
        if found.index <= 0:
            return document
        start, end = offset + found.index, offset + found.index + len(found.raw)
        if number == len(parts) - 1:
            head, swallow_comma = _cut_tail(document[offset:start])
            comma = _BLANKS_AND_COMMA.match(document, end) if swallow_comma else None
            return document[:offset] + head + document[comma.end() if comma else end :]
        offset, text = start, found.raw
    return document


def _last_element(text: str) -> gjson.Result | None:
    count = int(gjson.get(text, "#").number())
    return gjson.get(text, str(count - 1)) if count > 0 else None


def _quoted(text: str) -> str:
    return encode_string(text) if _NEEDS_ESCAPE.search(text) else f'"{text}"'


@functools.lru_cache(maxsize=2048)
def _parts(path: str) -> tuple[_Part, ...] | None:
    """Split a path; None when it has a character that makes it a gjson search."""
    if not path:
        raise EvaluationError("the path to set is empty: name a key, such as spec.arguments.parameters.0.value")
    parts: list[_Part] = []
    key: list[str] = []
    forced, begin, i = path[0] == ":", int(path[0] == ":"), int(path[0] == ":")
    while i <= len(path):
        char = path[i : i + 1]
        if char in ("", "."):
            parts.append(_Part("".join(key), path[begin:i], forced))
            forced = path[i + 1 : i + 2] == ":"
            begin = i + 1 + forced
            i, key = begin, []
            continue
        if char in _COMPLEX:
            return None
        if char == "\\":
            i += 1
        key.append(path[i : i + 1])
        i = min(i + 1, len(path))
    return tuple(parts)


def _set(document: str, parts: tuple[_Part, ...], raw: str) -> str:
    if not document:
        return _fresh(parts, raw)
    if document == "{}":
        return f"{{{_build(parts, raw, in_array=False)}}}"
    offset, text = 0, document
    for number, part in enumerate(parts):
        found = gjson.get(text, part.lookup)
        if found.index <= 0:
            return document[:offset] + _insert(text, parts[number:], raw) + document[offset + len(text) :]
        offset, text = offset + found.index, found.raw
    return document[:offset] + raw + document[offset + len(text) :]


def _insert(text: str, parts: tuple[_Part, ...], raw: str) -> str:
    """Return a container with one more member; what is no container becomes a new one."""
    container = parse(text)
    if container.kind is not gjson.Kind.JSON:
        return _fresh(parts, raw)
    body = container.raw
    first = _FILLED.search(body, 1)
    comma = "," if first is not None and first.group() not in "}]" else ""
    if body[0] == "{":
        end = body.rfind("}")
        return f"{body[: end if end > 0 else 0]}{comma}{_build(parts, raw, in_array=False)}}}"
    if parts[0].appends:
        body = trim(body)
        return f"{body[:-1] if body[-1] == ']' else body}{comma}{_build(parts, raw, in_array=True)}]"
    index = parts[0].number
    if index < 0:
        raise EvaluationError(f"{parts[0].key!r} is no index of an array: write a number, or -1 to append")
    container.raw = body[: squash_end(body, 0)]
    elements = [member.raw for _, member in items(container)]
    elements.extend(_fillers(index - len(elements)))
    return f"[{','.join(elements)}{',' if elements else ''}{_build(parts, raw, in_array=True)}]"


def _fresh(parts: tuple[_Part, ...], raw: str) -> str:
    if parts[0].number < 0:
        return f"{{{_build(parts, raw, in_array=False)}}}"
    return f"[{''.join(f'{filler},' for filler in _fillers(parts[0].number))}{_build(parts, raw, in_array=True)}]"


def _build(parts: tuple[_Part, ...], raw: str, *, in_array: bool) -> str:
    """Return the text of a new member: its key unless it stands in an array, and containers for the parts that follow."""
    out = raw
    for part in reversed(parts[1:]):
        if part.number >= 0:
            out = f"[{'null,' * len(_fillers(part.number))}{out}]"
        elif part.appends:
            out = f"[{out}]"
        else:
            out = f"{{{_quoted(part.key)}:{out}}}"
    return out if in_array else f"{_quoted(parts[0].key)}:{out}"


def _fillers(count: int) -> list[str]:
    if count > _MAX_FILLERS:
        raise EvaluationError(
            f"array index needs {count} null elements before it; at most {_MAX_FILLERS} are filled in"
        )
    return ["null"] * count


def _cut_tail(head: str) -> tuple[str, bool]:
    """Cut the key or comma before a value that goes; says whether the comma behind the value has to go instead."""
    for i in range(len(head) - 1, -1, -1):
        if head[i] == "[":
            return head, True
        if head[i] == ",":
            return head[:i], False
        if head[i] == ":":
            return _cut_key(head, i)
    return head, False


def _cut_key(head: str, colon: int) -> tuple[str, bool]:
    i = head.rfind('"', 0, colon)
    while i > 0:
        i = head.rfind('"', 0, i)
        if i > 0 and head[i - 1] == "\\":
            i -= 1  # an escaped quote inside the key
            continue
        opener = max(head.rfind("{", 0, max(i, 0)), head.rfind(",", 0, max(i, 0)))
        if opener >= 0:
            return (head[: opener + 1], True) if head[opener] == "{" else (head[:opener], False)
    return head, False


def _replace_matches(document: str, path: str, raw: str) -> str:
    """Replace what a gjson path finds in the document; a computed match (a count, a modifier) changes nothing."""
    found = gjson.get(document, path)
    if not found.exists:
        return document
    if found.index:
        document = document[: found.index] + raw + document[found.index + len(found.raw) :]
    if found.indexes:
        members = [member.raw for _, member in items(found)]
        if len(members) != len(found.indexes):
            return document
        for index, old in sorted(zip(found.indexes, members, strict=True), key=lambda pair: -pair[0]):
            document = document[:index] + raw + document[index + len(old) :]
    return document
