"""`argosy rollouts`: the verbs of `kubectl argo rollouts`, on the cluster of a kubeconfig.

What they do are merge patches of the Rollout (`argosy.rollouts.verbs`), so they work beside Argo's own plugin and with any
controller.
"""

from __future__ import annotations

import typer

from argosy.cli.rollouts import acting, viewing

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Rollouts of a cluster, as kubectl argo rollouts has them.")
acting.register(app)
viewing.register(app)
