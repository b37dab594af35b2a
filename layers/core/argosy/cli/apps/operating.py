"""`argosy app sync`, `wait`, `rollback`, `terminate-op` and `refresh`.

What is asked for is written into the Application, as argocd's server writes it; its controller (`argosy up`, a stack, or
Argo's own) carries it out.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from argosy.cli.apps.choosing import (
    Labels,
    Name,
    Names,
    Positions,
    Resources,
    SourceNames,
    Timeout,
    by_place,
    pair,
    selector,
)
from argosy.cli.apps.core import FAILED, Verb, ended, store
from argosy.cli.apps.following import Waiting, until
from argosy.cli.apps.local import Local, LocalPath, LocalRoot, local_of
from argosy.cli.apps.printing import Format, print_value, taking
from argosy.cli.apps.store import Applications, application
from argosy.errors import ArgosyError, InvalidObject, NotFound
from argosy.gitops.editing.puts import length
from argosy.gitops.pins import PIN
from argosy.gitops.projects.windows import can_sync
from argosy.gitops.showing.applications import qualified
from argosy.gitops.statuses import stamp
from argosy.gitops.sync import asking
from argosy.gitops.waiting import Awaited, Selector, picked
from argosy.lang import duration
from argosy.resources.application import Application
from argosy.resources.application_operation import Backoff, Retry

__all__ = ["refreshed", "register"]

type Labelled = set[tuple[str, str, str, str]]

REFRESH = "argocd.argoproj.io/refresh"

Output = Annotated[Format, taking(Format.WIDE, Format.JSON, Format.YAML)]


class Strategy(StrEnum):
    """Values of `--strategy`."""

    HOOK = "hook"
    APPLY = "apply"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (
        ("sync", sync),
        ("wait", wait),
        ("rollback", rollback),
        ("terminate-op", terminate),
        ("refresh", refresh),
    ):
        app.command(name, cls=Verb)(verb)


def sync(
    context: typer.Context,
    names: Names = None,
    selector_: Labels = "",
    project: Annotated[list[str] | None, typer.Option("--project", help="The Applications of these projects.")] = None,
    revision: Annotated[str, typer.Option(help="Sync to this revision.")] = "",
    revisions: Annotated[
        list[str] | None, typer.Option("--revisions", help="Revisions of several sources; may be repeated.")
    ] = None,
    source_positions: Positions = None,
    source_names: SourceNames = None,
    resource: Resources = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="The resources with KEY=VALUE alone; may be repeated.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Delete what is not wanted any more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try, and change nothing.")] = False,
    strategy: Annotated[Strategy, typer.Option(help="apply leaves hooks out.")] = Strategy.HOOK,
    force: Annotated[bool, typer.Option("--force", help="Make anew what cannot be changed.")] = False,
    replaces: Annotated[bool, typer.Option("--replace", help="Replace objects instead of applying them.")] = False,
    server_side: Annotated[bool, typer.Option("--server-side", help="Apply on the server's side.")] = False,
    out_of_sync_only: Annotated[
        bool, typer.Option("--apply-out-of-sync-only", help="Leave alone what is in sync.")
    ] = False,
    retry_limit: Annotated[int, typer.Option(help="Try again this often; negative = for ever.")] = 0,
    retry_duration: Annotated[str, typer.Option("--retry-backoff-duration", help="The first wait.")] = "5s",
    retry_max: Annotated[str, typer.Option("--retry-backoff-max-duration", help="The longest wait.")] = "3m0s",
    retry_factor: Annotated[int, typer.Option("--retry-backoff-factor", help="How waits grow.")] = 2,
    retry_refresh: Annotated[bool, typer.Option("--retry-refresh", help="Tries take the newest revision.")] = False,
    local: LocalPath = "",
    local_root: LocalRoot = "",
    info: Annotated[list[str] | None, typer.Option("--info", help="KEY=VALUE to keep with it.")] = None,
    is_async: Annotated[bool, typer.Option("--async", help="Do not wait for its end.")] = False,
    timeout: Timeout = 0,
    output: Output = Format.WIDE,
) -> None:
    """Sync an application to its target state, and wait until it is there."""
    selectors = [selector(text) for text in resource or ()]
    files = local_of(local, local_root)
    backoff = _backoff(retry_duration, retry_max, retry_factor)
    wish = asking.Wish(
        username=_who(),
        revision=revision,
        prune=prune,
        dry_run=dry_run,
        hooks=strategy is Strategy.HOOK,
        force=force,
        options=_options(replace=replaces, server_side=server_side, out_of_sync_only=out_of_sync_only),
        retry=Retry(limit=retry_limit, refresh=retry_refresh, backoff=backoff) if retry_limit else None,
        info=[pair(text, "--info") for text in info or ()],
    )
    with store(context) as apps:
        for name in apps.chosen(names or (), selector_, project or ()):
            if files is not None:
                wish = replace(wish, local=[json.dumps(one) for one in _targets(apps, name, files)])
            labelled = _labelled(apps, name, label, files) if label else None
            asked = _ask_sync(
                apps,
                name,
                wish,
                lambda app: by_place(app, revisions, source_positions, source_names),
                selectors,
                labelled,
            )
            if is_async:
                _told(asked, output, f"application '{name}' sync requested")
                continue
            _follow(apps, name, selectors, timeout, output)


def wait(
    context: typer.Context,
    names: Names = None,
    selector_: Labels = "",
    is_sync: Annotated[bool, typer.Option("--sync", help="Wait for sync.")] = False,
    health: Annotated[bool, typer.Option("--health", help="Wait for health.")] = False,
    suspended: Annotated[bool, typer.Option("--suspended", help="Wait for suspended.")] = False,
    degraded: Annotated[bool, typer.Option("--degraded", help="Wait for degraded.")] = False,
    operation: Annotated[bool, typer.Option("--operation", help="Wait for pending operations.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Wait for its deletion.")] = False,
    resource: Resources = None,
    timeout: Timeout = 0,
    output: Output = Format.WIDE,
) -> None:
    """Wait for an application to reach a synced and healthy state."""
    awaited = Awaited.of(sync=is_sync, health=health, operation=operation, suspended=suspended, degraded=degraded)
    selectors = [selector(text) for text in resource or ()]
    with store(context) as apps:
        chosen = apps.chosen(names or (), selector_)
        waiting = Waiting(apps, awaited, selectors, timeout, output is not Format.WIDE)
        for name in chosen:
            if delete:
                waiting.until_gone(name)
                continue
            waiting.until_reached(name)
            if waiting.quiet:
                print_value(apps.get(name), output)


def rollback(
    context: typer.Context,
    name: Name,
    number: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Of `app history`; the one before without it.")
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Delete what was not there then.")] = False,
    pin: Annotated[
        str, typer.Option("--pin", help="Hold it so long against automated syncs (2h); `app sync` ends that.")
    ] = "",
    timeout: Timeout = 0,
    output: Output = Format.WIDE,
) -> None:
    """Go back to an earlier deployment."""
    held = _pinned(pin) if pin else ""

    def edit(body: dict[str, Any]) -> None:
        app = application(body)
        asked = asking.rollback(app, _earlier(app, number), username=_who(), prune=prune, pinned=bool(pin))
        body["operation"] = asked
        if held:
            body["metadata"].setdefault("annotations", {})[PIN] = held

    with store(context) as apps:
        apps.change(name, edit)
        _follow(apps, name, (), timeout, output)


def terminate(context: typer.Context, name: Name) -> None:
    """End the operation that runs."""

    def edit(body: dict[str, Any]) -> None:
        asking.check_terminable(application(body))
        body["status"]["operationState"]["phase"] = "Terminating"

    with store(context) as apps:
        apps.change(name, edit)
    typer.echo(f"Application '{name}' operation terminating")


def refresh(
    context: typer.Context,
    names: Names = None,
    selector_: Labels = "",
    hard: Annotated[bool, typer.Option("--hard", help="Render anew, too.")] = False,
    timeout: Timeout = 60,
) -> None:
    """Compare an application with its sources and the cluster anew, as `app get --refresh`."""
    with store(context) as apps:
        for name in apps.chosen(names or (), selector_):
            refreshed(apps, name, hard=hard, timeout=timeout)
            typer.echo(f"application '{name}' refreshed")


def refreshed(apps: Applications, name: str, *, hard: bool, timeout: float = 60) -> None:
    """Ask for a comparison and wait for it. Raises Unavailable when no controller answers in time."""
    apps.patch(name, {"metadata": {"annotations": {REFRESH: "hard" if hard else "normal"}}})
    late = (
        f"application '{name}' was not compared within {timeout:g}s: does its controller run (`argosy up --cluster`)?"
    )
    until(lambda: REFRESH not in (apps.get(name)["metadata"].get("annotations") or {}), timeout, late)


def _ask_sync(
    apps: Applications,
    name: str,
    wish: asking.Wish,
    revised: Callable[[Application], Mapping[int, str] | None],
    selectors: Sequence[Selector],
    labelled: Labelled | None,
) -> dict[str, Any]:
    """Write the operation; raises as `asking.sync`. `revised`: the revisions of its sources by their places."""

    def edit(body: dict[str, Any]) -> None:
        app = application(body)
        chosen = picked(app, selectors, labelled) if selectors or labelled is not None else []
        if not chosen and (selectors or labelled is not None):
            raise NotFound(f"application '{name}' has no resource that was asked for; `app resources` lists them")
        windows = apps.windows(app)
        allowed = can_sync(windows, datetime.now(UTC), manual=True)
        body["operation"] = asking.sync(
            app, replace(wish, resources=chosen, revisions=revised(app)), windows_allow=allowed
        )
        if not wish.dry_run:
            (body["metadata"].get("annotations") or {}).pop(PIN, None)

    return apps.change(name, edit)


def _targets(apps: Applications, name: str, local: Local | None) -> Sequence[Mapping[str, Any]]:
    """The objects that are wanted, rendered here."""
    from argosy.cli.apps.rendering import Workplace, made_of, targets_at

    app = application(apps.get(name))
    with Workplace() as runtime:
        return targets_at(apps, app, apps.cluster, made_of(runtime, apps, app, (), apps.cluster, local))


def _labelled(apps: Applications, name: str, labels: Sequence[str], local: Local | None) -> Labelled:
    """The objects whose targets have one of the labels."""
    from argosy.gitops.identity import key_of

    wanted = {(one["name"], one["value"]) for one in (pair(text, "--label") for text in labels)}
    targets = _targets(apps, name, local)
    keys = [key_of(body) for body in targets if wanted & set((body["metadata"].get("labels") or {}).items())]
    return {(key.group, key.kind, key.namespace, key.name) for key in keys}


def _follow(apps: Applications, name: str, selectors: Sequence[Selector], timeout: float, output: Format) -> None:
    """Wait for the end of the operation; one that has not succeeded ends the command with 1."""
    quiet = output is not Format.WIDE
    app = Waiting(apps, Awaited(operation=True), selectors, timeout, quiet).until_reached(name)
    if quiet:
        print_value(apps.get(name), output)
    state = app.status.operation_state
    if state is None or state.phase != "Succeeded":
        phase, said = (state.phase, state.message) if state is not None else ("", "")
        ended(f"Operation has completed with phase: {phase}: {said}".rstrip(": "), FAILED)
    sync_ = state.operation.sync
    if app.status.sync.status != "Synced" and not selectors and not (sync_ is not None and sync_.dry_run):
        results = state.sync_result.resources if state.sync_result is not None else ()
        left = sum(one.status == "PruneSkipped" for one in results)
        if left:
            ended(f"{left} resources require pruning: `argosy app sync {qualified(app)} --prune` deletes them", FAILED)


def _backoff(first: str, longest: str, factor: int) -> Backoff:
    """The waits between tries. Raises InvalidObject that names the flag."""
    for flag, text in (("--retry-backoff-duration", first), ("--retry-backoff-max-duration", longest)):
        try:
            length(text)
        except InvalidObject as x:
            raise InvalidObject(x.reason, field=flag) from x
    return Backoff(duration=first, max_duration=longest, factor=factor)


def _pinned(length: str) -> str:
    """The time at which a pin of this length is over. Raises InvalidObject for what is no length of time."""
    try:
        seconds = duration.parse(length) / duration.SECOND
    except ArgosyError as x:
        raise InvalidObject(f"{length!r} is no length of time like 2h or 30m", field="--pin") from x
    if seconds <= 0:
        raise InvalidObject("how long is it to hold? Give a time like 2h", field="--pin")
    return stamp(datetime.now(UTC) + timedelta(seconds=seconds))


def _earlier(app: Application, number: int | None) -> int:
    """The deployment that is meant. Raises NotFound when there is none before the last."""
    if number is not None:
        return number
    if len(app.status.history) < 2:
        raise NotFound(f"application '{qualified(app)}' has no deployment before the last one to go back to")
    return app.status.history[-2].id


def _options(*, replace: bool, server_side: bool, out_of_sync_only: bool) -> list[str] | None:
    given = {
        "Replace=true": replace,
        "ServerSideApply=true": server_side,
        "ApplyOutOfSyncOnly=true": out_of_sync_only,
    }
    return [option for option, wanted in given.items() if wanted] or None


def _who() -> str:
    """Who asks, as this machine knows them; a container may know nobody."""
    try:
        return getpass.getuser()
    except OSError:
        return "admin"


def _told(body: dict[str, Any], output: Format, line: str) -> None:
    if output is Format.WIDE:
        typer.echo(line)
    else:
        print_value(body, output)
