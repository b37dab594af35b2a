"""The command `argosy`."""

from __future__ import annotations

import sys

import typer

from argosy.cli import admin, agents, clusters, contexts, dev, events, invoke, objects, options, up
from argosy.errors import ArgosyError

__all__ = ["app", "main"]

app = typer.Typer(
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
