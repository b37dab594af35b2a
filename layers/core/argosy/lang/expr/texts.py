"""The builtin functions on texts, and the checks of arguments that all builtins share.

In: evaluated arguments; out: texts, lists of texts and places in a text, or an EvaluationError. Places count bytes of
UTF-8, as in Go. Mirrors `builtin/builtin.go` of expr-lang/expr 1.17.8.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang.expr import values
from argosy.lang.expr.values import Texts, kind

__all__ = ["FUNCTIONS", "items_of", "text_of"]

_MAX_TEXT = 4_000_000


def text_of(value: object) -> str:
    """Return an argument that must be a text."""
    if not isinstance(value, str):
        raise EvaluationError(f"a text is needed, not a {kind(value)}")
    return value


def items_of(value: object) -> list[Any]:
    """Return an argument that must be a list."""
    if not isinstance(value, list):
        raise EvaluationError(f"a list is needed, not a {kind(value)}")
    return value


def _trim(text: Any, cutset: Any = None) -> str:
    return text_of(text).strip() if cutset is None else text_of(text).strip(text_of(cutset))


def _trim_prefix(text: Any, prefix: Any = " ") -> str:
    return text_of(text).removeprefix(text_of(prefix))


def _trim_suffix(text: Any, suffix: Any = " ") -> str:
    return text_of(text).removesuffix(text_of(suffix))


def _cased(text: str, change: Callable[[str], str]) -> str:
    """Change the case character by character, as Go does; what would become two characters stays."""
    if text.isascii():
        return change(text)
    return "".join(changed if len(changed := change(char)) == 1 else char for char in text)


def _upper(text: Any) -> str:
    return _cased(text_of(text), str.upper)


def _lower(text: Any) -> str:
    return _cased(text_of(text), str.lower)


def _pieces(text: str, separator: str, limit: int) -> list[str]:
    if limit == 0:
        return []
    if not separator:
        chars = list(text)
        return chars if limit < 0 or len(chars) <= limit else [*chars[: limit - 1], "".join(chars[limit - 1 :])]
    return text.split(separator, limit - 1) if limit > 0 else text.split(separator)


def _split(text: Any, separator: Any, limit: Any = -1) -> Texts:
    return Texts(_pieces(text_of(text), text_of(separator), values.to_int(limit)))


def _split_after(text: Any, separator: Any, limit: Any = -1) -> Texts:
    pieces = _pieces(text_of(text), text_of(separator), values.to_int(limit))
    return Texts([*(f"{piece}{separator}" for piece in pieces[:-1]), *pieces[-1:]])


def _replace(text: Any, old: Any, new: Any, limit: Any = -1) -> str:
    text_of(text), text_of(old), text_of(new)
    if text.count(old) * len(new) > _MAX_TEXT:
        raise EvaluationError("the result of replace would be too long")
    return str(text.replace(old, new, values.to_int(limit)))


def _repeat(text: Any, count: Any) -> str:
    times = values.to_int(count)
    if times < 0:
        raise EvaluationError("a text cannot be repeated less than no time")
    if times > 1_000_000 or times * len(text_of(text)) > _MAX_TEXT:
        raise EvaluationError("the result of repeat would be too long")
    return text_of(text) * times


def _join(items: Any, glue: Any = "") -> str:
    texts = [text_of(item) for item in items_of(items)]
    if len(texts) * len(text_of(glue)) + sum(map(len, texts)) > _MAX_TEXT:
        raise EvaluationError("the result of join would be too long")
    return str(glue).join(texts)


def _index_of(text: Any, part: Any) -> int:
    return text_of(text).encode("utf-8", "surrogatepass").find(text_of(part).encode("utf-8", "surrogatepass"))


def _last_index_of(text: Any, part: Any) -> int:
    return text_of(text).encode("utf-8", "surrogatepass").rfind(text_of(part).encode("utf-8", "surrogatepass"))


def _has_prefix(text: Any, part: Any) -> bool:
    return text_of(text).startswith(text_of(part))


def _has_suffix(text: Any, part: Any) -> bool:
    return text_of(text).endswith(text_of(part))


def _to_base64(text: Any) -> str:
    return base64.b64encode(text_of(text).encode("utf-8", "surrogatepass")).decode()


def _from_base64(text: Any) -> str:
    try:
        return base64.b64decode(text_of(text).replace("\r", "").replace("\n", ""), validate=True).decode(
            "utf-8", "replace"
        )
    except (binascii.Error, ValueError) as error:
        raise EvaluationError(f"{text[:60]!r} is not base64: {error}") from error


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "fromBase64": _from_base64,
    "hasPrefix": _has_prefix,
    "hasSuffix": _has_suffix,
    "indexOf": _index_of,
    "join": _join,
    "lastIndexOf": _last_index_of,
    "lower": _lower,
    "repeat": _repeat,
    "replace": _replace,
    "split": _split,
    "splitAfter": _split_after,
    "toBase64": _to_base64,
    "trim": _trim,
    "trimPrefix": _trim_prefix,
    "trimSuffix": _trim_suffix,
    "upper": _upper,
}
