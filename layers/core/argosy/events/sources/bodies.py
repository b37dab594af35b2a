"""What payloads are made of: a message's body and the entry's metadata, as Go's encoder writes them.

Follows `pkg/apis/events/v1alpha1` (the data structs: `json.RawMessage` for bodies that are JSON, `[]byte`, hence base64,
for all others) of Argo Events 1.9.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

import orjson

from argosy.errors import EvaluationError
from argosy.lang import gjson

__all__ = ["compact_json", "embedded_body", "with_metadata"]

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS = re.compile(_STRING)
_OUTSIDE_TEXT = re.compile(rb"(" + _STRING + rb")|[ \t\r\n]++")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_MAX_NESTING = 10_000  # as deep as Go's decoder goes


def embedded_body(body: bytes, *, as_json: bool) -> bytes:
    """A message's body as a JSON value: itself when `as_json` (`jsonBody`), else base64 text.

    Raises EvaluationError when it should be JSON and is not.
    """
    if not as_json:
        return b'"' + base64.b64encode(body) + b'"'
    written = compact_json(body)
    if written is None:
        raise EvaluationError("the body is not JSON, but jsonBody asks for it")
    return written


def with_metadata(start: bytes, metadata: Mapping[str, str]) -> str:
    """End a payload: `start` is its JSON without the closing brace; empty metadata is left out."""
    tail = b',"metadata":' + orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS) if metadata else b""
    return (start + tail + b"}").decode()


def compact_json(body: bytes) -> bytes | None:
    """Valid JSON without blanks and with `<>&` escaped, as Go's encoder writes a RawMessage; None when it is not JSON."""
    written = b""
    try:
        written = orjson.dumps(orjson.loads(body))
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
        if _too_deep(body) or not gjson.valid(text):
            return None
        body = text.encode()
    except orjson.JSONEncodeError:
        pass  # nested too deeply to be written: it is valid all the same
    if written != body:
        body = _OUTSIDE_TEXT.sub(rb"\1", body)
    for sign, code in ((b"<", rb"\u003c"), (b">", rb"\u003e"), (b"&", rb"\u0026")):
        if sign in body:
            body = body.replace(sign, code)
    return body


def _too_deep(body: bytes) -> bool:
    if body.count(b"[") + body.count(b"{") <= _MAX_NESTING:
        return False
    depth = deepest = 0
    for sign in _STRINGS.sub(b"", body).translate(None, delete=_NO_BRACKETS):
        depth += 1 if sign in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > _MAX_NESTING
