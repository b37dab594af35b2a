"""Label selectors as Kubernetes reads them: requirements on labels, their text, and whether labels meet them.

In: a key, an operator word and a value as `filter.labels[]` of a resource event source has them. Out: requirements, the
selector text that an API server takes, yes or no. Follows `labels.NewRequirement` and `Requirement.Matches` of
apimachinery v0.34 (pkg/labels/selector.go) and `LabelSelector` in pkg/eventsources/sources/resource/start.go of Argo
Events 1.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import EvaluationError

__all__ = ["Requirement", "label_selector", "matches", "requirement", "selector_text"]

_PART: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_KEY: Final = re.compile(rf"(?:(?P<prefix>{_LABEL}(\.{_LABEL})*)/)?{_PART}")
_VALUE: Final = re.compile(rf"(?:{_PART})?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_LARGEST: Final = 1 << 63
_LONGEST_PREFIX: Final = 253
_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_TEXTS: Final = {"=": "=", "==": "==", "!=": "!=", "gt": ">", "lt": "<"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement: `operator` is =, ==, !=, in, notin, exists, !, gt or lt."""

    key: str
    operator: str
    values: Sequence[str] = ()

    def __str__(self) -> str:
        """As a selector has it."""
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
        return f"{self.key}{_TEXTS[self.operator]}{self.values[0]}"

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels meets it."""
        if self.operator in ("!=", "notin"):
            return labels.get(self.key) not in self.values
        if self.operator == "!":
            return self.key not in labels
        if self.key not in labels:
            return False
        if self.operator in ("gt", "lt"):
            found, bound = _integer(labels[self.key]), _integer(self.values[0])
            if found is None or bound is None:
                return False
            return found > bound if self.operator == "gt" else found < bound
        return self.operator == "exists" or labels[self.key] in self.values


def requirement(key: str, operator: str, value: str) -> Requirement:
    """The requirement that a key, an operator ("" = `=`) and a value make. Raises EvaluationError where Kubernetes does."""
    operator = operator or "="
    _check_key(key)
    if operator in ("exists", "!"):
        if value:
            raise EvaluationError(f"label {key}: the operator {operator} takes no value")
        return Requirement(key, operator)
    if operator not in (*_TEXTS, "in", "notin"):
        raise EvaluationError(f"label {key}: {operator!r} is not one of = == != in notin exists ! gt lt")
    values = tuple(value.split(",")) if operator in ("in", "notin") else (value,)
    for one in values:
        if not _VALUE.fullmatch(one):
            raise EvaluationError(
                f"label {key}: {one!r} is no label value (at most 63 letters, digits, '-', '_' and '.', a letter or digit "
                "at both ends)"
            )
    if operator in ("gt", "lt") and _integer(value) is None:
        raise EvaluationError(f"label {key}: {operator} compares integers, not {value!r}")
    return Requirement(key, operator, values)


def label_selector(selector: Mapping[str, Any]) -> list[Requirement]:
    """The requirements of a `metav1.LabelSelector`, as LabelSelectorAsSelector reads it. Raises EvaluationError."""
    found = [Requirement(key, "=", (value,)) for key, value in (selector.get("matchLabels") or {}).items()]
    for one in selector.get("matchExpressions") or ():
        operator = _OPERATORS.get(one.get("operator", ""))
        if operator is None:
            raise EvaluationError(f"{one.get('operator')!r} is not one of {' '.join(_OPERATORS)}")
        found.append(Requirement(one.get("key", ""), operator, tuple(one.get("values") or ())))
    return found


def selector_text(requirements: Iterable[Requirement]) -> str:
    """All of them as one selector, sorted by key as `Selector.String` has them."""
    return ",".join(str(one) for one in sorted(requirements, key=lambda one: one.key))


def matches(requirements: Iterable[Requirement], labels: Mapping[str, str]) -> bool:
    """Whether labels meet all of them."""
    return all(one.holds(labels) for one in requirements)


def _check_key(key: str) -> None:
    match = _KEY.fullmatch(key)
    if match is None or len(match["prefix"] or "") > _LONGEST_PREFIX:
        raise EvaluationError(
            f"{key!r} is no label key (a name of at most 63 letters, digits, '-', '_' and '.', after an optional domain "
            "and '/')"
        )


def _integer(text: str) -> int | None:
    if not _INTEGER.fullmatch(text) or len(text) > 20:
        return None
    number = int(text)
    return number if -_LARGEST <= number < _LARGEST else None
