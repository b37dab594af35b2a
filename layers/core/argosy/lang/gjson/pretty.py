"""Layout of JSON text for `@pretty` and `@ugly`.

In: raw JSON; out: the same values with other white space. Mirrors tidwall/pretty 1.2: arrays without objects stay on one
line when that line is at most `width` bytes long.
"""

from __future__ import annotations

import dataclasses
import re

from argosy.lang.gjson.iterate import items, parse
from argosy.lang.gjson.result import Kind, Result
from argosy.lang.gjson.scan import squash_end

__all__ = ["Style", "pretty", "ugly"]

_PIECE = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|[\x00-\x20]+', re.DOTALL)


@dataclasses.dataclass
class Style:
    """How to lay out: longest one-line array in bytes, text before each line, one step of indentation, keys sorted."""

    width: int = 80
    prefix: str = ""
    indent: str = "  "
    sort_keys: bool = False


def ugly(text: str) -> str:
    """Remove all white space outside of strings."""
    return _PIECE.sub(lambda match: match.group(1) or "", text)


def pretty(text: str, style: Style) -> str:
    """Lay a value out over several lines, with a line break at the end."""
    printer = _Printer(style)
    printer.write(style.prefix)
    printer.value(_first(text), 0)
    out = "".join(printer.out)
    return out + "\n" if out else ""


def _first(text: str) -> Result:
    """Return the first value of a text; what stands behind it is left out, as in gjson."""
    value = parse(text)
    if value.kind is Kind.JSON:
        value.raw = value.raw[: squash_end(value.raw, 0)]
    return value


class _Printer:
    """Collects the text and knows how many bytes the current line has."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.out: list[str] = []
        self.column = 0

    def write(self, text: str) -> None:
        if text:
            self.out.append(text)
            self.column += len(text.encode("utf-8", "surrogatepass"))

    def line(self, depth: int) -> None:
        """Begin a new line. A blank before it goes; gjson then counts the line without its line break."""
        if self.out and self.out[-1] == ", ":
            self.out[-1] = ","
            self.out.append("\n")
            self.column = 0
        else:
            self.out.append("\n")
            self.column = 1
        self.write(self.style.prefix)
        self.write(self.style.indent * depth)

    def value(self, value: Result, depth: int) -> None:
        if value.kind is Kind.JSON:
            self._container(value, depth)
        else:
            self.write(value.raw)

    def _container(self, value: Result, depth: int) -> None:
        style = self.style
        room = style.width - self.column
        if value.is_array and style.width > 0 and room > 3:
            flat = _one_line(value)
            if flat is not None and len(flat.encode("utf-8", "surrogatepass")) <= room:
                self.write(flat)
                return
        members = list(items(value))
        if value.is_object and style.sort_keys:
            members.sort(key=lambda member: parse(member[0]).string())
        self.write(value.raw[0])
        for i, (key, member) in enumerate(members):
            if i:
                self.write("," if key or style.width == -1 else ", ")
            self.line(depth + 1)
            if key:
                self.write(f"{key}: ")
            self.value(member, depth + 1)
        if members:
            self.line(depth)
        self.write("}" if value.is_object else "]")


def _one_line(value: Result) -> str | None:
    """Return an array on one line, None when it holds an object."""
    if value.kind is not Kind.JSON:
        return value.raw
    if value.is_object:
        return None
    parts: list[str] = []
    for _, member in items(value):
        part = _one_line(member)
        if part is None:
            return None
        parts.append(part)
    return f"[{', '.join(parts)}]"
