"""Regular expressions with the syntax and the linear run time of Go's `regexp`.

In: a pattern of the user and a text; out: matches, replacements, parts. Called by data filters, label checks, expr's
`matches` and templates. Runs on RE2, the engine that Go's package was written after; no input makes it hang.

On purpose different: nothing known. What the two engines read differently (`$1` in replacements, empty matches in
`split`) is settled here as Go does it.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Any

import re2

from argosy.errors import EvaluationError

__all__ = ["Match", "Pattern", "compile", "quoted"]

_PLAIN = re.compile(r"[A-Za-z0-9 _/:@,;=<>!#%&'\"-]+")
_MAX_MEMORY = 8 << 20
_REFERENCE = re.compile(r"\$(?:(\$)|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})", re.ASCII)

type Match = list[str | None]
"""The whole match and its groups; None for a group that took no part."""


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_compiled", "_literal", "_names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MAX_MEMORY
        try:
            self._compiled: Any = re2.compile(text, options)
        except (re2.error, UnicodeEncodeError) as error:
            raise EvaluationError(
                f"pattern {text[:120]!r} is no regular expression of Go's kind (RE2): {_reason(error)}"
            ) from error
        self._names: dict[str, int] = dict(self._compiled.groupindex)
        self._literal = _PLAIN.fullmatch(text) is not None

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches anywhere in a text."""
        if self._literal:
            return self.text in text
        return self._compiled.search(_clean(text)) is not None

    def find(self, text: str) -> Match | None:
        """Return the leftmost match, None when there is none."""
        found = self._compiled.search(_clean(text))
        return None if found is None else [found.group(0), *found.groups()]

    def find_all(self, text: str, limit: int = -1) -> list[str]:
        """Return the first `limit` matches (all below 0) that do not overlap; an empty one behind another does not count."""
        found = (match.group(0) for match in self._matches(_clean(text)))
        return list(found if limit < 0 else itertools.islice(found, limit))

    def replace(self, text: str, template: str) -> str:
        """Replace all matches; `$1`, `${1}`, `$name` and `${name}` stand for groups, `$$` for a dollar."""
        text = _clean(text)
        out: list[str] = []
        end = 0
        for found in self._matches(text):
            out.append(text[end : found.start()])
            out.append(_REFERENCE.sub(functools.partial(self._expand, found), template))
            end = found.end()
        out.append(text[end:])
        return "".join(out)

    def replace_literal(self, text: str, replacement: str) -> str:
        """Replace all matches by a text that is taken as it stands."""
        return self.replace(text, replacement.replace("$", "$$"))

    def split(self, text: str, limit: int = -1) -> list[str]:
        """Return the parts between the matches, at most `limit` of them when that is not below 0 (`Regexp.Split`)."""
        text = _clean(text)
        if limit == 0:
            return []
        if self.text and not text:
            return [""]
        parts: list[str] = []
        begin = end = 0
        for found in self._matches(text):
            if len(parts) == limit - 1:
                break
            if found.end() == 0:
                continue
            end = found.start()
            parts.append(text[begin:end])
            begin = found.end()
        if end != len(text):
            parts.append(text[begin:])
        return parts

    def _matches(self, text: str) -> Iterator[Any]:
        last = -1
        for found in self._compiled.finditer(text):
            if found.start() == found.end() == last:
                continue
            last = found.end()
            yield found

    def _expand(self, found: Any, reference: re.Match[str]) -> str:
        dollar, bare, braced = reference.groups()
        if dollar:
            return "$"
        name = bare or braced
        number = int(name) if name.isdigit() and len(name) < 5 else self._names.get(name, -1)
        return (found.group(number) or "") if 0 <= number <= self._compiled.groups else ""


@functools.lru_cache(maxsize=1024)
def compile(pattern: str) -> Pattern:
    """Compile a pattern. Raises EvaluationError when Go would refuse it too."""
    return Pattern(pattern)


def quoted(text: str) -> str:
    """A pattern that matches exactly `text`, also within a class."""
    return "".join(
        char if char.isalnum() or char == "_" or not char.isascii() else f"\\x{ord(char):02x}" for char in text
    )


def _clean(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 engine takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _reason(error: Exception) -> str:
    cause = error.args[0] if error.args else error
    return cause.decode(errors="replace") if isinstance(cause, bytes) else str(cause)
