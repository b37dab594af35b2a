"""What a YAML scalar means, as goyaml v2 decides it (`resolve.go` in sigs.k8s.io/yaml 1.4), which Argo reads manifests with.

In: a scalar's text, tag and whether it was written without quotes; out: None, a bool, a number or a text. The words of
YAML 1.1 are bools, also `y` and `n`; dates stay text, and so does what YAML 1.1 calls a base-60 number (`12:30`).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Final

from argosy.lang.strconv import format_general

__all__ = ["Scalar", "key_text", "resolve"]

type Scalar = str | int | float | bool | None

_TRUE = "y Y yes Yes YES true True TRUE on On ON"
_FALSE = "n N no No NO false False FALSE off Off OFF"
_NULL = "~ null Null NULL"
_WORDS: Final[dict[str, Scalar]] = (
    dict.fromkeys(_TRUE.split(), True) | dict.fromkeys(_FALSE.split(), False) | dict.fromkeys(["", *_NULL.split()])
)
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_INT = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_STANDARD = "tag:yaml.org,2002:"
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "null": (type(None),),
}


def resolve(text: str, tag: str, *, plain: bool) -> Scalar:
    """The value of a scalar; `tag` is "" when none was written. Raises ValueError for one that cannot be read."""
    if not tag:
        return _implicit(text) if plain else text
    kind = tag.removeprefix(_STANDARD)
    if kind == "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
        except binascii.Error as x:
            raise ValueError(f"not base64: {x}") from None
    if tag == kind or kind not in _KINDS:
        return text
    value = _implicit(text)
    if type(value) not in _KINDS[kind]:
        raise ValueError(f"not of type {kind}")
    return value


def key_text(text: str, tag: str, *, plain: bool) -> str:
    """The text of a scalar that is a key. Raises ValueError for null, which is none."""
    value = resolve(text, tag, plain=plain)
    if value is None:
        raise ValueError("null is no key")
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_general(value) if isinstance(value, float) else str(value)


def _implicit(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if _ENDLESS.match(text):
        raise ValueError("JSON has no such number")
    if text[0] not in "+-.0123456789":
        return text
    # Behind a point Go reads by `ParseFloat` alone, which wants digits on both sides.
    plain = text.replace("_", "") if text[0] != "." else _BETWEEN_DIGITS.sub("", text)
    if _INT.match(plain):
        whole = _whole(plain)
        if -(2**63) <= whole < (2**64 if plain[0].isdigit() else 2**63):
            return whole
    if not _FLOAT.match(plain):
        return text
    value = float(plain)
    if math.isinf(value):
        return text
    # JSON does not tell 1.0 from 1, and a field that holds a whole number takes both.
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _whole(text: str) -> int:
    digits = text.lstrip("+-")
    octal = digits.startswith("0") and digits[1:].isdigit()
    value = int(digits, 8) if octal else int(digits, 0)
    return -value if text[0] == "-" else value
