"""`argosy apply`, `get`, `delete` and `lint`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from argosy.cli.inputs import load
from argosy.cli.options import Data, connected
from argosy.cli.output import Column, OutputFormat, show
from argosy.errors import InvalidObject

__all__ = ["register"]

Files = Annotated[
    list[str] | None, typer.Option("--filename", "-f", help="File, folder or - for standard input; may be repeated.")
]
Recursive = Annotated[bool, typer.Option("--recursive", "-R", help="Look into sub-folders too.")]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Namespace for what names none.")]
Output = Annotated[OutputFormat, typer.Option("--output", "-o", help="json, yaml, wide or name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("apply", apply), ("get", get), ("delete", delete), ("lint", lint)):
        app.command(name)(command)


def apply(
    context: typer.Context,
    filename: Files = None,
    namespace: Namespace = "default",
    recursive: Recursive = False,
    data: Data = None,
) -> None:
    """Create or change objects; all of them, or none if one is wrong. A running instance takes them up at once."""
    from argosy.services.applied import unique

    manifests = list(unique(load(_needed(filename), recursive=recursive), namespace))
    with connected(context, data, make=True) as client:
        for result in client.apply(manifests, namespace):
            typer.echo(result)


def get(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="eventsources (es), sensors, eventbus (eb), queues or all.")],
    names: Annotated[list[str] | None, typer.Argument()] = None,
    namespace: Namespace = "default",
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Then go on, and show each object again when it has changed.")
    ] = False,
    output: Output = OutputFormat.TABLE,
    data: Data = None,
) -> None:
    """Show objects with what has become of them: counters, failures, next times."""
    from argosy.cli.client.target import NoDataDirectory
    from argosy.cli.watching import Query, follow, found

    kind, names = _split(kind, names or [])
    if kind in ("queues", "queue"):
        if watch or names:
            raise InvalidObject("queues are shown all together, and as they are now: argosy get queues")
        _queues(context, data, output)
        return
    query = Query(kind, tuple(names), None if all_namespaces else namespace)
    columns = _COLUMNS if all_namespaces else _COLUMNS[1:]
    try:
        with connected(context, data) as client:
            if watch:
                follow(
                    client,
                    query,
                    lambda bodies, first: show(bodies, columns, output, single=not first, heading=first),
                )
                return
            show(found(client, query), columns, output, single=len(names) == 1)
    except NoDataDirectory as x:
        if names:
            raise
        typer.echo(str(x), err=True)
        show([], (), output, single=False)


def _queues(context: typer.Context, data: Data, output: OutputFormat) -> None:
    with connected(context, data) as client:
        show(client.queues(), _QUEUE_COLUMNS, output, single=False)


def delete(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help="KIND NAME…")] = None,
    filename: Files = None,
    namespace: Namespace = "default",
    recursive: Recursive = False,
    data: Data = None,
) -> None:
    """Delete objects by name or by manifest; all of them, or none if one is not there."""
    from argosy.services.kinds import kind_named

    if filename:
        targets = [(m.kind, m.namespace or namespace, m.name) for m in load(filename, recursive=recursive)]
    elif words and (len(words) > 1 or "/" in words[0]):
        kind, names = _split(words[0], words[1:])
        targets = [(kind_named(kind), namespace, name) for name in names]
    else:
        raise InvalidObject("name what to delete: KIND NAME… or -f FILE")
    with connected(context, data) as client:
        for result in client.delete(targets):
            typer.echo(result)


def lint(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files and folders; what is no manifest of ours is left out of them.")
    ] = None,
    filename: Files = None,
    recursive: Recursive = False,
) -> None:
    """Check manifests without applying them; every problem with its object, field and line, also what cannot ever work."""
    from argosy.adapters.jq import LazyJq
    from argosy.cli.linting import chosen, linted, read

    manifests = load(_needed(filename), recursive=recursive) if filename or not paths else []
    for path in (file for name in paths or () for file in chosen(Path(name), recursive=recursive)):
        found, skipped = read(path.read_text(encoding="utf-8", errors="replace"), str(path))
        manifests += found
        for reason in skipped:
            sys.stderr.write(f"left out: {reason}\n")
    problems = linted(manifests, LazyJq())
    for problem in problems:
        sys.stderr.write(f"error: {problem}\n")
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{len(manifests)} objects, no problems")


def _split(word: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """KIND NAME… or, as kubectl has it too, KIND/NAME."""
    kind, slash, name = word.partition("/")
    return kind, [name, *names] if slash else list(names)


def _needed(filename: Sequence[str] | None) -> Sequence[str]:
    if not filename:
        raise InvalidObject("name a file or folder with -f")
    return filename


def _field(one: Mapping[str, Any], *path: str) -> str:
    value: Any = one
    for part in path:
        value = (value or {}).get(part)
    return "" if value is None else str(value)


def _age(one: Mapping[str, Any]) -> str:
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(one["metadata"]["creationTimestamp"])).total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{max(0, seconds)}s"


def _count(one: Mapping[str, Any], counter: str) -> str:
    triggers = (one.get("status") or {}).get("triggers")
    return "" if triggers is None else str(int(sum(trigger.get(counter, 0) for trigger in triggers.values())))


def _conditions(one: Mapping[str, Any]) -> str:
    if one["status"].get("deleted"):
        return "deleted"
    bad = [c["type"] for c in one["status"].get("conditions", ()) if c["status"] != "True"]
    return f"not {', '.join(bad)}" if bad else "ready"


def _remark(one: Mapping[str, Any]) -> str:
    status = one["status"]
    for name, calendar in (status.get("calendar") or {}).items():
        return f"{name} next {calendar['next']}"
    for url in (status.get("urls") or {}).values():
        return str(url)
    told = [t for t in (status.get("triggers") or {}).values() if t.get("lastFailure")]
    last = max(told, key=lambda t: str(t["lastFailureAt"]), default=None)
    return f"{last['lastFailureAt'][:19]}Z {last['lastFailure']}"[:120] if last else ""


_COLUMNS = (
    Column("NAMESPACE", lambda one: _field(one, "metadata", "namespace")),
    Column("KIND", lambda one: _field(one, "kind")),
    Column("NAME", lambda one: _field(one, "metadata", "name")),
    Column("STATE", _conditions),
    Column("FIRED", lambda one: _count(one, "fired")),
    Column("FAILED", lambda one: _count(one, "failed")),
    Column("AGE", _age),
    Column("REMARK", _remark),
    Column("UID", lambda one: _field(one, "metadata", "uid"), wide=True),
)
_QUEUE_COLUMNS = tuple(
    Column(title, lambda one, key=key: str(one[key]))  # type: ignore[misc]  # mypy cannot see the default's type
    for title, key in (("NAME", "name"), ("VISIBLE", "visible"), ("IN FLIGHT", "inFlight"), ("DELAYED", "delayed"))
)
