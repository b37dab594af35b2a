"""Go's textual forms of booleans, numbers and quoted strings.

In: text or a float; out: what Go 1.26 `strconv` (ParseFloat, ParseBool, FormatFloat, Quote) answers. Called by data
filters, trigger parameters, gjson, templates and expr, whose results users compare with Argo's.

On purpose different: bit sizes other than 64 are not offered, because Argo never asks for them.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

from argosy.errors import EvaluationError

__all__ = ["format_float", "format_general", "format_json", "number_or_zero", "parse_bool", "parse_float", "quote"]

_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))

_SPECIAL = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEXADECIMAL = re.compile(r"[+-]?0[xX]_?(?=[0-9a-fA-F.])[0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9_]+", re.ASCII)
_BAD_UNDERSCORE = re.compile(r"(?<![0-9a-fA-FxX])_|_(?![0-9a-fA-F])")

_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}
_PLAIN = re.compile(r'[ !#-\[\]-~]*')  # fmt: skip


def parse_bool(text: str) -> bool:
    """Read a boolean as `strconv.ParseBool` does: 1 t T TRUE true True and their opposites, nothing else."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise EvaluationError(
        f"{_shown(text)} is not a boolean: write true or false (1, 0, t, f and their upper cases also count)"
    )


def parse_float(text: str) -> float:
    """Read a number as `strconv.ParseFloat(text, 64)` does; a value too large for a float64 is an error."""
    try:
        value = _float(text)
    except ValueError:
        raise EvaluationError(
            f"{_shown(text)} is not a number: write digits with an optional sign, point and exponent"
        ) from None
    if math.isinf(value) and text.lstrip("+-").lower() not in _SPECIAL:
        raise EvaluationError(f"{_shown(text)} is out of the range of a 64 bit float (at most about 1.8e308)")
    return value


def number_or_zero(text: str) -> float:
    """Read a number as Go code that ignores ParseFloat's error: 0 for bad text, an infinity when out of range."""
    try:
        return _float(text)
    except ValueError:
        return 0.0


def _float(text: str) -> float:
    if _DECIMAL.fullmatch(text):
        return float(text)
    bare = text[1:] if text[:1] in ("+", "-") else text
    special = _SPECIAL.get(bare.lower())
    if special is not None and not (math.isnan(special) and bare != text):
        return -special if text[0] == "-" else special
    if _HEXADECIMAL.fullmatch(text) and not _BAD_UNDERSCORE.search(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except OverflowError:
            return -math.inf if text[0] == "-" else math.inf
    raise ValueError(text)


def format_float(value: float) -> str:
    """Write a float with the fewest digits that read back the same, never with an exponent (FormatFloat 'f', -1)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value.is_integer() and -1e15 < value < 1e15 and value != 0:
        return str(int(value))
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_general(value: float) -> str:
    """Write a float as fmt's `%v` does: fewest digits, an exponent below 1e-4 and from 1e+06 on."""
    return _with_exponent(value, -4, 6)


def _with_exponent(value: float, least: int, limit: int) -> str:
    if not math.isfinite(value) or value == 0:
        return format_float(value)
    decimal = Decimal(repr(value))
    exponent = decimal.adjusted()
    if least <= exponent < limit:
        return format_float(value)
    digits = "".join(map(str, decimal.as_tuple().digits)).rstrip("0")
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{'-' if value < 0 else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def format_json(value: float) -> str:
    """Write a float as encoding/json does: an exponent, without a leading zero, below 1e-6 and from 1e+21 on."""
    text = _with_exponent(value, -6, 21)
    return text.replace("e-0", "e-") if "e-0" in text else text


def quote(text: str) -> str:
    r"""Write a text as a Go string literal (`strconv.Quote`): \n and the like, \x.. below space, \u.... if unprintable."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(_quoted(char) for char in text) + '"'


def _quoted(char: str) -> str:
    escape = _ESCAPES.get(char)
    if escape is not None:
        return escape
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte that came in through surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _shown(text: str) -> str:
    """Return a short quoted form of user text for an error message."""
    return quote(text if len(text) <= 80 else text[:77] + "...")
