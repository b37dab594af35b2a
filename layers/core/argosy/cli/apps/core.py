"""What the verbs of `argosy app` and `argosy proj` share: which cluster and namespace, and argocd's exit codes.

The options stand before or behind the verb, as argocd's do. An error of ours ends a command with 20, as argocd's
`ErrorGeneric`; what a verb was to find out (an operation that failed, a difference) ends it with 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from argosy.cli.apps.store import Applications
from argosy.cli.kube import Kubeconfig, KubeContext, opened
from argosy.cli.options import hoisted
from argosy.cli.switches import Verb
from argosy.errors import ArgosyError

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster
    from argosy.ports.cluster import Cluster

__all__ = ["FAILED", "GENERIC", "Group", "Verb", "connected", "ended", "reached", "remember", "store"]

FAILED: Final = 1
GENERIC: Final = 20
_SHARED: Final = ("--app-namespace", "-N", "--kube-context", "--kubeconfig")
_KEY: Final = "argosy.apps"


@dataclass(frozen=True, slots=True)
class _Where:
    control: str
    context: str
    kubeconfig: Path | None


class Group(TyperGroup):
    """Verbs whose shared options may stand anywhere."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        return super().parse_args(ctx, hoisted(args, _SHARED))

    def invoke(self, ctx: Any) -> Any:
        """See click."""
        try:
            return super().invoke(ctx)
        except ArgosyError as x:
            ended(str(x), GENERIC)


def remember(
    context: typer.Context,
    app_namespace: Annotated[
        str,
        typer.Option(
            "--app-namespace", "-N", envvar="ARGOCD_APP_NAMESPACE", help="Where Applications and projects are."
        ),
    ] = "argocd",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """The callback of both groups."""
    context.meta[_KEY] = _Where(app_namespace, kube_context, kubeconfig)


@contextmanager
def store(context: typer.Context) -> Iterator[Applications]:
    """The Applications and projects that the command line means."""
    with connected(context) as (apps, _):
        yield apps


@contextmanager
def connected(context: typer.Context) -> Iterator[tuple[Applications, DirectCluster]]:
    """The same, and the cluster as it can do more than the port says."""
    where: _Where = context.meta[_KEY]
    with opened(where.context, where.kubeconfig) as cluster:
        yield Applications(cluster, where.control), cluster


@contextmanager
def reached(context: typer.Context, kube_context: str) -> Iterator[Cluster]:
    """Another cluster of the same kubeconfig."""
    where: _Where = context.meta[_KEY]
    with opened(kube_context, where.kubeconfig) as cluster:
        yield cluster


def ended(reason: str, code: int) -> NoReturn:
    """End the command with an error."""
    typer.echo(f"error: {reason}", err=True)
    raise typer.Exit(code)
