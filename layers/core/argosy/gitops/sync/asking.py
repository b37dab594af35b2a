"""What somebody asks of an Application, as an operation: a sync, a rollback, the end of what runs.

In: the Application, and the wish; out: the `operation` to write, or a refusal in Argo's words. Called by the API and the
command line before they write. Follows `server/application/application.go` (Sync, Rollback, TerminateOperation) and
`SetAppOperation` of `util/argo/argo.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argosy.errors import AlreadyExists, Denied, InvalidObject, NotFound
from argosy.gitops.sync import local
from argosy.resources.application import Application, History
from argosy.resources.application_operation import Retry, SyncResource
from argosy.resources.base import Model

__all__ = ["Wish", "check_terminable", "rollback", "sync"]

type Json = dict[str, Any]

_AUTOMATED = "spec.syncPolicy.automated"
_ONE_REVISION = (
    "argosy app sync does not work on multi-source app with --revision flag. "
    "Use --revisions and --source-positions instead."
)
"""One revision is for no source of several; Argo's words, which its command line has and its server lacks."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A sync that somebody wants; of options and retries that are None, those of the spec count.

    `revisions`: those of several sources, by their places from 1. `hooks` False: the strategy `apply`. `local`: manifests
    that take the place of the sources'.
    """

    username: str = ""
    revision: str = ""
    revisions: Mapping[int, str] | None = None
    prune: bool = False
    dry_run: bool = False
    hooks: bool = True
    force: bool = False
    resources: Sequence[SyncResource] = ()
    options: Sequence[str] | None = None
    retry: Retry | None = None
    local: Sequence[str] = ()
    info: Sequence[Mapping[str, str]] = ()


def sync(app: Application, wish: Wish, *, windows_allow: bool = True) -> Json:
    """The operation of a sync. Raises Denied, AlreadyExists or InvalidObject when it may not be."""
    if not windows_allow:
        raise Denied("cannot sync: blocked by sync window")
    if app.spec.multiple and wish.revision:
        raise InvalidObject(_ONE_REVISION, field="--revision")
    if wish.revisions and not app.spec.multiple:
        raise InvalidObject("the application has one source: give --revision", field="--revisions")
    _check_free(app)
    if app.spec.automated is not None and not wish.dry_run:
        _check_automated(app, wish)
    asked: Json = {
        "prune": wish.prune,
        "dryRun": wish.dry_run,
        "syncOptions": list(app.spec.sync_options if wish.options is None else wish.options),
        "resources": [_plain(one) for one in wish.resources],
        "manifests": list(wish.local),
        "syncStrategy": {"hook" if wish.hooks else "apply": {"force": True} if wish.force else {}},
    }
    if app.spec.multiple:
        asked["revisions"] = _of_sources(app, wish)
        asked["sources"] = [_plain(one) for one in app.spec.all_sources] if any(asked["revisions"]) else []
    else:
        asked["revision"] = wish.revision
    policy = app.spec.sync_policy
    retry = wish.retry if wish.retry is not None else policy.retry if policy is not None else None
    return _operation(asked, wish.username, retry, wish.info)


def rollback(
    app: Application,
    number: int,
    *,
    username: str = "",
    prune: bool = False,
    dry_run: bool = False,
    pinned: bool = False,
) -> Json:
    """The operation that goes back to an entry of the history. Raises AlreadyExists, NotFound or InvalidObject.

    `pinned`: automated syncs wait meanwhile (`gitops.pins`), so there may be some.
    """
    _check_free(app)
    if app.spec.automated is not None and not pinned:
        raise InvalidObject("rollback cannot be initiated when auto-sync is enabled", field=_AUTOMATED)
    found = next((one for one in app.status.history if one.id == number), None)
    if found is None:
        raise NotFound(f"application {app.metadata.name} does not have deployment with id {number}")
    asked = _deployed(found) | {
        "prune": prune,
        "dryRun": dry_run,
        "syncOptions": list(app.spec.sync_options),
        "syncStrategy": {"apply": {}},
    }
    return _operation(asked, username, None, ())


def check_terminable(app: Application) -> None:
    """Raise InvalidObject when there is nothing that could be ended."""
    state = app.status.operation_state
    if state is None or state.completed:
        raise InvalidObject("Unable to terminate operation. No operation is in progress", field="operation")


def _check_free(app: Application) -> None:
    if app.deleting:
        raise InvalidObject("application is deleting", field="metadata.deletionTimestamp")
    state = app.status.operation_state
    if app.operation is not None or (state is not None and not state.completed):
        raise AlreadyExists("another operation is already in progress")


def _check_automated(app: Application, wish: Wish) -> None:
    """What is synced by itself is not synced to anything else: it would not stay so."""
    if wish.local:
        raise InvalidObject(local.AUTOMATED, field=_AUTOMATED)
    sources = app.spec.all_sources
    revisions = _of_sources(app, wish) if app.spec.multiple else [wish.revision]
    for source, revision in zip(sources, revisions, strict=False):
        if revision and revision != (source.target_revision or "HEAD"):
            reason = f"cannot sync to {revision}: auto-sync currently set to {source.target_revision or 'HEAD'}"
            raise InvalidObject(reason, field=_AUTOMATED)


def _of_sources(app: Application, wish: Wish) -> list[str]:
    """The revision of each source, "" for those that stay with their own. Raises InvalidObject for a place that is none."""
    found = [""] * len(app.spec.all_sources)
    for place, revision in (wish.revisions or {}).items():
        if not 1 <= place <= len(found):
            raise InvalidObject("source position is out of range", field="spec.sources")
        found[place - 1] = revision
    return found if any(found) else []


def _deployed(entry: History) -> Json:
    if entry.source is None and not entry.sources:
        raise InvalidObject("the history does not tell the source of that deployment", field="status.history")
    asked: Json = {"revision": entry.revision, "revisions": list(entry.revisions)}
    if entry.sources:
        asked["sources"] = [_plain(one) for one in entry.sources]
    elif entry.source is not None:
        asked["source"] = _plain(entry.source)
    return asked


def _operation(asked: Json, username: str, retry: Retry | None, info: Sequence[Mapping[str, str]]) -> Json:
    kept = {key: value for key, value in asked.items() if value}
    made: Json = {"sync": kept, "initiatedBy": {"username": username} if username else {}}
    made |= {"retry": _plain(retry) if retry is not None else {}, "info": [dict(one) for one in info]}
    return {key: value for key, value in made.items() if value or key == "sync"}


def _plain(model: Model) -> Json:
    return model.model_dump(by_alias=True, exclude_unset=True, mode="json")
