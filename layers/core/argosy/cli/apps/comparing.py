"""`argosy app diff` and `manifests`: sources rendered and compared by this process, as `argocd --core` does it.

In: an Application; its repository as this machine reaches it; its project, its settings and its live objects by the
kubeconfig. Out: what differs, or the objects. Nothing is written: what is fetched and rendered lies in a folder that goes
with the command. The comparison is the controller's, but with the whole live Secrets, which the controller never sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from argosy.cli.apps.choosing import Name, Positions, SourceNames, by_place
from argosy.cli.apps.core import Verb, ended, reached, store
from argosy.cli.apps.live import is_here, live_of, versions
from argosy.cli.apps.local import Local, LocalPath, LocalRoot, local_of
from argosy.cli.apps.operating import refreshed
from argosy.cli.apps.rendering import Workplace, destination_of, made_of, settings_of, targets_at
from argosy.cli.apps.store import Applications, application
from argosy.errors import ArgosyError, InvalidObject
from argosy.gitops.comparison import compare_application, sides, targets_of
from argosy.gitops.identity import Key, group_version, key_of
from argosy.gitops.observed import instance_name
from argosy.gitops.showing.differences import documents, texts
from argosy.gitops.syncstatus import OUT_OF_SYNC

if TYPE_CHECKING:
    from argosy.gitops.diff.compare import Comparison
    from argosy.ports.cluster import Cluster as ClusterPort
    from argosy.resources.application import Application

__all__ = ["register"]

_DIFFERENT: Final = 1
_TROUBLE: Final = 2

Revision = Annotated[str, typer.Option("--revision", help="At this revision instead of its own.")]
Revisions = Annotated[list[str] | None, typer.Option("--revisions", help="The same for several sources.")]
There = Annotated[
    str, typer.Option("--dest-kube-context", help="Context of the cluster that it goes to, if that is another one.")
]


class From(StrEnum):
    """Values of `--source`."""

    GIT = "git"
    LIVE = "live"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (("diff", diff), ("manifests", manifests)):
        app.command(name, cls=Verb)(verb)


def diff(
    context: typer.Context,
    name: Name,
    revision: Revision = "",
    revisions: Revisions = None,
    source_positions: Positions = None,
    source_names: SourceNames = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Let its controller compare it anew first.")] = False,
    hard_refresh: Annotated[bool, typer.Option("--hard-refresh", help="And render it anew.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code/--no-exit-code", help="End with 1 when something differs.")
    ] = True,
    diff_exit_code: Annotated[int, typer.Option("--diff-exit-code", help="What it then ends with.")] = _DIFFERENT,
    local: LocalPath = "",
    local_root: LocalRoot = "",
    there: There = "",
) -> None:
    """Show what differs between target and live state; ends with 1 if anything does, and with 2 on errors."""
    try:
        with ExitStack() as stack:
            apps = stack.enter_context(store(context))
            if refresh or hard_refresh:
                refreshed(apps, name, hard=hard_refresh)
            cluster = stack.enter_context(reached(context, there)) if there else apps.cluster
            app = application(apps.get(name))
            wanted = _wanted_revisions(app, revision, by_place(app, revisions, source_positions, source_names))
            files = local_of(local, local_root)
            found = list(texts(_differing(apps, name, cluster, wanted, files, elsewhere=bool(there))))
    except ArgosyError as x:
        ended(str(x), _TROUBLE)
    for title, text in found:
        typer.echo(f"\n{title}\n{text.rstrip()}")
    if found and exit_code:
        raise typer.Exit(diff_exit_code)


def manifests(
    context: typer.Context,
    name: Name,
    source: Annotated[From, typer.Option("--source", help="git or live.")] = From.GIT,
    revision: Revision = "",
    revisions: Revisions = None,
    source_positions: Positions = None,
    source_names: SourceNames = None,
    local: LocalPath = "",
    local_root: LocalRoot = "",
    there: There = "",
) -> None:
    """Print the manifests of an application."""
    with ExitStack() as stack:
        apps = stack.enter_context(store(context))
        cluster = stack.enter_context(reached(context, there)) if there else apps.cluster
        app = application(apps.get(name))
        _check_here(app, elsewhere=bool(there))
        if source is From.LIVE:
            found = [(key, body) for key, body in live_of(cluster, versions(app)).items()]
        else:
            wanted = _wanted_revisions(app, revision, by_place(app, revisions, source_positions, source_names))
            files = local_of(local, local_root)
            with Workplace() as runtime:
                targets = targets_at(apps, app, cluster, made_of(runtime, apps, app, wanted, cluster, files))
            found = [(key_of(body), dict(body)) for body in targets]
    for text in documents(found):
        typer.echo(text.rstrip())


def _differing(
    apps: Applications,
    name: str,
    cluster: ClusterPort,
    revisions: Sequence[str],
    local: Local | None,
    *,
    elsewhere: bool,
) -> list[tuple[Key, Comparison]]:
    """The objects of an Application that differ. Raises InvalidObject when its sources come to nothing."""
    app = application(apps.get(name))
    _check_here(app, elsewhere=elsewhere)
    instance = instance_name(app.metadata.namespace, app.metadata.name, apps.control)
    settings, to = settings_of(apps), destination_of(app, cluster)
    with Workplace() as runtime:
        made = made_of(runtime, apps, app, revisions, cluster, local)
        targets = targets_of(made.objects, app, instance, settings, to)
        wanted = {key_of(body): group_version(body)[1] for body in targets.objects}
        live = live_of(cluster, versions(app) | wanted)
        project = apps.project_of(app)
        found = compare_application(app, instance, targets, live, project, settings, to, runtime.programs)
        pairs = [
            (one.key, sides(one, app, settings, to, runtime.programs))
            for one in found.resources
            if one.status == OUT_OF_SYNC
        ]
    problems = [one.message for one in found.conditions if one.type == "ComparisonError"]
    if problems:
        raise InvalidObject("; ".join(problems), obj=f"Application/{app.metadata.namespace}/{app.metadata.name}")
    return pairs


def _wanted_revisions(app: Application, revision: str, by_places: dict[int, str] | None) -> list[str]:
    """A revision for each source, "" for its own."""
    count = len(app.spec.all_sources)
    if revision and app.spec.multiple:
        raise InvalidObject(f"the application has {count} sources: give --revisions and --source-positions")
    if any(not 1 <= place <= count for place in by_places or ()):
        raise InvalidObject(f"source position is out of range: the application has {count} sources")
    return [(by_places or {}).get(place, revision) for place in range(1, count + 1)]


def _check_here(app: Application, *, elsewhere: bool) -> None:
    to = app.spec.destination
    if not elsewhere and not is_here(app):
        raise InvalidObject(
            f"it goes to another cluster, {to.server or to.name}: give --dest-kube-context CONTEXT",
            obj=f"Application/{app.metadata.namespace}/{app.metadata.name}",
            field="spec.destination",
        )
