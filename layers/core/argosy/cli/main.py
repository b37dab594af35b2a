"""The command `argosy`."""

from __future__ import annotations

import sys

import typer

from argosy.cli import dev, events, objects, up
from argosy.errors import ArgosyError

__all__ = ["app", "main"]

app = typer.Typer(
    name="argosy",
    help="The Argo stack as serverless functions: the same manifests, nothing always on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
up.register(app)
objects.register(app)
app.add_typer(events.app, name="events", help="Events on their way, and those that came to nothing.")
app.add_typer(dev.app, name="dev", help="Things for development and trying out.")


def main() -> None:
    """Run the command; an error of ours is one clear text on standard error and exit code 1."""
    try:
        app()
    except ArgosyError as x:
        sys.stderr.write(f"error: {x}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
