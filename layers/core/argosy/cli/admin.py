"""`argosy admin export`, `import` and `uninstall`, as `argocd admin` has the first two.

They work on an installation as a whole, whichever way leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from argosy.cli import settings
from argosy.cli.inputs import load
from argosy.cli.options import Data, connected
from argosy.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from argosy.cli.client import Client
    from argosy.cli.client.contexts import Target
    from argosy.services.applied import Applied

__all__ = ["app"]

app = typer.Typer(help="An installation as a whole: take it along, bring it back, take it down.", no_args_is_help=True)
app.add_typer(settings.app, name="settings")

_LOOK_SECONDS = 2.0
_TRIES = 5


@app.callback()
def admin() -> None:
    """An installation as a whole: take it along, bring it back, take it down."""


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; standard output if left out.")] = None,
    data: Data = None,
) -> None:
    """Print every declaration as YAML that `argosy admin import` takes, and `argosy apply` and kubectl as well.

    Secrets are not in it: declarations name them, and they stay where they are.
    """
    from argosy.local.devcluster.files import write_private
    from argosy.resources.yamlwriter import write_value
    from argosy.services.transfer import portable

    with connected(context, data) as client:
        bodies = [portable(body) for body in _everything(client)]
    text = "---\n".join(write_value(body) for body in bodies)
    if out is None:
        typer.echo(text, nl=False)
    else:
        try:
            write_private(out, text)
        except OSError as x:
            raise Unavailable(f"{out}: cannot be written: {x.strerror}") from x
    typer.echo(f"{len(bodies)} objects", err=True)


@app.command(name="import")
def import_(
    context: typer.Context,
    filename: Annotated[str, typer.Argument(help="What `export` has written; - for standard input.")],
    prune: Annotated[bool, typer.Option("--prune", help="Delete what is not in the file.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    data: Data = None,
) -> None:
    """Apply everything in a file, in parts of two megabytes; a part that fails leaves those before it done."""
    from argosy.services.applied import Applied, unique
    from argosy.services.transfer import groups, plan

    manifests = list(unique(load([filename]), "default"))
    with connected(context, data, make=not dry_run) as client:
        todo = plan(_everything(client), manifests, "default", prune=prune)
        if dry_run:
            keys = [(one.kind, one.namespace or "default", one.name) for one in todo.apply]
            _say([Applied(*key, "applied (dry run)") for key in keys])
            _say([Applied(*key, "deleted (dry run)") for key in todo.delete])
        else:
            for part in groups(todo.apply):
                _say(client.apply(part, "default"))
            if todo.delete:
                _say(client.delete(todo.delete))
    typer.echo(f"{len(todo.apply)} to apply, {len(todo.delete)} to delete, {todo.unchanged} unchanged", err=True)


@app.command()
def uninstall(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until everything is disconnected.")] = 300.0,
    data: Data = None,
) -> None:
    """Delete every declaration, event sources first, and wait until nothing outside is connected any more.

    Mappings, subscriptions, rules and hooks at Git hosts are no part of a stack: deleting it would leave them behind.
    """
    from argosy.cli.client.target import choose
    from argosy.ports.clock import SystemClock

    target = choose(context.obj, data)
    with connected(context, data) as client:
        bodies = _everything(client)
        if not yes:
            typer.confirm(f"Delete all {len(bodies)} declarations of the {target}?", abort=True)
        sources = [body for body in bodies if body["kind"] == "EventSource"]
        _delete(client, sources)
        _wait(client, SystemClock(), timeout)
        _delete(client, [body for body in bodies if body["kind"] != "EventSource"])
    typer.echo(f"the {target} holds no declarations and is connected to nothing; {_last_step(target)}")


def _last_step(target: Target) -> str:
    if target.stack:
        return f"`sam delete --stack-name {target.stack}` removes it, but for its table and bucket (docs/guide/aws.md)"
    return "stop `argosy up` and delete its data directory to remove it"


def _everything(client: Client) -> list[dict[str, Any]]:
    from argosy.services.kinds import KINDS

    return [dict(body) for kind in sorted(KINDS) for body in client.listing(kind, None).items]


def _delete(client: Client, bodies: Sequence[dict[str, Any]]) -> None:
    """Delete them, also while somebody else writes. Raises Conflict when that has no end."""
    for left in reversed(range(_TRIES)):
        keys = [_key(body) for body in bodies]
        try:
            for start in range(0, len(keys), 1_000):
                _say(client.delete(keys[start : start + 1_000]))
        except Conflict:
            if not left:
                raise
            there = {_key(body) for body in _everything(client)}
            bodies = [body for body in bodies if _key(body) in there]
        else:
            return


def _key(body: dict[str, Any]) -> tuple[str, str, str]:
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def _wait(client: Client, clock: Any, timeout: float) -> None:
    end = clock.now().timestamp() + timeout
    while left := client.connections():
        if clock.now().timestamp() >= end:
            told = "\n".join(f"  {one['type']} {one['source']}: {one['problem'] or 'not answered yet'}" for one in left)
            raise Conflict(
                f"still connected after {timeout:g} s, so the rest was left as it is:\n{told}\n"
                "mend what they say and run this again"
            )
        if not clock.sleep(_LOOK_SECONDS):
            raise Unavailable("interrupted")


def _say(results: Sequence[Applied]) -> None:
    """As kubectl says it, and where: these commands go through all namespaces."""
    for each in results:
        typer.echo(f"{each.kind.lower()}.argoproj.io/{each.name} in {each.namespace} {each.what}")
