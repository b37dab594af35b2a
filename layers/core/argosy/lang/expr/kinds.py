"""Static types: what can be known of a value before the expression runs.

Mirrors `checker/nature` of expr-lang/expr 1.17.8 as far as JSON-like variables need it: variables are decoded JSON,
functions, times; whatever stands inside a map or list is `any`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = [
    "ANY",
    "ARRAY",
    "BOOL",
    "BYTES",
    "DURATION",
    "FLOAT",
    "FUNCTION",
    "GROUPS",
    "INT",
    "LOCATION",
    "MAP",
    "MONTH",
    "NIL",
    "PAIRS",
    "STRING",
    "STRINGS",
    "TIME",
    "UNKNOWN",
    "WEEKDAY",
    "Type",
    "array_of",
    "method",
    "type_of",
]


class Type(NamedTuple):
    """A type by its kind; `element` of an array, `result` of a function. `any` is Go's interface, `unknown` no type."""

    kind: str
    element: Type | None = None
    result: Type | None = None

    @property
    def is_unknown(self) -> bool:
        """Nothing can be said about the value."""
        return self.kind in ("unknown", "any")

    @property
    def is_number(self) -> bool:
        """An int or a float."""
        return self.kind in ("int", "float")

    @property
    def is_array(self) -> bool:
        """A list of any sort."""
        return self.kind in ("array", "strings", "pairs")

    @property
    def is_map(self) -> bool:
        """A map of any sort."""
        return self.kind in ("map", "groups")

    @property
    def elements(self) -> Type:
        """The type of an element or of a map's values."""
        if self.element is not None:
            return self.element
        return {"strings": STRING, "pairs": ARRAY, "groups": ARRAY}.get(self.kind, ANY)

    def fits(self, other: Type) -> bool:
        """Tell whether a value of this type can be used where `other` is wanted, unknown types left aside."""
        if other.kind == "any":
            return True
        if self.kind == "nil":
            return other.is_map or other.is_array or other.kind in ("func", "bytes")
        return self.kind == other.kind and self.kind != "unknown"

    def comparable(self, other: Type) -> bool:
        """Tell whether == makes sense between the two."""
        return (
            self.is_unknown
            or other.is_unknown
            or "nil" in (self.kind, other.kind)
            or (self.is_number and other.is_number)
            or (self.is_array and other.is_array)
            or self.fits(other)
        )


UNKNOWN, ANY, NIL = Type("unknown"), Type("any"), Type("nil")
BOOL, INT, FLOAT, STRING, BYTES = Type("bool"), Type("int"), Type("float"), Type("string"), Type("bytes")
ARRAY, STRINGS, PAIRS, MAP, GROUPS = Type("array"), Type("strings"), Type("pairs"), Type("map"), Type("groups")
TIME, DURATION, LOCATION, MONTH, WEEKDAY = (
    Type("time"),
    Type("duration"),
    Type("location"),
    Type("month"),
    Type("weekday"),
)
FUNCTION = Type("func")

_METHODS = {
    "time": {
        "Add": TIME,
        "AddDate": TIME,
        "After": BOOL,
        "Before": BOOL,
        "Day": INT,
        "Equal": BOOL,
        "Format": STRING,
        "Hour": INT,
        "IsZero": BOOL,
        "Local": TIME,
        "Minute": INT,
        "Month": MONTH,
        "Nanosecond": INT,
        "Second": INT,
        "String": STRING,
        "Sub": DURATION,
        "UTC": TIME,
        "Unix": INT,
        "UnixMilli": INT,
        "UnixNano": INT,
        "Weekday": WEEKDAY,
        "Year": INT,
        "YearDay": INT,
    },
    "duration": {
        "Hours": FLOAT,
        "Milliseconds": INT,
        "Minutes": FLOAT,
        "Nanoseconds": INT,
        "Round": DURATION,
        "Seconds": FLOAT,
        "String": STRING,
        "Truncate": DURATION,
    },
}


def array_of(element: Type) -> Type:
    """Return the type of a list whose elements are known."""
    return Type("array", element)


def method(base: Type, name: str) -> Type | None:
    """Return the type of a method of times and durations, None when there is none of that name."""
    result = _METHODS.get(base.kind, {}).get(name)
    return None if result is None else Type("func", None, result)


_RESULTS = {"int": INT, "float64": FLOAT, "bool": BOOL}
"""Types of what a function that is given as a variable returns, by its attribute `go_result`."""


def type_of(value: object) -> Type:
    """Return the type of a variable."""
    match value:
        case None:
            return NIL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return STRING
        case bytes():
            return BYTES
        case Mapping():
            return MAP
        case list() | tuple():
            return ARRAY
    go_type = getattr(value, "go_type", "")
    if go_type in ("time.Time", "time.Duration"):
        return TIME if go_type == "time.Time" else DURATION
    return _function(value) if callable(value) else ANY


def _function(value: object) -> Type:
    result = _RESULTS.get(getattr(value, "go_result", ""))
    return FUNCTION if result is None else Type("func", None, result)
