"""`argosy proj`: the verbs of `argocd proj`, on the AppProjects of a cluster."""

from __future__ import annotations

import typer

from argosy.cli.apps import core
from argosy.cli.projects import permitting, verbs, windows

__all__ = ["app"]

app = typer.Typer(
    cls=core.Group, callback=core.remember_control, no_args_is_help=True, help="Projects, as argocd proj has them."
)
verbs.register(app)
permitting.register(app)
app.add_typer(windows.app, name="windows", help="The sync windows of a project.")
