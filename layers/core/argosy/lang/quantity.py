"""Kubernetes quantities: `500m`, `1.5Gi`, `2e3` (k8s.io/apimachinery v0.34, pkg/api/resource).

In: texts. Out: `Quantity`, exact. Called wherever resources are compared or added up. As upstream, no value is finer than
10⁻⁹ (rounded away from zero), binary ones are capped at 2⁶³-1, and no digits at all are 0. What differs: `1000E` and the
like, which upstream prints without a suffix once they were computed with, keep theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final

from argosy.errors import EvaluationError

__all__ = ["Family", "Quantity", "parse"]

_TEXT: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*(?:[+-]?[0-9]+)?)\Z", re.ASCII)
_EXPONENT: Final = re.compile(r"[eE]([+-]?[0-9]{1,9})\Z", re.ASCII)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX: Final = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX: Final = {0: "", **{exponent: suffix for suffix, exponent in _BINARY.items()}}
_NANO: Final = -9
_MOST: Final = 2**63 - 1
_LONGEST: Final = 200
_FAST_DIGITS: Final = 18  # digits that upstream always keeps in 64 bits
_FAST_BINARY: Final = 15
_MOST_EXPONENT: Final = 1_000


class Family(Enum):
    """How a quantity is written."""

    DECIMAL = "decimal"
    BINARY = "binary"
    EXPONENT = "exponent"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount. `text`: as it was given, where that is a form to keep, else ""."""

    value: Fraction
    family: Family
    text: str = ""

    def __str__(self) -> str:
        """Upstream's `Quantity.String`."""
        return self.text or _canonical(self.value, self.family)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.value > 0) - (self.value < 0)

    def scaled(self, exponent: int) -> int:
        """How many 10^`exponent` it is, rounded away from zero: 0 for whole ones, -3 for thousandths."""
        return _away(self.value / Fraction(10) ** exponent)

    def __add__(self, other: Quantity) -> Quantity:
        return self._with(other, self.value + other.value)

    def __sub__(self, other: Quantity) -> Quantity:
        return self._with(other, self.value - other.value)

    def _with(self, other: Quantity, value: Fraction) -> Quantity:
        return Quantity(value, self.family if self.value else other.family)


def parse(text: str) -> Quantity:
    """The quantity that `text` says. Raises EvaluationError."""
    found = _TEXT.match(text) if len(text) <= _LONGEST else None
    if found is None or not text:
        raise _bad(text)
    sign, whole, fraction, suffix = found[1], found[2], found[3] or "", found[4]
    base, exponent, family = _suffix(text, suffix)
    digits = whole.lstrip("0") or "0"
    amount, kept = _amount(digits, fraction, base, exponent)
    value = -amount if sign == "-" else amount
    if not kept and family is Family.BINARY and 0 < amount < 1:
        family = Family.DECIMAL  # upstream: "this avoids rounding and hopefully confusion, too"
    keep = kept and not fraction and value != 0 and _in_largest_form(int(digits), exponent, family, value)
    return Quantity(value, family, text if keep else "")


def _bad(text: str) -> EvaluationError:
    return EvaluationError(
        f"{text[:_LONGEST]!r} is no quantity: "
        "a number and one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3"
    )


def _suffix(text: str, suffix: str) -> tuple[int, int, Family]:
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix], Family.DECIMAL
    if suffix in _BINARY:
        return 2, _BINARY[suffix], Family.BINARY
    found = _EXPONENT.match(suffix)
    if found is None or abs(int(found[1])) > _MOST_EXPONENT:
        raise _bad(text)
    return 10, int(found[1]), Family.EXPONENT


def _amount(digits: str, fraction: str, base: int, exponent: int) -> tuple[Fraction, bool]:
    """The amount without its sign, and whether upstream has kept it in 64 bits, where nothing is rounded or capped."""
    exact = Fraction(int(digits + fraction), 10 ** len(fraction)) * Fraction(base) ** exponent
    if base == 10:
        fits = _FAST_DIGITS - len(digits) - len(fraction) >= 0 and exponent - len(fraction) >= _NANO
    else:
        fits = not fraction and _FAST_BINARY - len(digits) - exponent * 3 // 10 - 1 >= 0
    if fits:
        return exact, True
    rounded = _away(exact * 10**9) / Fraction(10**9)
    return (min(rounded, Fraction(_MOST)), not fraction) if base == 2 else (rounded, False)


def _away(value: Fraction) -> int:
    """The nearest whole number away from zero."""
    return -(-value.numerator // value.denominator) if value > 0 else value.numerator // value.denominator


def _in_largest_form(digits: int, exponent: int, family: Family, value: Fraction) -> bool:
    """Whether mantissa and suffix are those that the canonical form has."""
    base = 2 if family is Family.BINARY else 10
    if digits * Fraction(base) ** exponent != abs(value):
        return False
    if family is Family.BINARY and abs(value) < 1024:
        return exponent == 0
    return _shape(value, family) == (digits, exponent)


def _shape(value: Fraction, family: Family) -> tuple[int, int]:
    """Whole mantissa (without sign) and exponent, the largest of the family."""
    if family is Family.BINARY:
        mantissa, exponent = int(abs(value)), 0
        while mantissa % 1024 == 0 and exponent < 60:
            mantissa, exponent = mantissa // 1024, exponent + 10
        return mantissa, exponent
    mantissa, exponent = _away(abs(value) * 10**9), _NANO
    most = max(_DECIMAL_SUFFIX) if family is Family.DECIMAL else _MOST_EXPONENT
    while mantissa % 1000 == 0 and exponent < most:
        mantissa, exponent = mantissa // 1000, exponent + 3
    return mantissa, exponent


def _canonical(value: Fraction, family: Family) -> str:
    if value == 0:
        return "0"
    if family is Family.BINARY and (abs(value) < 1024 or value.denominator != 1):
        family = Family.DECIMAL
    mantissa, exponent = _shape(value, family)
    if family is Family.EXPONENT:
        suffix = f"e{exponent}" if exponent else ""
    else:
        suffix = (_BINARY_SUFFIX if family is Family.BINARY else _DECIMAL_SUFFIX)[exponent]
    return f"{'-' if value < 0 else ''}{mantissa}{suffix}"
