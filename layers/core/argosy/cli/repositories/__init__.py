"""`argosy repo` and `argosy repocreds`: the verbs of `argocd repo` and `argocd repocreds`, on the Secrets of a cluster."""

from __future__ import annotations

import typer

from argosy.cli.apps import core
from argosy.cli.repositories import repositories, templates

__all__ = ["credentials", "repos"]

repos = typer.Typer(
    cls=core.Group, callback=core.remember_control, no_args_is_help=True, help="Repositories, as argocd repo has them."
)
repositories.register(repos)
credentials = typer.Typer(
    cls=core.Group,
    callback=core.remember_control,
    no_args_is_help=True,
    help="Credentials for all repositories below an address, as argocd repocreds has them.",
)
templates.register(credentials)
