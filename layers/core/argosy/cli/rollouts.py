"""`argosy rollouts`: the verbs of `kubectl argo rollouts`, on the cluster of a kubeconfig.

What they do are merge patches of the Rollout (`argosy.rollouts.verbs`), so they work beside Argo's own plugin and with any
controller.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from argosy.cli.kube import Kubeconfig, KubeContext, opened
from argosy.cli.output import Column, OutputFormat, show
from argosy.errors import InvalidObject, NotFound, Unavailable

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster
    from argosy.rollouts.showing import Shown

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Rollouts of a cluster, as kubectl argo rollouts has them.")
_set_app = typer.Typer(no_args_is_help=True, help="Change a resource.")
_list_app = typer.Typer(no_args_is_help=True, help="List resources.")
_get_app = typer.Typer(no_args_is_help=True, help="Show a resource and all that is below it.")
app.add_typer(_set_app, name="set")
app.add_typer(_list_app, name="list")
app.add_typer(_get_app, name="get")

API: Final = "argoproj.io/v1alpha1"
_LOOK_SECONDS: Final = 0.5

Name = Annotated[str, typer.Argument(help="Name of the Rollout.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the Rollout.")]


def _patch(name: str, namespace: str, context: str, kubeconfig: Path | None, verb: str, *, said: str) -> None:
    """Do a verb: read the Rollout, then patch what it changes."""
    from argosy.resources.rollout import Rollout
    from argosy.rollouts.verbs import patches

    with opened(context, kubeconfig) as cluster:
        rollout = Rollout.of(cluster.get(API, "Rollout", namespace, name))
        found = patches(verb, rollout, datetime.now(UTC))
        if found.spec is not None:
            cluster.patch(API, "Rollout", namespace, name, {"spec": dict(found.spec)})
        if found.status is not None:
            _patch_status(cluster, namespace, name, found.status)
    typer.echo(f"rollout '{name}' {said}")


def _patch_status(cluster: DirectCluster, namespace: str, name: str, status: Mapping[str, Any]) -> None:
    cluster.patch(API, "Rollout", namespace, name, {"status": dict(status)}, subresource="status")


@app.command()
def promote(
    name: Name,
    namespace: Namespace = "default",
    full: Annotated[bool, typer.Option("--full", help="Skip analysis, pauses, and steps.")] = False,
    skip_current_step: Annotated[
        bool, typer.Option("--skip-current-step", "-c", help="Skip the current step.")
    ] = False,
    skip_all_steps: Annotated[bool, typer.Option("--skip-all-steps", "-a", help="Skip all steps.")] = False,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Promote a rollout: end its pause, or go to the next step."""
    if sum((full, skip_current_step, skip_all_steps)) > 1:
        raise InvalidObject("--full, --skip-current-step and --skip-all-steps do not go together")
    verb = "promote"
    for given, other in ((full, "full"), (skip_current_step, "skip-current-step"), (skip_all_steps, "skip-all-steps")):
        verb = f"promote-{other}" if given else verb
    _patch(name, namespace, kube_context, kubeconfig, verb, said="fully promoted" if full else "promoted")


@app.command()
def abort(
    name: Name, namespace: Namespace = "default", kube_context: KubeContext = "", kubeconfig: Kubeconfig = None
) -> None:
    """Abort a rollout: back to the stable version."""
    _patch(name, namespace, kube_context, kubeconfig, "abort", said="aborted")


@app.command()
def retry(
    kind: Annotated[str, typer.Argument(help="rollout or experiment.")],
    name: Name,
    namespace: Namespace = "default",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Retry a rollout that was aborted, or an experiment."""
    if kind.lower() in ("rollout", "rollouts", "ro"):
        _patch(name, namespace, kube_context, kubeconfig, "retry", said="retried")
        return
    if kind.lower() not in ("experiment", "experiments", "exp"):
        raise InvalidObject(f"{kind!r} cannot be retried: rollout, experiment")
    with opened(kube_context, kubeconfig) as cluster:
        cluster.patch(API, "Experiment", namespace, name, {"status": None})
    typer.echo(f"experiment '{name}' retried")


@app.command()
def pause(
    name: Name, namespace: Namespace = "default", kube_context: KubeContext = "", kubeconfig: Kubeconfig = None
) -> None:
    """Pause a rollout until it is promoted."""
    _patch(name, namespace, kube_context, kubeconfig, "pause", said="paused")


@app.command()
def restart(
    name: Name,
    namespace: Namespace = "default",
    after: Annotated[str, typer.Option("--in", help="After this long: 10s, 1h.")] = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Restart the pods of a rollout, a few at a time."""
    from datetime import timedelta

    from argosy.lang import duration
    from argosy.resources.rollout import Rollout
    from argosy.rollouts.verbs import patches

    delay = timedelta(microseconds=duration.parse(after) / duration.MICROSECOND) if after else timedelta()
    with opened(kube_context, kubeconfig) as cluster:
        rollout = Rollout.of(cluster.get(API, "Rollout", namespace, name))
        spec = patches("restart", rollout, datetime.now(UTC) + delay).spec or {}
        cluster.patch(API, "Rollout", namespace, name, {"spec": dict(spec)})
    typer.echo(f"rollout '{name}' restarts in {int(delay.total_seconds())}s")


@app.command()
def undo(
    name: Name,
    namespace: Namespace = "default",
    to_revision: Annotated[int, typer.Option("--to-revision", help="The revision; 0 = the one before.")] = 0,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Go back to an earlier version."""
    from argosy.rollouts.undoing import earlier

    with opened(kube_context, kubeconfig) as cluster:
        body = cluster.get(API, "Rollout", namespace, name)
        template = earlier(body, cluster.list("apps/v1", "ReplicaSet", namespace), to_revision)
        workload = (body.get("spec") or {}).get("workloadRef")
        change = [{"op": "replace", "path": "/spec/template", "value": template}]
        if workload:
            cluster.patch(workload["apiVersion"], workload["kind"], namespace, workload["name"], change, how="json")
        else:
            cluster.patch(API, "Rollout", namespace, name, change, how="json")
    typer.echo(f"rollout '{name}' undo")


@_set_app.command("image")
def set_image(
    name: Name,
    images: Annotated[list[str], typer.Argument(help="CONTAINER=IMAGE; * means every container.")],
    namespace: Namespace = "default",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Set the image of containers."""
    from argosy.rollouts.undoing import with_images

    wanted = dict(image.partition("=")[::2] for image in images)
    if not all(wanted.values()):
        raise InvalidObject("images are given as CONTAINER=IMAGE")
    with opened(kube_context, kubeconfig) as cluster:
        body = cluster.get(API, "Rollout", namespace, name)
        named = (body.get("spec") or {}).get("workloadRef") or {"apiVersion": API, "kind": "Rollout", "name": name}
        api, kind, target = named["apiVersion"], named["kind"], named["name"]
        template = with_images(cluster.get(api, kind, namespace, target), wanted)
        cluster.patch(api, kind, namespace, target, {"spec": {"template": {"spec": template}}})
    typer.echo(f'rollout "{name}" image updated')


@app.command()
def status(
    name: Name,
    namespace: Namespace = "default",
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
            rollout = Rollout.of(cluster.get(API, "Rollout", namespace, name))
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


@_list_app.command("rollouts")
def list_rollouts(
    namespace: Namespace = "default",
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")] = False,
    output: Annotated[OutputFormat, typer.Option("-o", "--output", help="How to show them.")] = OutputFormat.TABLE,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """List rollouts."""
    from argosy.rollouts.listing import columns

    with opened(kube_context, kubeconfig) as cluster:
        found = cluster.list(API, "Rollout", "" if all_namespaces else namespace)
    where = [Column("NAMESPACE", lambda one: str(one["metadata"].get("namespace", "")))] if all_namespaces else []
    show(found, [*where, *(Column(title, cell) for title, cell in columns())], output, single=False)


@_get_app.command("rollout")
def get_rollout(
    name: Name,
    namespace: Namespace = "default",
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it as it changes.")] = False,
    output: Annotated[OutputFormat, typer.Option("-o", "--output", help="How to show it.")] = OutputFormat.TABLE,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Show a rollout, its ReplicaSets, pods, analyses and experiments."""
    with opened(kube_context, kubeconfig) as cluster:
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


@app.command()
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
