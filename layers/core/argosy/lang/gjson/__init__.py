"""gjson paths on raw JSON text.

In: a JSON document as text and a path such as `body.items.#(id==7).name`; out: a `Result` that holds the exact slice of
the document. Called by data filters, trigger parameters, transforms and sjson. Behaves as tidwall/gjson 1.19 (MIT), the
library behind Argo's data filters; the modules follow its parts: `scan` (text), `paths` (syntax), `search` (the walk),
`modifiers`, `pretty`, `glob`, and `plain`, the quick way for dotted paths.

On purpose different: a document or path nested so deep that Python's stack ends is an EvaluationError; Go's stack grows.
"""

from __future__ import annotations

import functools

from argosy.errors import EvaluationError
from argosy.lang.gjson import plain, search
from argosy.lang.gjson.result import Kind, Result
from argosy.lang.gjson.validity import valid

__all__ = ["Kind", "Path", "Result", "compile", "get", "valid"]


class Path:
    """A path, split once and used on many documents."""

    __slots__ = ("_steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = plain.steps(text)

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    def get(self, document: str) -> Result:
        """Resolve the path in a document, which should be valid JSON. Raises EvaluationError only on absurd nesting."""
        if self._steps is not None:
            found = plain.find(document, self._steps)
            if found is not None:
                return found
        try:
            return search.get(document, self.text)
        except RecursionError:
            raise EvaluationError(
                f"path {self.text[:60]!r}: the document or the path is nested too deep; the limit is some hundred levels"
            ) from None


@functools.lru_cache(maxsize=2048)
def compile(path: str) -> Path:
    """Return the reusable form of a path. Every text is a path; a senseless one leads nowhere."""
    return Path(path)


def get(document: str, path: str) -> Result:
    """Resolve a path in a document once."""
    return compile(path).get(document)
