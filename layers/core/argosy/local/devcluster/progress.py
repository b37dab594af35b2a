"""How long things take, shown to a person or written to a log.

In: steps ("building kwok", usually so many seconds) and notes (one line). Out: a live bar on a terminal, one plain
line per step elsewhere, nothing with `QUIET`. Called by whatever obtains binaries or starts a cluster; rich is
imported only when a terminal is there to draw on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import Task
    from rich.progress_bar import ProgressBar

__all__ = ["QUIET", "PlainProgress", "Progress", "QuietProgress", "in_words", "shown_on"]

_NEVER_FULL = 0.97
"""The share of the bar that time alone may fill: the rest is for being done."""


class Progress(Protocol):
    """What long work tells about itself."""

    def note(self, line: str, /) -> None:
        """Say one line that stays."""

    def step(self, title: str, seconds: float, /) -> contextlib.AbstractContextManager[None]:
        """A piece of work that usually takes `seconds` when nothing is cached; it lasts as long as the context."""


class QuietProgress:
    """Says nothing."""

    def note(self, _line: str, /) -> None:
        """Drop the line."""

    def step(self, _title: str, _seconds: float, /) -> contextlib.AbstractContextManager[None]:
        """Nothing to show."""
        return contextlib.nullcontext()


QUIET = QuietProgress()


class PlainProgress:
    """One line per step, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def note(self, line: str) -> None:
        """The line, flushed."""
        print(line, file=self._stream, flush=True)

    @contextlib.contextmanager
    def step(self, title: str, seconds: float, /) -> Iterator[None]:
        """A line when the work begins: it is the only sign of life in a log for the next minutes."""
        self.note(f"{title} (up to {in_words(seconds)})" if seconds >= 1 else title)
        yield


class _BarProgress:
    """A bar per step that fills with time, since Go tells nothing about how far it is."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def note(self, line: str) -> None:
        """Above the bars."""
        self._bars.console.print(line, highlight=False, markup=False)

    @contextlib.contextmanager
    def step(self, title: str, seconds: float, /) -> Iterator[None]:
        """A running bar; full at the end, gone if the work failed."""
        task = self._bars.add_task(title, total=max(seconds, 0.1), usual=in_words(seconds))
        try:
            yield
        except BaseException:
            self._bars.remove_task(task)
            raise
        self._bars.update(task, completed=max(seconds, 0.1))


@contextlib.contextmanager
def shown_on(stream: TextIO) -> Iterator[Progress]:
    """Progress for `stream`: bars while the context lasts if it is a terminal, plain lines otherwise."""
    if not stream.isatty():
        yield PlainProgress(stream)
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import ProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress_bar import ProgressBar

    class Filling(ProgressColumn):
        max_refresh = 0.2

        def render(self, task: Task) -> ProgressBar:
            total = task.total or 1.0
            by_time = min(task.elapsed or 0.0, total * _NEVER_FULL)
            return ProgressBar(total=total, completed=total if task.finished else by_time, width=32)

    columns = (
        TextColumn("{task.description}"),
        Filling(),
        TimeElapsedColumn(),
        TextColumn("[dim]up to {task.fields[usual]}"),
    )
    with Bars(*columns, console=Console(file=stream)) as bars:
        yield _BarProgress(bars)


def in_words(seconds: float) -> str:
    """193 → '3m13s', 18 → '18s'."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"
