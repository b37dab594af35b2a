"""The command `argosy`."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup

from argosy.cli import admin, agents, clusters, contexts, dev, events, invoke, objects, options, rollouts, up
from argosy.errors import ArgosyError

__all__ = ["app", "main"]

_LATER: Final = {
    "app": ("argosy.cli.apps", "app"),
    "gpg": ("argosy.cli.gpg", "app"),
    "proj": ("argosy.cli.projects", "app"),
    "repo": ("argosy.cli.repositories", "repos"),
    "repocreds": ("argosy.cli.repositories", "credentials"),
}
"""Groups that are imported only when they are asked for: they know much of GitOps, which takes its time."""


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_LATER]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _LATER:
            return super().get_command(ctx, cmd_name)
        module, name = _LATER[cmd_name]
        found = typer.main.get_command(getattr(importlib.import_module(module), name))
        found.name = cmd_name
        return found


app = typer.Typer(
    cls=_Commands,
    name="argosy",
    help="The Argo stack as serverless functions: the same manifests, nothing always on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(options.remember)
up.register(app)
objects.register(app)
invoke.register(app)
app.add_typer(events.app, name="events", help="Events on their way, and those that came to nothing.")
app.add_typer(clusters.app, name="cluster", help="The clusters of an installation, and how their agents fare.")
app.add_typer(agents.app, name="agent", help="The agent: the one part of Argosy that runs in a cluster.")
app.add_typer(rollouts.app, name="rollouts", help="Canaries and blue-green rollouts of a cluster.")
app.add_typer(contexts.app, name="context", help="Installations remembered by name.")
app.add_typer(admin.app, name="admin", help="An installation as a whole: take it along, bring it back, take it down.")
app.add_typer(dev.app, name="dev", help="Things for development and trying out.")


def main() -> None:
    """Run the command; an error of ours is one clear text on standard error and exit code 1."""
    try:
        app(options.hoisted(sys.argv[1:]))
    except ArgosyError as x:
        sys.stderr.write(f"error: {x}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
