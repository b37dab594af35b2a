"""What a gjson path leads to.

A `Result` holds the exact slice of the document and decodes it only when asked. It also remembers where in the searched
text the slice stands, because sjson replaces a match in place. Mirrors `gjson.Result` of tidwall/gjson 1.19.
"""

from __future__ import annotations

import enum

from argosy.lang import strconv
from argosy.lang.gjson.scan import decode_string

__all__ = ["Kind", "Result"]


class Kind(enum.Enum):
    """The JSON type of a result, in gjson's words."""

    NULL = "Null"
    FALSE = "False"
    NUMBER = "Number"
    STRING = "String"
    TRUE = "True"
    JSON = "JSON"


class Result:
    """One value, or the absence of one (`exists` is false).

    `raw` is the text of the value as it stands in the document, or as a modifier, a multipath or a collection built it.
    `index` is its offset in the document for sjson, 0 when unknown; `indexes` are the offsets of all matches of a `#`
    path. `position` is the offset in the text that was searched, -1 when the value was built.
    """

    __slots__ = ("_text", "index", "indexes", "kind", "position", "raw")

    def __init__(self, kind: Kind, raw: str, position: int = -1, text: str | None = None) -> None:
        self.kind = kind
        self.raw = raw
        self.position = position
        self.index = 0
        self.indexes: list[int] | None = None
        self._text = text

    def __repr__(self) -> str:
        return f"Result({self.kind.name}, {self.raw!r})"

    @property
    def exists(self) -> bool:
        """True when the path led somewhere, also to a null."""
        return self.raw != "" or self.kind is not Kind.NULL

    def string(self) -> str:
        """Return the string form: decoded text, plain integers as they stand, other numbers without exponent, raw JSON."""
        kind = self.kind
        if kind is Kind.STRING:
            if self._text is None:
                self._text = decode_string(self.raw)
            return self._text
        if kind is Kind.NUMBER:
            raw = self.raw
            digits = raw[1:] if raw[:1] == "-" else raw
            if (digits.isascii() and digits.isdigit()) or raw == "-":
                return raw
            return strconv.format_float(strconv.number_or_zero(raw))
        if kind is Kind.JSON:
            return self.raw
        return {Kind.TRUE: "true", Kind.FALSE: "false"}.get(kind, "")

    def number(self) -> float:
        """Return the value as a float64: true is 1, a string is parsed, what is no number is 0."""
        if self.kind is Kind.NUMBER:
            return strconv.number_or_zero(self.raw)
        if self.kind is Kind.STRING:
            return strconv.number_or_zero(self.string())
        return 1.0 if self.kind is Kind.TRUE else 0.0

    def boolean(self) -> bool:
        """Return the value as a boolean: numbers unlike 0 and texts such as `true`, `T` and `1` are true."""
        if self.kind is Kind.NUMBER:
            return self.number() != 0
        if self.kind is Kind.STRING:
            return self.string().lower() in ("1", "t", "true")
        return self.kind is Kind.TRUE

    @property
    def is_object(self) -> bool:
        """True for a JSON object."""
        return self.kind is Kind.JSON and self.raw[:1] == "{"

    @property
    def is_array(self) -> bool:
        """True for a JSON array."""
        return self.kind is Kind.JSON and self.raw[:1] == "["
