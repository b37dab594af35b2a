"""The verbs of `argosy rollouts` that change something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from argosy.cli.kube import Kubeconfig, KubeContext, opened
from argosy.cli.rollouts.core import API, Name, Names, Namespace
from argosy.errors import InvalidObject

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster

__all__ = ["register"]

_CREATED: Final = ("Rollout", "Experiment", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun")
_WORDS: Final[Mapping[str, Sequence[str]]] = {
    "Rollout": ("rollout", "rollouts", "ro"),
    "Experiment": ("experiment", "experiments", "exp"),
    "AnalysisRun": ("analysisrun", "analysisruns", "ar"),
}


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    changes = typer.Typer(no_args_is_help=True, help="Change a resource.")
    app.add_typer(changes, name="set")
    changes.command("image")(set_image)
    for verb in (promote, abort, retry, pause, restart, undo, terminate, create):
        app.command()(verb)


def _patch(
    names: Sequence[str], namespace: str, context: str, kubeconfig: Path | None, verb: str, *, said: str
) -> None:
    """Do a verb: read each Rollout, then patch what it changes."""
    from argosy.resources.rollout import Rollout
    from argosy.rollouts.verbs import patches

    with opened(context, kubeconfig) as cluster:
        where = namespace or cluster.home
        for name in names:
            rollout = Rollout.of(cluster.get(API, "Rollout", where, name))
            found = patches(verb, rollout, datetime.now(UTC))
            if found.spec is not None:
                cluster.patch(API, "Rollout", where, name, {"spec": dict(found.spec)})
            if found.status is not None:
                _patch_status(cluster, where, name, found.status)
            typer.echo(f"rollout '{name}' {said}")


def _patch_status(cluster: DirectCluster, namespace: str, name: str, status: Mapping[str, Any]) -> None:
    cluster.patch(API, "Rollout", namespace, name, {"status": dict(status)}, subresource="status")


def promote(
    name: Name,
    namespace: Namespace = "",
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
    _patch([name], namespace, kube_context, kubeconfig, verb, said="fully promoted" if full else "promoted")


def abort(
    names: Names, namespace: Namespace = "", kube_context: KubeContext = "", kubeconfig: Kubeconfig = None
) -> None:
    """Abort rollouts: back to the stable version."""
    _patch(names, namespace, kube_context, kubeconfig, "abort", said="aborted")


def retry(
    kind: Annotated[str, typer.Argument(help="rollout or experiment.")],
    names: Names,
    namespace: Namespace = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Retry rollouts that were aborted, or experiments."""
    if _kind(kind, ("Rollout", "Experiment")) == "Rollout":
        _patch(names, namespace, kube_context, kubeconfig, "retry", said="retried")
        return
    _patch_each("Experiment", names, namespace, kube_context, kubeconfig, {"status": None}, said="retried")


def terminate(
    kind: Annotated[str, typer.Argument(help="analysisrun or experiment.")],
    names: Names,
    namespace: Namespace = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """End analysis runs, or experiments, that are under way."""
    found = _kind(kind, ("AnalysisRun", "Experiment"))
    ended = {"spec": {"terminate": True}}
    _patch_each(found, names, namespace, kube_context, kubeconfig, ended, said="terminated")


def _patch_each(
    kind: str,
    names: Sequence[str],
    namespace: str,
    context: str,
    kubeconfig: Path | None,
    body: Mapping[str, Any],
    *,
    said: str,
) -> None:
    """The same patch for several objects."""
    with opened(context, kubeconfig) as cluster:
        for name in names:
            cluster.patch(API, kind, namespace or cluster.home, name, dict(body))
            typer.echo(f"{kind.lower()} '{name}' {said}")


def create(
    filename: Annotated[
        Path, typer.Option("--filename", "-f", help="File with the object.", exists=True, dir_okay=False)
    ],
    namespace: Namespace = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Create Rollouts, Experiments, analysis templates and runs from a file."""
    from argosy.resources.manifests import read_manifests

    manifests = read_manifests(filename.read_text(), str(filename))
    for manifest in manifests:
        if manifest.kind not in _CREATED:
            raise manifest.problem("kind", f"{manifest.kind} is none of {', '.join(_CREATED)}")
    with opened(kube_context, kubeconfig) as cluster:
        for manifest in manifests:
            where = str((manifest.body.get("metadata") or {}).get("namespace") or namespace or cluster.home)
            made = cluster.create(manifest.body, namespace=where)
            typer.echo(f"{made['kind'].lower()}.argoproj.io/{made['metadata']['name']} created")


def _kind(word: str, known: Sequence[str]) -> str:
    """The kind that a user means. Raises InvalidObject."""
    for kind in known:
        if word.lower() in _WORDS[kind]:
            return kind
    raise InvalidObject(f"{word!r} is none of {', '.join(_WORDS[kind][0] for kind in known)}")


def pause(
    names: Names, namespace: Namespace = "", kube_context: KubeContext = "", kubeconfig: Kubeconfig = None
) -> None:
    """Pause rollouts until they are promoted."""
    _patch(names, namespace, kube_context, kubeconfig, "pause", said="paused")


def restart(
    names: Names,
    namespace: Namespace = "",
    after: Annotated[str, typer.Option("--in", help="After this long: 10s, 1h.")] = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Restart the pods of rollouts, a few at a time."""
    from argosy.lang import duration
    from argosy.resources.rollout import Rollout
    from argosy.rollouts.verbs import patches

    delay = timedelta(microseconds=duration.parse(after) / duration.MICROSECOND) if after else timedelta()
    with opened(kube_context, kubeconfig) as cluster:
        where = namespace or cluster.home
        for name in names:
            rollout = Rollout.of(cluster.get(API, "Rollout", where, name))
            spec = patches("restart", rollout, datetime.now(UTC) + delay).spec or {}
            cluster.patch(API, "Rollout", where, name, {"spec": dict(spec)})
            typer.echo(f"rollout '{name}' restarts in {int(delay.total_seconds())}s")


def undo(
    name: Name,
    namespace: Namespace = "",
    to_revision: Annotated[int, typer.Option("--to-revision", help="The revision; 0 = the one before.")] = 0,
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Go back to an earlier version."""
    from argosy.rollouts.undoing import earlier

    with opened(kube_context, kubeconfig) as cluster:
        where = namespace or cluster.home
        body = cluster.get(API, "Rollout", where, name)
        template = earlier(body, cluster.list("apps/v1", "ReplicaSet", where), to_revision)
        workload = (body.get("spec") or {}).get("workloadRef")
        change = [{"op": "replace", "path": "/spec/template", "value": template}]
        if workload:
            cluster.patch(workload["apiVersion"], workload["kind"], where, workload["name"], change, how="json")
        else:
            cluster.patch(API, "Rollout", where, name, change, how="json")
    typer.echo(f"rollout '{name}' undo")


def set_image(
    name: Name,
    images: Annotated[list[str], typer.Argument(help="CONTAINER=IMAGE; * means every container.")],
    namespace: Namespace = "",
    kube_context: KubeContext = "",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Set the image of containers."""
    from argosy.rollouts.undoing import with_images

    wanted = dict(image.partition("=")[::2] for image in images)
    if not all(wanted.values()):
        raise InvalidObject("images are given as CONTAINER=IMAGE")
    with opened(kube_context, kubeconfig) as cluster:
        where = namespace or cluster.home
        body = cluster.get(API, "Rollout", where, name)
        named = (body.get("spec") or {}).get("workloadRef") or {"apiVersion": API, "kind": "Rollout", "name": name}
        api, kind, target = named["apiVersion"], named["kind"], named["name"]
        template = with_images(cluster.get(api, kind, where, target), wanted)
        cluster.patch(api, kind, where, target, {"spec": {"template": {"spec": template}}})
    typer.echo(f'rollout "{name}" image updated')
