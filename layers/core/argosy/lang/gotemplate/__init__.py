"""Go templates with sprig's functions.

In: a template text and plain data; out: text. Called for filter templates, trigger templates, ApplicationSets,
notifications. Behaves as Go 1.26 text/template with sprig 3.3.0, through the library gotpl 0.1.0 and the modules beside
this one, which put right what gotpl reads differently: `lookup` (fields), `builtins` (comparing, printing), `dates`,
`functions` (the table) and `meter` (what a rendering may cost).

On purpose different: no env, expandenv and getHostByName; the local zone is UTC; endless loops and giant texts end in
an EvaluationError. gotpl takes 0.1 s to import, so it is only loaded with the first template.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from argosy.errors import ArgosyError, EvaluationError

__all__ = ["SPRIG", "Functions", "Template", "as_float64", "compile"]

_MAX_SOURCE = 1_000_000
_CALLED_CHAIN = re.compile(
    r"""\"(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'|(?<![\w.$)])([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)+)""", re.DOTALL
)
_MISSING_KEY: dict[str, Literal["default", "zero", "error"]] = {
    "default": "default",
    "invalid": "default",
    "zero": "zero",
    "error": "error",
}


class Functions:
    """A table of functions for templates: Go's own, sprig's unless left out, and more on top of them.

    Make one per purpose and keep it: templates are cached by it.
    """

    def __init__(self, more: Mapping[str, Callable[..., Any]] | None = None, *, sprig: bool = True) -> None:
        self._more = dict(more or {})
        self._sprig = sprig

    @functools.cached_property
    def table(self) -> Any:
        """The functions by name, prepared for gotpl."""
        from gotpl.runtime.callables import PreparedFunctionRegistry

        from argosy.lang.gotemplate import functions

        base = functions.sprig_functions() if self._sprig else functions.builtin_functions()
        return PreparedFunctionRegistry({**base, **self._more}, includes_builtins=True)


SPRIG: Final = Functions()
NO_LIBRARY: Final = Functions(sprig=False)


class Template:
    """A parsed template, ready to be rendered many times."""

    __slots__ = ("_parsed", "text")

    def __init__(self, text: str, missing_key: str, functions: Functions, delimiters: tuple[str, str]) -> None:
        import gotpl

        from argosy.lang.gotemplate import lookup, meter

        self.text = text
        if len(text) > _MAX_SOURCE:
            raise self._failed(f"it is longer than {_MAX_SOURCE} characters")
        mode = _MISSING_KEY.get(missing_key)
        if mode is None:
            raise self._failed(f"there is no option missingkey={missing_key}; take default, zero or error")
        lookup.install()
        limits: Any = meter.Limits()

        def parse(source: str) -> gotpl.Template:
            table = functions.table
            return gotpl.Template(
                source, name="template", functions=table, missing_key=mode, delimiters=delimiters, budget=limits
            )

        # Whatever the library raises on the user's text is the text's error.
        try:
            self._parsed = parse(text)
        except Exception as error:
            again = _with_called_chains(text, functions, delimiters)
            if again == text:
                raise self._failed(error) from error
            try:
                self._parsed = parse(again)
            except Exception as second:
                raise self._failed(error) from second  # the first error speaks of the text that the user wrote

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    def render(self, data: object, *, now: datetime.datetime | None = None) -> str:
        """Execute the template on data made of dicts, lists and scalars; `now` fixes the clock.

        Raises EvaluationError when the template fails or does too much; nothing of its output is kept then.
        """
        from argosy.lang import times
        from argosy.lang.gotemplate import meter

        try:
            with times.fixed(now), meter.metered(len(self.text)):
                return self._parsed.render(data)
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, reason: object) -> EvaluationError:
        shown = self.text if len(self.text) <= 100 else self.text[:97] + "..."
        if isinstance(reason, RecursionError):
            reason = "it, or the data, is nested too deep"
        elif not isinstance(reason, ArgosyError | str) and not str(reason):
            reason = type(reason).__name__
        return EvaluationError(f"template {shown!r} failed: {reason}")


@functools.lru_cache(maxsize=1024)
def compile(
    text: str,
    *,
    missing_key: str = "default",
    functions: Functions = SPRIG,
    delimiters: tuple[str, str] = ("{{", "}}"),
) -> Template:
    """Parse a template. `missing_key` is Go's option (default, invalid, zero or error). Raises EvaluationError."""
    return Template(text, missing_key, functions, delimiters)


def _with_called_chains(text: str, functions: Functions, delimiters: tuple[str, str]) -> str:
    """Put parentheses around function names with members behind them, as in `now.Unix`, which gotpl cannot read."""

    def wrapped(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"({name}){match.group(2)}" if name is not None and name in functions.table else match.group()

    left, right = map(re.escape, delimiters)
    actions = re.compile(f"{left}.*?{right}", re.DOTALL)
    return actions.sub(lambda action: _CALLED_CHAIN.sub(wrapped, action.group()), text)


def as_float64(data: object) -> object:
    """Return a copy of JSON data whose integers are floats, which is how Go decodes JSON into `any`."""
    try:
        return _as_float64(data)
    except RecursionError:
        raise EvaluationError("the data of the template is nested too deep") from None


def _as_float64(data: object) -> object:
    if isinstance(data, dict):
        return {key: _as_float64(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_as_float64(value) for value in data]
    if isinstance(data, int) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            return float("inf") if data > 0 else float("-inf")
    return data
