"""The verbs of `argosy rollouts` that show something, or wait for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from argosy.cli.kube import Kubeconfig, KubeContext, opened
from argosy.cli.output import Column, OutputFormat, show
from argosy.cli.rollouts.core import API, Name, Namespace
from argosy.errors import InvalidObject, NotFound, Unavailable

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster
    from argosy.rollouts.showing import Shown

__all__ = ["register"]

_LOOK_SECONDS: Final = 0.5

AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")]
Output = Annotated[OutputFormat, typer.Option("-o", "--output", help="How to show them.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    lists = typer.Typer(no_args_is_help=True, help="List resources.")
    gets = typer.Typer(no_args_is_help=True, help="Show a resource and all that is below it.")
    app.add_typer(lists, name="list")
    app.add_typer(gets, name="get")
    lists.command("rollouts")(list_rollouts)
    lists.command("experiments")(list_experiments)
    gets.command("rollout")(get_rollout)
    for verb in (status, lint):
        app.command()(verb)


def status(
    name: Name,
    namespace: Namespace = "",
    watch: Annotated[bool, typer.Option("--watch/--no-watch", "-w", help="Until it is done.")] = True,
    timeout: Annotated[str, typer.Option("--timeout", "-t", help="How long to watch: 90s, 1h; 0 = for ever.")] = "0",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Show the status of a rollout, and wait until it is Healthy; Degraded is an error."""
    from argosy.lang import duration
    from argosy.resources.rollout import Rollout
    from argosy.rollouts.phase import phase

    limit = duration.parse(timeout) / duration.SECOND
    began, last = time.monotonic(), ""
    with opened(kube_context, kubeconfig) as cluster:
        while True:
            rollout = Rollout.of(cluster.get(API, "Rollout", namespace or cluster.home, name))
            found, message = phase(rollout, from_workload=rollout.spec.workload_ref is not None)
            text = f"{found} - {message}" if message else found
            if text != last:
                typer.echo(text)
                last = text
            if found == "Degraded" and watch:
                raise InvalidObject(f"The rollout is in a degraded state with message: {message}")
            if not watch or found == "Healthy":
                return
            if limit and time.monotonic() - began > limit:
                raise Unavailable("Rollout status watch exceeded timeout")
            time.sleep(_LOOK_SECONDS)


def list_rollouts(
    namespace: Namespace = "",
    all_namespaces: AllNamespaces = False,
    output: Output = OutputFormat.TABLE,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """List rollouts."""
    from argosy.rollouts.listing import columns

    with opened(kube_context, kubeconfig) as cluster:
        _list(cluster, "Rollout", columns(), namespace, output, everywhere=all_namespaces)


def list_experiments(
    namespace: Namespace = "",
    all_namespaces: AllNamespaces = False,
    output: Output = OutputFormat.TABLE,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """List experiments."""
    from argosy.rollouts.listing import experiment_columns

    with opened(kube_context, kubeconfig) as cluster:
        titles = experiment_columns(datetime.now(UTC))
        _list(cluster, "Experiment", titles, namespace, output, everywhere=all_namespaces)


def _list(
    cluster: DirectCluster,
    kind: str,
    titles: Sequence[tuple[str, Callable[[Mapping[str, Any]], str]]],
    namespace: str,
    output: OutputFormat,
    *,
    everywhere: bool,
) -> None:
    found = cluster.list(API, kind, "" if everywhere else namespace or cluster.home)
    place = [Column("NAMESPACE", lambda one: str(one["metadata"].get("namespace", "")))] if everywhere else []
    show(found, [*place, *(Column(title, cell) for title, cell in titles)], output, single=False)


def get_rollout(
    name: Name,
    namespace: Namespace = "",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it as it changes.")] = False,
    output: Annotated[OutputFormat, typer.Option("-o", "--output", help="How to show it.")] = OutputFormat.TABLE,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Show a rollout, its ReplicaSets, pods, analyses and experiments."""
    with opened(kube_context, kubeconfig) as cluster:
        namespace = namespace or cluster.home
        if output in (OutputFormat.JSON, OutputFormat.YAML, OutputFormat.NAME):
            show([cluster.get(API, "Rollout", namespace, name)], (), output, single=True)
        elif watch:
            _watch(cluster, namespace, name)
        else:
            from rich.console import Console

            Console(highlight=False, soft_wrap=True).print(_page(_look(cluster, namespace, name)))


def _look(cluster: DirectCluster, namespace: str, name: str) -> Shown:
    from argosy.rollouts.showing import shown

    body = cluster.get(API, "Rollout", namespace, name)
    uid = body["metadata"]["uid"]

    def owned(api: str, kind: str) -> list[dict[str, Any]]:
        try:
            found = cluster.list(api, kind, namespace)
        except NotFound:
            return []
        return [one for one in found if any(o.get("uid") == uid for o in one["metadata"].get("ownerReferences") or ())]

    sets = owned("apps/v1", "ReplicaSet")
    pods = cluster.list("v1", "Pod", namespace, label_selector="rollouts-pod-template-hash")
    return shown(body, sets, pods, owned(API, "AnalysisRun"), owned(API, "Experiment"), datetime.now(UTC))


def _page(found: Shown) -> Any:
    """The summary and the tree as text with colours."""
    from rich.text import Text

    from argosy.rollouts.showing import ICONS, rows

    page = Text()
    for label, value in found.summary:
        page.append(
            f"{label + ':' if label else '':<17}{value}\n",
            style=_COLOURS.get(found.phase, "") if label == "Status" else "",
        )
    page.append("\n")
    table = [
        (f"{lines}{node.icon}{'' if node.kind == 'Revision' else ' '}{node.name}", node)
        for lines, node in rows(found.tree)
    ]
    table = [(text.replace("#revision", "# revision"), node) for text, node in table]
    width = max(len(text) for text, _ in table) + 2
    page.append(f"{'NAME':<{width}}{'KIND':<13}{'STATUS':<16}{'AGE':<7}INFO\n", style="bold")
    for text, node in table:
        kind = "" if node.kind == "Revision" else node.kind
        page.append(f"{text:<{width}}{kind:<13}")
        icon = f"{ICONS.get(node.status, '')} {node.status}".strip()
        page.append(f"{icon:<16}", style=_COLOURS.get(node.status, ""))
        page.append(f"{node.age:<7}{node.info}".rstrip() + "\n")
    return page


_COLOURS: Final = {
    "Healthy": "green",
    "Successful": "green",
    "Running": "green",
    "Paused": "cyan",
    "Degraded": "red",
    "Failed": "red",
    "Error": "red",
    "Progressing": "yellow",
    "Pending": "yellow",
}


def _watch(cluster: DirectCluster, namespace: str, name: str) -> None:
    from rich.live import Live

    with Live(_page(_look(cluster, namespace, name)), auto_refresh=False, screen=False) as live:
        while True:
            time.sleep(_LOOK_SECONDS)
            live.update(_page(_look(cluster, namespace, name)), refresh=True)


def lint(
    filename: Annotated[
        Path, typer.Option("--filename", "-f", help="File with Rollouts.", exists=True, dir_okay=False)
    ],
) -> None:
    """Validate Rollouts in a file, as the controller would."""
    from argosy.resources.manifests import read_manifests
    from argosy.resources.rollout import Rollout
    from argosy.resources.rollout_validation import validate

    problems = []
    for manifest in read_manifests(filename.read_text(), str(filename)):
        if manifest.kind != "Rollout":
            continue
        try:
            rollout = Rollout.of(json.loads(json.dumps(manifest.body)))
        except ValueError as x:
            problems.append(f"{manifest.title}: {x}")
            continue
        problems += [f"{manifest.title}: {one.field}: {one.reason}" for one in validate(rollout)]
    if problems:
        raise InvalidObject("\n".join(problems))
