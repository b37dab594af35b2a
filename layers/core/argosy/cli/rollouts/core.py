"""What all verbs of `argosy rollouts` have in common."""

from __future__ import annotations

from typing import Annotated, Final

import typer

__all__ = ["API", "Name", "Names", "Namespace"]

API: Final = "argoproj.io/v1alpha1"

Name = Annotated[str, typer.Argument(help="Name of the Rollout.")]
Names = Annotated[list[str], typer.Argument(help="Names, one or more.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="The namespace (default: the kubeconfig's).")]
