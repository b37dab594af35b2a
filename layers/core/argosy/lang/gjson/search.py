"""Walking a document along a gjson path.

In: raw JSON text and a path; out: a `Result`. This is the complete engine with wildcards, queries, collections, pipes,
multipaths and modifiers; `argosy.lang.gjson.plain` answers the common dotted paths faster and falls back to it. Mirrors
`Get`, `parseObject` and `parseArray` of tidwall/gjson 1.19, including what they answer to odd paths.
"""

from __future__ import annotations

import re

from argosy.lang.gjson import glob, modifiers
from argosy.lang.gjson.iterate import parse, read_value, value_at
from argosy.lang.gjson.paths import ArrayPart, Query, Selector, array_part, object_part, split_pipe, sub_selectors
from argosy.lang.gjson.result import Kind, Result
from argosy.lang.gjson.scan import KEY_OR_END, STRING, VALUE, check_size, decode_string, encode_string
from argosy.lang.strconv import number_or_zero

__all__ = ["get", "get_within"]

_ITEM_OR_END = re.compile(r'["{\[ntfiIN+\-0-9\]]')
_CONTAINER = re.compile(r"[{\[]")
_FILLED = re.compile(r"[^ \t\r\n]")
_NAME_STOPPERS = re.compile(r"[\x00-\x1f\[\]{}()#|!]")


def get(text: str, path: str) -> Result:
    """Resolve a path in a text. Never raises but RecursionError, on documents and paths nested some hundred levels deep."""
    if len(path) > 1:
        if path[0] in "@!":
            applied = modifiers.apply(text, path)
            if applied is not None:
                return _after_modifier(text, *applied)
        elif path[0] in "[{":
            selected = sub_selectors(path)
            if selected is None:
                path = ""
            else:
                members, rest = selected
                if rest[:1] in ("", ".", "|"):
                    built = Result(Kind.JSON, _multipath(text, path[0], members))
                    found = get_within(built, rest[1:]) if rest else built
                    found.index, found.position = 0, -1
                    return found
                path = rest
    return _Search(text).run(path)


def get_within(value: Result, path: str) -> Result:
    """Resolve a path inside a result; offsets of the answer count in the text that the result stands in."""
    found = get(value.raw, path)
    if found.indexes is not None:
        found.indexes = [index + value.index for index in found.indexes]
    else:
        found.index += value.index
    found.position = found.position + value.position if found.position >= 0 and value.position >= 0 else -1
    return found


def _after_modifier(text: str, rest: str, made: str) -> Result:
    if rest[:1] in (".", "|"):
        found = get(made, rest[1:])
        found.index, found.indexes = 0, None
    else:
        found = parse(made)
    if made is not text:
        found.position = -1
    return found


def _multipath(text: str, kind: str, members: list[Selector]) -> str:
    parts: list[str] = []
    for name, path in members:
        found = get(text, path)
        if not found.exists:
            continue
        raw = found.raw or found.string() or "null"
        parts.append(f"{_member_name(name, path)}:{raw}" if kind == "{" else raw)
    made = kind + ",".join(parts) + ("}" if kind == "{" else "]")
    check_size(made)
    return made


def _member_name(name: str, path: str) -> str:
    if name:
        return name if name[0] == '"' and modifiers.valid(name) else encode_string(name)
    last = path
    for i in range(len(path) - 1, -1, -1):
        if path[i] in "|." and path[i - 1 : i] != "\\":
            last = path[i + 1 :]
            break
    return encode_string("_" if _NAME_STOPPERS.search(last) else last)


class _Search:
    """One walk over one text. `value` may be set although the walk went on, as in gjson; `pipe` is what comes after it."""

    __slots__ = ("counted", "pipe", "text", "value")

    def __init__(self, text: str) -> None:
        self.text = text
        self.value = Result(Kind.NULL, "")
        self.pipe: str | None = None
        self.counted = False

    def run(self, path: str) -> Result:
        """Walk the text and follow the pipe, if the path has one."""
        if path.startswith(".."):
            self._array(0, path[2:])
        else:
            start = _CONTAINER.search(self.text)
            if start:
                (self._object if start.group() == "{" else self._array)(start.end(), path)
        value = self.value
        if self.pipe is not None:
            found = get_within(value, self.pipe)
            found.index = 0
            return found
        if value.raw and not self.counted:
            value.index = value.position if 0 <= value.position < len(self.text) else 0
        return value

    def _object(self, i: int, path: str) -> tuple[int, bool]:
        """Walk an object whose brace ends at `i`; returns where the walk stopped and whether it found the value."""
        text = self.text
        part = object_part(path)
        if part.pipe is not None:
            self.pipe = part.pipe
        while (start := KEY_OR_END.search(text, i)) is not None:
            if start.group() == "}":
                return start.end(), False
            quoted = STRING.match(text, start.start())
            if quoted is None:
                break
            key = decode_string(quoted.group())
            fits = glob.matches(key, part.part) if part.wild else key == part.part
            found = VALUE.search(text, quoted.end())
            if found is None:
                break
            i, hit = self._member(found.start(), part.path if part.more else None) if fits else (-1, False)
            if hit:
                return i, True
            if i < 0:
                i = value_at(text, found.start())
            if i < 0:
                break
        return len(text), False

    def _member(self, start: int, rest: str | None) -> tuple[int, bool]:
        """Take the value at `start`, or go on into it with the rest of the path; -1 when it was only to be skipped."""
        text = self.text
        if rest is not None:
            if text[start] == "{":
                return self._object(start + 1, rest)
            if text[start] == "[":
                return self._array(start + 1, rest)
            return -1, False
        value, end = read_value(text, start)
        if value is None:
            return len(text), False
        self.value = value
        return end, True

    def _array(self, i: int, path: str) -> tuple[int, bool]:
        """Walk an array whose bracket ends at `i`; the end of the text closes it too (JSON lines)."""
        part = array_part(path)
        if part.pipe is not None:
            self.pipe = part.pipe
        if part.query is not None:
            return self._queried(i, part, part.query)
        if part.hashed:
            return self._hashed(i, part)
        text, wanted, count = self.text, part.number, 0
        while (found := _ITEM_OR_END.search(text, i)) is not None and found.group() != "]":
            i, hit = self._member(found.start(), part.path if part.more else None) if count == wanted else (-1, False)
            if hit:
                return i, True
            if i < 0:
                i = value_at(text, found.start())
            if i < 0:
                return len(text), False
            count += 1
        return (found.end() if found else len(text) + 1), False

    def _hashed(self, i: int, part: ArrayPart) -> tuple[int, bool]:
        """Count the elements, or collect a path from each of them."""
        text, starts = self.text, [i]
        while (found := _ITEM_OR_END.search(text, i)) is not None and found.group() != "]":
            i = value_at(text, found.start())
            if i < 0:
                return len(text), False
            starts.append(i)
        end = found.end() if found else len(text) + 1
        if part.part != "#":
            return end, False
        if part.collect is None:
            self.value = Result(Kind.NUMBER, str(len(starts) - 1))
            self.counted = True
        else:
            path, pipe = split_pipe(part.collect)
            if pipe is not None:
                self.pipe = pipe
            self.value = self._collected(starts, path)
        return end, True

    def _collected(self, starts: list[int], path: str) -> Result:
        raws: list[str] = []
        indexes: list[int] = []
        text = self.text
        for start in starts:
            filled = _FILLED.search(text, start)
            if filled is None or filled.group() == "]":
                continue
            first = VALUE.search(text, filled.start())
            element = read_value(text, first.start())[0] if first else None
            if element is None:
                continue
            element.index = element.position if element.kind is Kind.JSON else 0
            found = get_within(element, path)
            if found.exists:
                raws.append(found.raw or found.string())
                indexes.append(found.index)
        result = Result(Kind.JSON, f"[{','.join(raws)}]")
        result.indexes = indexes
        return result

    def _queried(self, i: int, part: ArrayPart, query: Query) -> tuple[int, bool]:
        """Look for the first element that fits a query, or for all of them."""
        text = self.text
        rest, pipe = split_pipe(part.path) if part.more else (None, None)
        raws: list[str] = []
        indexes: list[int] = []
        while (found := _ITEM_OR_END.search(text, i)) is not None and found.group() != "]":
            element, i = read_value(text, found.start())
            if element is None:
                return len(text), False
            if not _fits(element, query):
                continue
            if pipe is not None:
                self.pipe = pipe
            taken = element if rest is None else get_within(element, rest)
            if not query.every:
                self.value = taken
                return i, True
            if raw := taken.raw or taken.string():
                raws.append(raw)
                indexes.append(taken.index + element.position)
        if query.every and not self.value.exists:
            self.value = Result(Kind.JSON, f"[{','.join(raws)}]")
            self.value.indexes = indexes or None
        return (found.end() if found else len(text) + 1), False


def _fits(element: Result, query: Query) -> bool:
    if element.kind is Kind.JSON:
        return _compare(get(element.raw, query.path), query)
    return not query.path and _compare(element, query)


def _compare(value: Result, query: Query) -> bool:
    wanted = query.value
    if wanted[:1] == "~":
        truth = _truth(value, wanted[1:])
        if truth is None:
            return False
        value, wanted = Result(Kind.TRUE if truth else Kind.FALSE, "true" if truth else "false"), "true"
    if not value.exists:
        return False
    operator = query.operator
    if operator == "":
        return True
    kind = value.kind
    if kind is Kind.STRING:
        return _compare_text(value.string(), operator, wanted)
    if kind is Kind.NUMBER:
        return _compare_order(value.number(), operator, number_or_zero(wanted))
    if kind is Kind.TRUE:
        return {"=": wanted == "true", "!=": wanted != "true", ">": wanted == "false", ">=": True}.get(operator, False)
    if kind is Kind.FALSE:
        return {"=": wanted == "false", "!=": wanted != "false", "<": wanted == "true", "<=": True}.get(operator, False)
    return False


def _compare_text(text: str, operator: str, wanted: str) -> bool:
    if operator in ("%", "!%"):
        return glob.matches(text, wanted) == (operator == "%")
    return _compare_order(text, operator, wanted)


def _compare_order[T: (str, float)](left: T, operator: str, right: T) -> bool:
    match operator:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
    return False


def _truth(value: Result, word: str) -> bool | None:
    """Return what `~true`, `~false`, `~null` and `~*` ask of a value; None for any other word."""
    text = value.string().lower() if value.kind is Kind.STRING else ""
    match word:
        case "*":
            return value.exists
        case "null":
            return value.kind is Kind.NULL
        case "true":
            return value.boolean()
        case "false":
            if value.kind is Kind.STRING:
                return text in ("0", "f", "false")
            return value.kind is not Kind.JSON and not value.boolean()
    return None
