"""Waiting for an Application, with what happens to its objects shown meanwhile.

In: what is waited for. Out: the Application as it is in the end. On a terminal the objects are one table that changes in
place; else every change is a line, as argocd prints them. The API server is asked twice a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import typer

from argosy.cli.apps.live import with_health
from argosy.cli.apps.printing import print_operation, print_resources, print_summary
from argosy.cli.apps.store import Applications, application
from argosy.errors import NotFound, Permanent, Unavailable
from argosy.gitops.waiting import Awaited, Selector, States, reached, states, worsened
from argosy.resources.application import Application

__all__ = ["LOOK_SECONDS", "Waiting", "until"]

LOOK_SECONDS: Final = 0.5
_HEADING: Final = ("TIMESTAMP", "GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "HOOK", "MESSAGE")
_WIDTHS: Final = (25, 10, 12, 15, 24, 10, 11, 8, 0)

type Show = Callable[[States], object]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One wait. `timeout`: seconds, 0 for ever. `quiet`: nothing but errors is shown (`-o json`)."""

    store: Applications
    awaited: Awaited
    selectors: Sequence[Selector] = ()
    timeout: float = 0
    quiet: bool = False
    _states: dict[str, States] = field(default_factory=dict)

    def until_reached(self, name: str) -> Application:
        """Wait. Raises Unavailable when time is up, Permanent when an object degrades meanwhile."""
        began = time.monotonic()
        with _shown(self.quiet) as show:
            while True:
                app = application(self.store.get(name))
                if self.selectors and self.awaited != Awaited(operation=True):
                    app = with_health(self.store, app)  # of single objects the status does not tell it
                now = states(app, self.selectors)
                if reached(app, self.awaited, self.selectors):
                    show(now)
                    break
                healths = worsened(self._states.get(name, {}), now, self.awaited)
                self._states[name] = now
                show(now)
                if healths is not None:
                    self.finish(app)
                    said = f"application '{name}' health state has transitioned from {healths[0]} to {healths[1]}"
                    raise Permanent(said)
                if self.timeout and time.monotonic() - began > self.timeout:
                    self.finish(app)
                    raise Unavailable(f"timed out ({self.timeout:g}s) waiting for app '{name}' match desired state")
                time.sleep(LOOK_SECONDS)
        self.finish(app)
        return app

    def until_gone(self, name: str) -> None:
        """Wait until it is deleted. Raises Unavailable when time is up."""

        def gone() -> bool:
            try:
                self.store.get(name)
            except NotFound:
                return True
            return False

        until(gone, self.timeout, f"timed out ({self.timeout:g}s) waiting for app '{name}' to be deleted")
        typer.echo(f"application '{name}' deleted")

    def finish(self, app: Application) -> None:
        """Show how it is now."""
        if self.quiet:
            return
        typer.echo()
        print_summary(app, self.store.known_windows(app))
        if self.awaited.operation and app.status.operation_state is not None:
            typer.echo()
            print_operation(app.status.operation_state)
        print_resources(with_health(self.store, app))


def until(condition: Callable[[], Any], timeout: float, late: str) -> None:
    """Ask until it is true; `timeout` 0 is for ever. Raises Unavailable with `late`."""
    began = time.monotonic()
    while not condition():
        if timeout and time.monotonic() - began > timeout:
            raise Unavailable(late)
        time.sleep(LOOK_SECONDS)


@contextmanager
def _shown(quiet: bool) -> Iterator[Show]:
    if quiet:
        yield lambda _: None
    elif sys.stdout.isatty():
        with _table() as show:
            yield show
    else:
        yield _Lines()


class _Lines:
    """A line for every object that has changed."""

    def __init__(self) -> None:
        self._before: States = {}

    def __call__(self, now: States) -> None:
        changed = [row for key, row in now.items() if list(self._before.get(key, ())) != list(row)]
        if changed and not self._before:
            typer.echo(_line(_HEADING))
        for row in changed:
            typer.echo(_line((datetime.now(UTC).isoformat(timespec="seconds"), *row)))
        self._before = now


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


@contextmanager
def _table() -> Iterator[Show]:
    from rich.live import Live
    from rich.table import Table

    from argosy.cli.apps.printing import coloured

    with Live(auto_refresh=False, transient=True) as live:

        def show(now: States) -> None:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for title in _HEADING[1:]:
                table.add_column(title, overflow="fold")
            for row in now.values():
                table.add_row(*(coloured(cell) for cell in row))
            live.update(table, refresh=True)

        yield show
