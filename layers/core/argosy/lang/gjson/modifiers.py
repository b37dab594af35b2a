"""The modifiers of gjson paths (`@reverse`, `@keys`, …) and its `!literals`.

In: the raw text so far and the path from the `@` on; out: the rest of the path and the new text. Mirrors the modifiers
of tidwall/gjson 1.19. On purpose different: `@pretty` sorts keys of equal names by their place, not by their value.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from argosy.lang.gjson import pretty, search
from argosy.lang.gjson.iterate import items, parse
from argosy.lang.gjson.paths import balanced_end
from argosy.lang.gjson.result import Result
from argosy.lang.gjson.scan import check_nesting, check_size, encode_string, trim
from argosy.lang.gjson.validity import valid

__all__ = ["apply", "valid"]

_NAME_END = re.compile(r"[:|.]")
_LITERAL_END = re.compile(r"[|.]")
_LITERALS = frozenset(("true", "false", "null", "nan", "inf"))
_BLANK = " \t\n\r"


def apply(text: str, path: str) -> tuple[str, str] | None:
    """Run the modifier or literal that a path begins with; returns (rest of the path, new text), None if there is none."""
    if path[0] == "!":
        return _literal(path)
    applied = _modifier(text, path)
    if applied is not None:
        check_size(applied[1])
    return applied


def _literal(path: str) -> tuple[str, str] | None:
    if path[1:2] and path[1] in '{["+-0123456789':
        # gjson counts the first character as an open bracket whatever it is, so a text or number goes on to the end.
        end = balanced_end(f"({path[2:]}", 0) + 1
        return path[end:], path[1:end]
    end_match = _LITERAL_END.search(path, 1)
    end = end_match.start() if end_match else len(path)
    name = path[1:end]
    return (path[end:], name) if name.lower() in _LITERALS else None


def _modifier(text: str, path: str) -> tuple[str, str] | None:
    name_end = _NAME_END.search(path, 1)
    end = name_end.start() if name_end else len(path)
    modifier = _MODIFIERS.get(path[1:end])
    if modifier is None:
        return None
    if path[end : end + 1] != ":":
        return path[end:], modifier(text, "")
    argument, rest = _argument(path[end + 1 :])
    return rest, modifier(text, argument)


def _argument(text: str) -> tuple[str, str]:
    """Split a modifier's argument, JSON or plain text up to a bar, from the rest of the path."""
    if text[:1] in ("{", "[", '"'):
        end = balanced_end(text, 0)
        return text[:end], text[end:]
    i = 0
    while i < len(text) and text[i] != "|":
        i = balanced_end(text, i) if text[i] in '{["(' else i + 1
    return text[:i], text[i:]


def _option(argument: str, name: str) -> bool:
    chosen = False
    for key, value in items(parse(argument)):
        if key and parse(key).string() == name:
            chosen = value.boolean()
    return chosen


def _unwrap(text: str) -> str:
    text = trim(text)
    return text[1:-1] if len(text) >= 2 and text[0] in "[{" else text


def _pretty(text: str, argument: str) -> str:
    style = pretty.Style()
    for key, value in items(parse(argument)):
        match parse(key).string():
            case "sortKeys":
                style.sort_keys = value.boolean()
            case "indent":
                style.indent = "".join(char for char in value.string() if char in _BLANK)
            case "prefix":
                style.prefix = "".join(char for char in value.string() if char in _BLANK)
            case "width":
                style.width = int(max(-1.0, min(value.number(), 1e6)))
    check_nesting(text)
    return pretty.pretty(text, style)


def _this(text: str, _: str) -> str:
    return text


def _ugly(text: str, _: str) -> str:
    return pretty.ugly(text)


def _reverse(text: str, _: str) -> str:
    value = parse(text)
    if value.is_array:
        return f"[{','.join(reversed([member.raw for _, member in items(value)]))}]"
    if value.is_object:
        return f"{{{','.join(reversed([f'{key}:{member.raw}' for key, member in items(value)]))}}}"
    return text


def _flatten(text: str, argument: str) -> str:
    value = parse(text)
    if not value.is_array:
        return text
    deep = _option(argument, "deep")
    if deep:
        check_nesting(text)
    parts: list[str] = []
    for _, member in items(value):
        raw = member.raw
        if member.is_array:
            raw = _unwrap(_flatten(raw, argument) if deep else raw)
        if raw := raw.strip():
            parts.append(raw)
    return f"[{','.join(parts)}]"


def _keys(text: str, _: str) -> str:
    value = parse(text)
    if not value.exists:
        return "[]"
    return f"[{','.join(key if value.is_object else 'null' for key, _ in items(value))}]"


def _values(text: str, _: str) -> str:
    value = parse(text)
    if value.is_array:
        return text
    return f"[{','.join(member.raw for _, member in items(value))}]"


def _join(text: str, argument: str) -> str:
    value = parse(text)
    if not value.is_array:
        return text
    objects = [member for _, member in items(value) if member.is_object]
    if _option(argument, "preserve"):
        return f"{{{','.join(_unwrap(member.raw) for member in objects)}}}"
    keys: dict[str, str] = {}
    values: dict[str, str] = {}
    for member in objects:
        for key, field in items(member):
            name = parse(key).string()
            keys.setdefault(name, key)
            values[name] = field.raw
    return f"{{{','.join(f'{key}:{values[name]}' for name, key in keys.items())}}}"


def _valid(text: str, _: str) -> str:
    return text if valid(text) else ""


def _fromstr(text: str, _: str) -> str:
    return parse(text).string() if valid(text) else ""


def _tostr(text: str, _: str) -> str:
    return encode_string(text)


def _group(text: str, _: str) -> str:
    value = parse(text)
    if not value.is_object:
        return ""
    rows: list[list[str]] = []
    for key, member in items(value):
        if not member.is_array:
            continue
        for i, (_, element) in enumerate(items(member)):
            if i == len(rows):
                rows.append([])
            rows[i].append(f"{key}:{element.raw}")
    return f"[{','.join(f'{{{",".join(row)}}}' for row in rows)}]"


def _dig(text: str, argument: str) -> str:
    check_nesting(text)
    found: list[str] = []
    waiting: list[Result] = [parse(text)]
    while waiting:
        value = waiting.pop()
        here = search.get(value.raw, argument)
        if here.exists:
            found.append(here.raw)
        if value.is_array or value.is_object:
            waiting.extend(reversed([member for _, member in items(value)]))
    return f"[{','.join(found)}]"


_MODIFIERS: dict[str, Callable[[str, str], str]] = {
    "dig": _dig,
    "flatten": _flatten,
    "fromstr": _fromstr,
    "group": _group,
    "join": _join,
    "keys": _keys,
    "pretty": _pretty,
    "reverse": _reverse,
    "this": _this,
    "tostr": _tostr,
    "ugly": _ugly,
    "valid": _valid,
    "values": _values,
}
