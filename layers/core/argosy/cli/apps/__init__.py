"""`argosy app`: the verbs of `argocd app`, on the Applications of a cluster, as `argocd --core` acts on them."""

from __future__ import annotations

import typer

from argosy.cli.apps import acting, comparing, core, creating, editing, logs, operating, reading, sources

__all__ = ["app"]

app = typer.Typer(
    cls=core.Group, callback=core.remember, no_args_is_help=True, help="Applications, as argocd app has them."
)
reading.register(app)
comparing.register(app)
operating.register(app)
creating.register(app)
editing.register(app)
sources.register(app)
logs.register(app)
app.add_typer(acting.app, name="actions", help="What may be done with the objects of an application.")
