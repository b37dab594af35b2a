"""`argosy invoke`: run the handler of one function here, as Lambda would, on this machine's data directory.

In: a function's name and an event of AWS's shape (the folder `events/` has one recorded for each). Out: the answer as JSON
on standard output; logs, and what a failing function has to say, on standard error. What the function sends goes to
the data directory's queues, and an instance that runs there takes it up.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from argosy.cli.options import Data
from argosy.errors import ArgosyError, InvalidObject, NotFound

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("invoke")(invoke)


def invoke(
    context: typer.Context,
    function: Annotated[str, typer.Argument(help="Name of a function: a folder below functions/.")],
    event: Annotated[
        str,
        typer.Option("--event", "-e", help="File with the event as JSON, such as events/webhook.json; - for input."),
    ],
    data: Data = None,
) -> None:
    """Run a function's handler on this machine and print its answer."""
    from argosy.cli.client.target import choose, data_directory

    target = choose(context.obj, data)
    if target.stack or target.server:
        raise InvalidObject(f"functions are invoked on this machine, and this is for {target}; --data DIR says where")
    # Powertools' logger takes standard output as it is when a function is loaded: that belongs to the answer.
    with contextlib.redirect_stdout(sys.stderr):
        answer = _answer(function, _event(event), data_directory(target))
    typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


def _answer(name: str, event: dict[str, Any], folder: Path) -> Any:
    from argosy.local.assembly import assemble
    from argosy.local.console import configure_logging
    from argosy.local.datadir import DataDir
    from argosy.local.functions import Context, handler
    from argosy.local.wake import Waker
    from argosy.services.runtime import use

    handle = handler(name)
    configure_logging()
    data = DataDir(folder)
    embedded = assemble(data, serving=True)
    try:
        use(embedded.runtime)
        return _called(handle, name, event, Context(name))
    finally:
        embedded.runtime.outcomes.write(now=True)
        embedded.runtime.history.write(now=True)
        embedded.close()
        for process in ("gateway", "worker"):
            waker = Waker(data.pipe(process))
            waker.wake()
            waker.close()


def _called(handle: Any, name: str, event: dict[str, Any], context: Any) -> Any:
    try:
        return handle(event, context)
    except ArgosyError:
        raise
    except Exception as x:
        traceback.print_exc()
        what = f"{type(x).__name__}: {x}"
        raise InvalidObject(
            f"function {name} failed on this event: {what}; see events/{name}.json for its shape"
        ) from x


def _event(name: str) -> dict[str, Any]:
    where = "standard input" if name == "-" else name
    try:
        text = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as x:
        raise NotFound(f"event file {name} cannot be read: {x.strerror}") from x
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError as x:
        raise InvalidObject(f"not JSON: {x}", file=where) from x
    if not isinstance(event, dict):
        raise InvalidObject("an event is a JSON object", file=where)
    return event
