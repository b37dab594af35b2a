"""What one rendering may cost.

Templates are user code: they get a number of iterations, calls and characters, not a time, so that the same template on
the same data always ends the same way. The meter of the rendering under way stands in a context variable, because the
template functions are shared by all renderings.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from argosy.errors import EvaluationError

__all__ = ["MAX_ITEMS", "MAX_OUTPUT", "Limits", "metered", "spend", "weigh"]

MAX_OUTPUT = 4_000_000
"""Characters that a template may write, and that one function may return."""
MAX_ITEMS = 1_000_000
"""Elements of a list that a function may return."""

_MAX_ITERATIONS = 200_000
_MAX_CALLS = 200_000
_MAX_DEPTH = 100
_WORK = 50_000_000


class _Meter:
    """The work left, in characters handled, and what one iteration of this template counts as."""

    __slots__ = ("left", "step")

    def __init__(self, step: int) -> None:
        self.left = _WORK
        self.step = step


_current: ContextVar[_Meter | None] = ContextVar("argosy_template_meter", default=None)


@contextlib.contextmanager
def metered(source_length: int) -> Iterator[None]:
    """Give the rendering inside a fresh meter; iterations of long templates count for more."""
    token = _current.set(_Meter(1 + source_length // 32))
    try:
        yield
    finally:
        _current.reset(token)


def spend(amount: int) -> None:
    """Take work off the meter. Raises EvaluationError when nothing is left."""
    meter = _current.get()
    if meter is None:
        return
    meter.left -= amount
    if meter.left < 0:
        raise EvaluationError("the template does too much work: loops or texts are too large")


def weigh(value: object) -> int:
    """Return about how many characters a value stands for. Raises EvaluationError when it is too large to go on with."""
    if isinstance(value, str):
        if len(value) > MAX_OUTPUT:
            raise EvaluationError(f"a text of {len(value)} characters is too long, the limit is {MAX_OUTPUT}")
        return len(value)
    if isinstance(value, (list, tuple, dict)):
        if len(value) > MAX_ITEMS:
            raise EvaluationError(f"a list of {len(value)} elements is too long, the limit is {MAX_ITEMS}")
        return len(value)
    return 1


class Limits:
    """The execution budget handed to gotpl. It is read before each step, which is where the work of steps is counted."""

    max_output_chars = MAX_OUTPUT
    max_function_calls = _MAX_CALLS

    @property
    def max_iterations(self) -> int:
        """Read once per iteration of a range."""
        _step()
        return _MAX_ITERATIONS

    @property
    def max_template_depth(self) -> int:
        """Read once per call of a named template; without the count, two calls per level would double 100 times."""
        _step()
        return _MAX_DEPTH


def _step() -> None:
    meter = _current.get()
    spend(1 if meter is None else meter.step)
