"""`argosy up`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from argosy.cli.inputs import load
from argosy.errors import InvalidObject

if TYPE_CHECKING:
    from argosy.local.assembly import ClusterAccess

__all__ = ["register"]

_DEFAULT_API = "127.0.0.1:8080"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory (default: $ARGOSY_DATA or ~/.local/state/argosy).")
    ] = None,
    apply: Annotated[
        list[str] | None,
        typer.Option("--apply", "-f", help="File or folder of manifests to apply first; may be repeated."),
    ] = None,
    cluster: Annotated[
        str, typer.Option(help="none, dev (the development cluster) or a context of your kubeconfig.")
    ] = "none",
    api: Annotated[str, typer.Option(help="HOST:PORT of the API; webhook ports open on the same host.")] = _DEFAULT_API,
    plugins: Annotated[
        Path | None,
        typer.Option("--plugins", envvar="ARGOSY_PLUGINS", help="Folder of ConfigManagementPlugins that render."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is left to do.")] = False,
) -> None:
    """Run Argosy on this machine: webhooks, sensors, triggers and calendars, durable in one folder."""
    from argosy.local.console import configure_logging
    from argosy.local.datadir import default_data_dir
    from argosy.local.up import UpOptions
    from argosy.local.up import up as run

    configure_logging()
    host, port = _address(api)
    options = UpOptions(
        data=data or default_data_dir(),
        apply=load(apply) if apply else (),
        cluster=_cluster(cluster),
        host=host,
        port=port,
        once=once,
        plugins=plugins,
    )
    raise typer.Exit(run(options))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InvalidObject(f"--api {text!r} is not HOST:PORT, such as {_DEFAULT_API}")
    return host.strip("[]"), int(port)


def _cluster(name: str) -> ClusterAccess | None:
    from argosy.local.assembly import ClusterAccess

    if name == "none":
        return None
    if name == "dev":
        from argosy.local.devcluster import ensure_up

        return ClusterAccess(kubeconfig=str(ensure_up("dev", owner_pid=os.getpid()).kubeconfig))
    return ClusterAccess(context=name)
