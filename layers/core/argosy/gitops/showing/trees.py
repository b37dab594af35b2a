"""The objects of an Application with those that they have led to: `argocd app get -o tree`, and whose pods are whose.

In: the Application, and live objects with their ownerReferences. Out: rows, or objects. Follows `printTreeView` of
`cmd/argocd/commands/tree.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from argosy.errors import ArgosyError
from argosy.gitops.health.assess import visible_health
from argosy.resources.application import Application, ResourceStatus

__all__ = ["below", "tree"]

type Object = Mapping[str, Any]
type Children = Mapping[tuple[str, str, str], Sequence[Object]]


def tree(app: Application, objects: Sequence[Object]) -> list[list[str]]:
    """Rows: the managed objects, and indented below them what they own. `objects`: live ones that somebody owns."""
    children = _children(objects)
    rows = [["KIND/NAME", "STATUS", "HEALTH", "MESSAGE"]]
    for one in app.status.resources:
        health = one.health
        told = (health.status, health.message) if health is not None else ("", "")
        rows.append([f"{one.kind}/{one.name}", one.status, *told])
        rows += _rows(children, (one.kind, one.namespace, one.name), "")
    return rows


def _rows(children: Children, owner: tuple[str, str, str], indent: str) -> Iterator[list[str]]:
    found = children.get(owner, ())
    for index, body in enumerate(found):
        last = index == len(found) - 1
        try:
            health = visible_health(body, {})
        except ArgosyError:
            health = None
        name = f"{indent}{'└─' if last else '├─'}{body['kind']}/{body['metadata']['name']}"
        yield [name, "", health.status if health is not None else "", health.message if health is not None else ""]
        yield from _rows(children, _place(body), indent + ("  " if last else "│ "))


def below(app: Application, objects: Sequence[Object], meant: Callable[[ResourceStatus], bool]) -> list[Object]:
    """What the managed objects that are meant own, and what these own; with those that are among `objects` themselves."""
    children = _children(objects)
    known = {_place(body): body for body in objects}
    found: dict[tuple[str, str, str], Object] = {}
    waiting = [(one.kind, one.namespace, one.name) for one in app.status.resources if meant(one)]
    while waiting:
        place = waiting.pop(0)
        if place in known:
            found.setdefault(place, known[place])
        for body in children.get(place, ()):
            if _place(body) not in found:
                waiting.append(_place(body))
    return list(found.values())


def _children(objects: Sequence[Object]) -> Children:
    found: dict[tuple[str, str, str], list[Object]] = defaultdict(list)
    for body in sorted(objects, key=lambda one: (one["kind"], one["metadata"]["name"])):
        metadata = body["metadata"]
        for owner in metadata.get("ownerReferences") or ():
            found[owner["kind"], metadata.get("namespace") or "", owner["name"]].append(body)
    return found


def _place(body: Object) -> tuple[str, str, str]:
    return body["kind"], body["metadata"].get("namespace") or "", body["metadata"]["name"]
