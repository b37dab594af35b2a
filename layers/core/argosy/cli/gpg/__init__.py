"""`argosy gpg`: the verbs of `argocd gpg`, on the ConfigMap of a cluster that has the keys commits are signed with."""

from __future__ import annotations

import typer

from argosy.cli.apps import core
from argosy.cli.gpg import verbs

__all__ = ["app"]

app = typer.Typer(
    cls=core.Group,
    callback=core.remember_control,
    no_args_is_help=True,
    help="Keys of OpenPGP, as argocd gpg has them.",
)
verbs.register(app)
