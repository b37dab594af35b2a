"""What the verbs of `argosy app` and `argosy proj` share: which cluster and namespaces, and argocd's exit codes.

The options stand before or behind the verb, as argocd's do. Projects, settings and credentials are those of the control
namespace alone; argocd's `-N` says where names of Applications are looked for, and moves nothing else. An error of ours
ends a command with 20, as argocd's `ErrorGeneric`; what a verb was to find out (an operation that failed, a difference)
ends it with 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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

__all__ = [
    "FAILED",
    "GENERIC",
    "Group",
    "Verb",
    "connected",
    "ended",
    "reached",
    "remember",
    "remember_control",
    "store",
]

type Opening = Callable[[str, Path | None], AbstractContextManager[DirectCluster]]
"""How a cluster is reached, by a context and a kubeconfig."""

FAILED: Final = 1
GENERIC: Final = 20
_SHARED: Final = ("--argocd-namespace", "--app-namespace", "-N", "--kube-context", "--kubeconfig")
_KEY: Final = "argosy.apps"

ControlNamespace = Annotated[
    str,
    typer.Option("--argocd-namespace", envvar="ARGOCD_NAMESPACE", help="Where projects, settings and credentials are."),
]


@dataclass(frozen=True, slots=True)
class _Where:
    control: str
    namespace: str
    context: str
    kubeconfig: Path | None
    opening: Opening


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
    control: ControlNamespace = "argocd",
    app_namespace: Annotated[
        str,
        typer.Option(
            "--app-namespace",
            "-N",
            envvar="ARGOCD_APP_NAMESPACE",
            help="Where Applications are whose names come without a namespace (default: as --argocd-namespace).",
        ),
    ] = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """The callback of the group of Applications."""
    context.meta[_KEY] = _Where(control, app_namespace, kube_context, kubeconfig, _opening(context))


def remember_control(
    context: typer.Context,
    control: ControlNamespace = "argocd",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """The callback of groups that name no Applications."""
    context.meta[_KEY] = _Where(control, "", kube_context, kubeconfig, _opening(context))


def _opening(context: typer.Context) -> Opening:
    """The kubeconfig's, unless who calls the group brings another: tests do, with a cluster in memory."""
    found: Opening = context.obj if callable(context.obj) else opened
    return found


@contextmanager
def store(context: typer.Context) -> Iterator[Applications]:
    """The Applications and projects that the command line means."""
    with connected(context) as (apps, _):
        yield apps


@contextmanager
def connected(context: typer.Context) -> Iterator[tuple[Applications, DirectCluster]]:
    """The same, and the cluster as it can do more than the port says."""
    where: _Where = context.meta[_KEY]
    with where.opening(where.context, where.kubeconfig) as cluster:
        yield Applications(cluster, where.control, where.namespace), cluster


@contextmanager
def reached(context: typer.Context, kube_context: str) -> Iterator[Cluster]:
    """Another cluster of the same kubeconfig."""
    where: _Where = context.meta[_KEY]
    with where.opening(kube_context, where.kubeconfig) as cluster:
        yield cluster


def ended(reason: str, code: int) -> NoReturn:
    """End the command with an error."""
    typer.echo(f"error: {reason}", err=True)
    raise typer.Exit(code)
