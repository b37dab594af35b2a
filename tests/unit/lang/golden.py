"""Reading of the golden corpora: inputs and answers recorded from the Go libraries that `argosy.lang` follows."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import pytest

HERE = pathlib.Path(__file__).parent / "golden"


def cases(name: str) -> list[Any]:
    """Return the cases of one corpus as pytest parameters."""
    recorded = json.loads((HERE / f"{name}.json").read_text())["cases"]
    return [pytest.param(case["input"], case["expect"], id=str(number)) for number, case in enumerate(recorded)]


def same(left: Any, right: Any) -> bool:
    """Compare as JSON; floats to nine digits."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left == right or math.isclose(left, right, rel_tol=1e-9)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    return type(left) is type(right) and bool(left == right)
