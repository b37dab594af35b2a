"""The command `argosy`."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup

from argosy.cli import invoke, objects, options, up
from argosy.errors import ArgosyError

__all__ = ["app", "main"]

_GROUPS: Final = {
    "events": ("argosy.cli.events", "app"),
    "cluster": ("argosy.cli.clusters", "app"),
    "agent": ("argosy.cli.agents", "app"),
    "rollouts": ("argosy.cli.rollouts", "app"),
    "context": ("argosy.cli.contexts", "app"),
    "admin": ("argosy.cli.admin", "app"),
    "dev": ("argosy.cli.dev", "app"),
    "app": ("argosy.cli.apps", "app"),
    "gpg": ("argosy.cli.gpg", "app"),
    "proj": ("argosy.cli.projects", "app"),
    "repo": ("argosy.cli.repositories", "repos"),
    "repocreds": ("argosy.cli.repositories", "credentials"),
}
"""Each is imported, and its commands are made, when it is asked for: a command does not wait for all others."""


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _GROUPS:
            return super().get_command(ctx, cmd_name)
        module, name = _GROUPS[cmd_name]
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
