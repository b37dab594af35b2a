"""`argosy dev`: commands for people who work on or with Argosy on their own machine.

In: command lines. Out: `argosy dev cluster up|down|status`, mounted by the main program. What a script reads goes
to standard output (the kubeconfig's path, the status), what a person reads to standard error, so that `export
KUBECONFIG=$(argosy dev cluster up)` works. Errors are `argosy.errors`; the main program prints them.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from argosy.local.devcluster import ClusterInfo

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Tools for working on this machine.")
cluster = typer.Typer(
    no_args_is_help=True, help="A real Kubernetes API on this machine, without containers unless you ask for them."
)
app.add_typer(cluster, name="cluster")


class Output(StrEnum):
    """The formats of `-o`."""

    JSON = "json"
    YAML = "yaml"
    NAME = "name"
    WIDE = "wide"


Name = Annotated[str, typer.Option("--name", help="Which development cluster.")]


@app.command()
def quickstart(
    once: Annotated[bool, typer.Option("--once", help="End after the scenario.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory, emptied first (default: in the cache).")
    ] = None,
) -> None:
    """Start everything on this machine and play a scenario on it, step by step."""
    from argosy.local.devcluster import Locations
    from argosy.local.quickstart import run

    raise typer.Exit(run(data or Locations.default().clusters.parent / "quickstart", once=once))


@cluster.command()
def up(
    name: Name = "dev",
    wait_all: Annotated[
        bool,
        typer.Option("--wait-all", help="Return only when scheduler, controllers and nodes run too, not just the API."),
    ] = False,
    real_node: Annotated[
        bool,
        typer.Option(
            "--real-node",
            help="Also a node that runs containers (root on Linux; installs containerd where apt-get is). "
            "Pods choose it by the node label argosy.dev/node: real.",
        ),
    ] = False,
    kubeconfig: Annotated[
        Path | None,
        typer.Option("--kubeconfig", help="Also merge the cluster into this kubeconfig and make it current there."),
    ] = None,
) -> None:
    """Start the cluster, or find it running; prints the path of its kubeconfig."""
    from argosy.local import devcluster

    with devcluster.shown_on(sys.stderr) as progress:
        info = devcluster.ensure_up(name, progress=progress, wait_all=wait_all, real_node=real_node)
    if kubeconfig is not None:
        devcluster.export_kubeconfig(name, kubeconfig)
    typer.echo(f"{info.name}: Kubernetes {info.version} at {info.server}", err=True)
    late = [component for component, entry in info.components.items() if entry["state"] != "running"]
    if late:
        typer.echo(
            f"still to come, in the background: {', '.join(late)} (argosy dev cluster status --name {name})", err=True
        )
    typer.echo(info.kubeconfig)


@cluster.command()
def load(
    archive: Annotated[Path, typer.Argument(help="An image, as docker save writes it.")],
    name: Name = "dev",
) -> None:
    """Give an image to the cluster's real node; pods use it with imagePullPolicy: Never."""
    from argosy.local import devcluster

    devcluster.load_image(name, archive)


@cluster.command()
def down(
    name: Name = "dev",
    everything: Annotated[bool, typer.Option("--all", help="All development clusters.")] = False,
) -> None:
    """Stop the cluster and remove its state; downloaded and built binaries stay."""
    from argosy.local import devcluster

    names = [info.name for info in devcluster.list_clusters()] if everything else [name]
    with devcluster.shown_on(sys.stderr) as progress:
        for one in names:
            stopped = devcluster.stop(one, progress=progress)
            progress.note(f"{one} stopped" if stopped else f"{one} was not running")


@cluster.command()
def status(
    name: Annotated[str | None, typer.Option("--name", help="Only this one; all without it.")] = None,
    output: Annotated[Output | None, typer.Option("-o", "--output", help="json, yaml, name or wide.")] = None,
) -> None:
    """Show what runs."""
    from argosy.local import devcluster

    infos = devcluster.list_clusters() if name is None else [devcluster.status(name)]
    if output is Output.NAME:
        typer.echo("\n".join(f"cluster/{info.name}" for info in infos), nl=bool(infos))
    elif output in (Output.JSON, Output.YAML):
        documents = [_document(info) for info in infos]
        typer.echo(_encoded(documents[0] if name is not None else {"items": documents}, output))
    else:
        typer.echo(_table(infos, wide=output is Output.WIDE))


def _document(info: ClusterInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "phase": info.phase,
        "message": info.message,
        "version": info.version,
        "server": info.server,
        "kubeconfig": str(info.kubeconfig),
        "components": info.components,
    }


def _encoded(document: dict[str, Any], output: Output) -> str:
    if output is Output.JSON:
        return json.dumps(document, indent=2)
    import yaml

    return yaml.safe_dump(document, sort_keys=False).rstrip()


def _table(infos: list[ClusterInfo], *, wide: bool) -> str:
    if not infos:
        return "no development cluster; start one with: argosy dev cluster up"
    rows = [["NAME", "PHASE", "VERSION", "SERVER", "COMPONENTS"] + (["KUBECONFIG", "PROCESSES"] if wide else [])]
    for info in infos:
        states = [entry["state"] for entry in info.components.values()]
        row = [
            info.name,
            info.phase,
            info.version or "-",
            info.server or "-",
            f"{states.count('running')}/{len(states)}",
        ]
        if wide:
            pids = (f"{name}={entry['pid']}" for name, entry in info.components.items() if "pid" in entry)
            row += [str(info.kubeconfig), ",".join(pids) or "-"]
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines + [f"{info.name}: {info.message}" for info in infos if info.message])
