"""An Application as `argocd app list`, `get`, `history` and `resources` show it.

In: Applications, for `get` also the sync windows that apply. Out: rows of texts, the heading first, and lines with their
labels. Called by `argosy app`. Follows `cmd/argocd/commands/app.go` of Argo CD 3.6.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.identity import Key
from argosy.gitops.projects.windows import can_sync, opened
from argosy.lang import instants
from argosy.resources.application import Application, Destination, History
from argosy.resources.application_operation import OperationState
from argosy.resources.appproject import SyncWindow
from argosy.resources.source import Source

__all__ = [
    "conditions",
    "history",
    "listing",
    "moment",
    "operation",
    "owned",
    "parameters",
    "qualified",
    "resources",
    "server",
    "summary",
]

type Rows = list[list[str]]
type Lines = Iterator[tuple[str, str]]

_COMMIT: Final = re.compile(r"[0-9a-f]{7,40}", re.ASCII)
_SHORT: Final = 7
_LONGEST: Final = 80


def qualified(app: Application) -> str:
    """Namespace and name."""
    return f"{app.metadata.namespace}/{app.metadata.name}"


def server(destination: Destination) -> str:
    """The cluster that it goes to, as the spec names it."""
    return destination.server or destination.name


def listing(apps: Sequence[Application], *, wide: bool = True) -> Rows:
    """`argocd app list`; without `wide`, where they come from is left out."""
    heading = ["NAME", "CLUSTER", "NAMESPACE", "PROJECT", "STATUS", "HEALTH", "SYNCPOLICY", "CONDITIONS"]
    rows = [heading + (["REPO", "PATH", "TARGET"] if wide else [])]
    for app in apps:
        destination, source = app.spec.destination, app.spec.all_sources[0]
        row = [qualified(app), server(destination), destination.namespace, app.spec.project_name]
        row += [app.status.sync.status, app.status.health.status, _policy(app), _condition_types(app)]
        rows.append(row + ([source.repo_url, source.path, source.target_revision] if wide else []))
    return rows


def _policy(app: Application) -> str:
    automated = app.spec.automated
    if automated is None:
        return "Manual"
    return "Auto-Prune" if automated.prune else "Auto"


def _condition_types(app: Application) -> str:
    counts = Counter(one.type for one in app.status.conditions)
    return ",".join(sorted(kind if n == 1 else f"{kind}({n})" for kind, n in counts.items())) or "<none>"


def summary(app: Application, windows: Sequence[SyncWindow] | None, now: datetime) -> Lines:
    """The head of `argocd app get`: labels with their values.

    `windows`: those of the project that apply to it; None where there is no such project, without which nothing is synced.
    """
    spec, status = app.spec, app.status
    yield "Name:", qualified(app)
    yield "Project:", spec.project_name
    yield "Server:", server(spec.destination)
    yield "Namespace:", spec.destination.namespace
    yield "Sources:" if spec.multiple else "Source:", ""
    for source in spec.all_sources:
        yield from _source(source)
    yield "SyncWindow:", "Sync Denied (no such project)" if windows is None else _sync_window(windows, now)
    if windows:
        yield "Assigned Windows:", ",".join(f"{one.kind}:{one.schedule}:{one.duration}" for one in windows)
    yield "Sync Policy:", {"Auto": "Automated", "Auto-Prune": "Automated (Prune)"}.get(_policy(app), "Manual")
    yield "Sync Status:", _sync(app)
    health = status.health
    yield "Health Status:", f"{health.status} ({health.message})" if health.message else health.status


def _source(source: Source) -> Lines:
    yield "- Repo:", source.repo_url
    yield "  Target:", source.target_revision
    for label, value in (("Path", source.path), ("Chart", source.chart), ("Ref", source.ref)):
        if value:
            yield f"  {label}:", value
    if source.helm is not None and source.helm.value_files:
        yield "  Helm Values:", ",".join(source.helm.value_files)
    if source.kustomize is not None and source.kustomize.name_prefix:
        yield "  Name Prefix:", source.kustomize.name_prefix


def _sync_window(windows: Sequence[SyncWindow], now: datetime) -> str:
    try:
        found = opened(windows, now)
        if not (found.denying or (found.shut and not found.allowing)):
            return "Sync Allowed"
        return "Manual Allowed" if can_sync(windows, now, manual=True) else "Sync Denied"
    except EvaluationError as x:
        return f"Unknown: {x}"


def _sync(app: Application) -> str:
    sync, target = app.status.sync, app.spec.all_sources[0].target_revision
    text = sync.status + {"Synced": f" to {target}", "OutOfSync": f" from {target}"}.get(sync.status, "")
    if not _COMMIT.fullmatch(target) and len(sync.revision) > _SHORT:
        text += f" ({sync.revision[:_SHORT]})"
    return text


def conditions(app: Application) -> Rows:
    """The conditions; nothing but the heading when there are none."""
    rows = [["CONDITION", "MESSAGE", "LAST TRANSITION"]]
    return rows + [[one.type, one.message, moment(one.last_transition_time)] for one in app.status.conditions]


def operation(state: OperationState, now: datetime) -> Lines:
    """The last operation, as `--show-operation` and the end of a sync tell it."""
    result = state.sync_result
    if result is not None:
        yield "Operation:", "Sync"
        yield "Sync Revision:", ", ".join(result.revisions) if result.sources and result.revisions else result.revision
    yield "Phase:", state.phase
    yield "Start:", moment(state.started_at)
    began, ended = instants.parse(state.started_at), instants.parse(state.finished_at)
    yield "Finished:", moment(state.finished_at) if state.finished_at else "<nil>"
    if began is not None:
        yield "Duration:", f"{int(((ended or now) - began).total_seconds())}s"
    if state.message:
        yield "Message:", state.message


def resources(app: Application) -> Rows:
    """Each object with its state: those of the last operation in its order, then all others.

    A hook has the phase it is in as its status, and what was done with it as its health.
    """
    known = {(one.group, one.kind, one.namespace, one.name): one for one in app.status.resources}
    rows = [["GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "HOOK", "MESSAGE"]]
    state = app.status.operation_state
    for one in state.sync_result.resources if state is not None and state.sync_result is not None else ():
        key = (one.group, one.kind, one.namespace, one.name)
        there = known.pop(key, None)
        status, health = one.hook_phase, one.status
        if there is not None and not one.hook_type:
            status, health = there.status, there.health.status if there.health is not None else ""
        rows.append([*key, status, health, one.hook_type, one.message])
    for key, rest in sorted(known.items()):
        rows.append([*key, rest.status, rest.health.status if rest.health is not None else "", "", ""])
    return rows


def owned(objects: Sequence[tuple[Key, bool]]) -> Rows:
    """`argocd app resources`: objects, and whether they are nobody's."""
    rows = [[key.group, key.kind, key.namespace, key.name, "Yes" if orphaned else "No"] for key, orphaned in objects]
    return [["GROUP", "KIND", "NAMESPACE", "NAME", "ORPHANED"], *rows]


def parameters(app: Application, position: int = 0) -> Rows:
    """`argocd app get --show-params`: what Helm is given. `position`: which of several sources, counted from 1."""
    sources = app.spec.all_sources
    if app.spec.multiple and not 1 <= position <= len(sources):
        raise InvalidObject(f"the application has {len(sources)} sources: give --source-position 1 to {len(sources)}")
    helm = sources[position - 1 if app.spec.multiple else 0].helm
    given = helm.parameters if helm is not None else ()
    return [["NAME", "VALUE"], *([one.name, _shortened(one.value)] for one in given)]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def history(app: Application) -> list[Rows]:
    """A table of deployments for each run of entries that have one repository, the oldest first."""
    entries = [(source, one, revision) for one in app.status.history for source, revision in _deployed(one)]
    tables: dict[str, Rows] = {}
    for source, one, revision in entries:
        rows = tables.setdefault(source.repo_url, [["SOURCE", source.repo_url], ["ID", "DATE", "REVISION"]])
        short = f"{source.target_revision} ({revision[:_SHORT]})" if source.target_revision != revision else revision
        rows.append([str(one.id), moment(one.deployed_at), short if revision else source.target_revision])
    return list(tables.values())


def _deployed(entry: History) -> Iterator[tuple[Source, str]]:
    if entry.sources:
        yield from zip(entry.sources, entry.revisions, strict=False)
    else:
        yield entry.source or Source(), entry.revision


def moment(text: str | None) -> str:
    """A time of an object as argocd prints it; what is none stays as it is."""
    found = instants.parse(text)
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M:%S} +0000 UTC" if found is not None else text or ""
