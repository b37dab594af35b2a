"""Reads and writes JSON that came with an event, or that parameters have made, as Go's encoding/json does.

In: text that is valid JSON by its grammar; out: plain values. Half of a surrogate pair becomes U+FFFD, as in Go. What
no value can hold (a number beyond float64, nesting beyond the reader's limit) is an EvaluationError, so that a poison
event fails where it is used and nowhere else.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from argosy.errors import EvaluationError

__all__ = ["read_json", "write_json"]

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u(?P<half>[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def read_json(text: str) -> Any:
    """The value of a JSON text. Raises EvaluationError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return orjson.loads(_ESCAPE.sub(lambda found: r"\ufffd" if found["half"] else found[0], text))
    except orjson.JSONDecodeError as x:
        raise EvaluationError(f"not JSON that can be used: {x}") from x


def write_json(value: Any) -> str:
    """`value` as compact JSON. Raises EvaluationError when it is nested too deeply or no message could carry it."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as x:
        raise EvaluationError(f"cannot be written as JSON: {x}") from x
