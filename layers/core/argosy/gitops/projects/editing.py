"""What `argocd proj …` changes in a project.

In: a project's spec as JSON, changed in place. Out: what is to be said. Raises AlreadyExists, NotFound or InvalidObject for
what argocd ends with an error for. Called by `argosy proj`. Follows `cmd/argocd/commands/project.go` and `projectwindows.go`
of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from argosy.errors import AlreadyExists, InvalidObject, NotFound
from argosy.gitops.revisions import comparable
from argosy.gitops.signatures import key_id

__all__ = [
    "LISTS",
    "add_destination",
    "add_orphaned_ignore",
    "add_service_account",
    "add_signature_key",
    "add_source",
    "add_source_namespace",
    "change_kind",
    "destination",
    "group_kind",
    "put_window",
    "remove_destination",
    "remove_orphaned_ignore",
    "remove_service_account",
    "remove_signature_key",
    "remove_source",
    "remove_source_namespace",
    "remove_window",
    "service_account",
    "warn_of_orphans",
    "watch_orphans",
    "window_at",
]

type Json = dict[str, Any]
type Scope = Literal["cluster", "namespaced"]
type Listed = Literal["allow", "deny"]

LISTS: Final[Mapping[tuple[Scope, Listed], str]] = {
    ("cluster", "allow"): "clusterResourceWhitelist",
    ("cluster", "deny"): "clusterResourceBlacklist",
    ("namespaced", "allow"): "namespaceResourceWhitelist",
    ("namespaced", "deny"): "namespaceResourceBlacklist",
}
"""The lists of kinds."""


def destination(text: str) -> Json:
    """`SERVER,NAMESPACE` or `NAME,NAMESPACE`; what has no `://` and is no `*` is a name. Raises InvalidObject."""
    cluster, comma, namespace = text.rpartition(",")
    if not comma or not cluster or not namespace:
        raise InvalidObject(f"{text!r} is not SERVER,NAMESPACE", field="--dest")
    key = "server" if "://" in cluster or cluster == "*" else "name"
    return {key: cluster, "namespace": namespace}


def group_kind(text: str) -> Json:
    """`GROUP/KIND`. Raises InvalidObject."""
    group, slash, kind = text.partition("/")
    if not slash or not kind:
        raise InvalidObject(f"{text!r} is not GROUP/KIND (the core group is empty: /Namespace)")
    return {"group": group, "kind": kind}


def add_source(spec: Json, url: str) -> str:
    """Allow a repository."""
    return _allow(spec, "sourceRepos", "Source repository", url, lambda one: comparable(one) == comparable(url))


def remove_source(spec: Json, url: str) -> str:
    """Allow it no more."""
    return _remove(spec, "sourceRepos", "Source repository", url)


def _allow(spec: Json, field: str, what: str, value: str, is_same: Callable[[str], bool]) -> str:
    found = spec.setdefault(field, [])
    there = next((one for one in found if one == "*" or is_same(one)), None)
    if there is not None:
        return f"{what} '{there}' already allowed in project"
    found.append(value)
    return f"{what} '{value}' is allowed"


def _remove(spec: Json, field: str, what: str, value: str) -> str:
    found = spec.get(field) or []
    if value not in found:
        return f"{what} '{value}' does not exist in project"
    found.remove(value)
    return f"{what} '{value}' is removed"


def add_signature_key(spec: Json, key: str) -> str:
    """Take a key's signatures. Raises InvalidObject for what names none, AlreadyExists."""
    name = key_id(key)
    if not name:
        raise InvalidObject(f"{key} is not a valid GnuPG key ID", field="spec.signatureKeys")
    found = spec.setdefault("signatureKeys", [])
    if any(key_id(one["keyID"]) == name for one in found):
        raise AlreadyExists("Specified signature key is already defined in project")
    found.append({"keyID": key})
    return f"Signature key '{key}' is allowed"


def remove_signature_key(spec: Json, key: str) -> str:
    """Take them no more. Raises NotFound."""
    found = spec.get("signatureKeys") or []
    at = next((place for place, one in enumerate(found) if key_id(key) == key_id(one["keyID"]) != ""), None)
    if at is None:
        raise NotFound("Specified signature key is not configured for project")
    del found[at]
    return f"Signature key '{key}' is removed"


def add_source_namespace(spec: Json, namespace: str) -> str:
    """Let Applications of a namespace use the project."""
    return _allow(spec, "sourceNamespaces", "Source namespace", namespace, lambda one: one == namespace)


def remove_source_namespace(spec: Json, namespace: str) -> str:
    """Let them use it no more."""
    return _remove(spec, "sourceNamespaces", "Source namespace", namespace)


def watch_orphans(spec: Json, on: bool) -> None:
    """Look for what is nobody's, or do so no more. What is to be ignored stays as long as it is looked for."""
    if on:
        spec["orphanedResources"] = spec.get("orphanedResources") or {}
    else:
        spec.pop("orphanedResources", None)


def warn_of_orphans(spec: Json, on: bool) -> None:
    """Look for it, and warn of it or not."""
    spec["orphanedResources"] = (spec.get("orphanedResources") or {}) | {"warn": on}


def add_orphaned_ignore(spec: Json, group: str, kind: str, name: str) -> str:
    """Leave objects out of what is nobody's; it is looked for then. Raises AlreadyExists."""
    watched = spec["orphanedResources"] = spec.get("orphanedResources") or {}
    found = watched.setdefault("ignore", [])
    if _ignored_at(found, group, kind, name) is not None:
        raise AlreadyExists("Specified resource is already defined in the orphaned ignore list of project")
    found.append({"group": group, "kind": kind} | ({"name": name} if name else {}))
    return f"Orphaned resources '{group}/{kind}' are ignored"


def remove_orphaned_ignore(spec: Json, group: str, kind: str, name: str) -> str:
    """Leave them out no more. Raises NotFound."""
    found = (spec.get("orphanedResources") or {}).get("ignore") or []
    at = _ignored_at(found, group, kind, name)
    if at is None:
        raise NotFound("Specified resource does not exist in the orphaned ignore list of project")
    del found[at]
    return f"Orphaned resources '{group}/{kind}' are ignored no more"


def _ignored_at(found: Sequence[Json], group: str, kind: str, name: str) -> int | None:
    keys = ("group", "kind", "name")
    return next(
        (at for at, one in enumerate(found) if [one.get(key) or "" for key in keys] == [group, kind, name]), None
    )


def add_destination(spec: Json, given: Json) -> str:
    """Allow a destination."""
    found = spec.setdefault("destinations", [])
    if _place(found, given) is not None:
        raise AlreadyExists("Specified destination is already defined in project")
    found.append(given)
    return "Destination is allowed"


def remove_destination(spec: Json, given: Json) -> str:
    """Allow it no more."""
    found = spec.get("destinations") or []
    at = _place(found, given)
    if at is None:
        raise NotFound("Specified destination does not exist in project")
    del found[at]
    return "Destination is removed"


def service_account(text: str) -> Json:
    """`SERVER,NAMESPACE,ACCOUNT`, the account of another namespace as `NAMESPACE:ACCOUNT`. Raises InvalidObject."""
    parts = text.rsplit(",", 2)
    if len(parts) != 3 or not all(parts):
        raise InvalidObject(f"{text!r} is not SERVER,NAMESPACE,ACCOUNT", field="--dest-service-accounts")
    return dict(zip(("server", "namespace", "defaultServiceAccount"), parts, strict=True))


def add_service_account(spec: Json, given: Json) -> str:
    """Have a destination's objects written as an account."""
    found = spec.setdefault("destinationServiceAccounts", [])
    if any((one["server"], one["namespace"]) == (given["server"], given["namespace"]) for one in found):
        raise AlreadyExists("Specified destination service account is already defined in project")
    found.append(given)
    return "Destination service account is added"


def remove_service_account(spec: Json, given: Json) -> str:
    """Have them written as it no more."""
    found = spec.get("destinationServiceAccounts") or []
    if given not in found:
        raise NotFound("Specified destination service account does not exist in project")
    found.remove(given)
    return "Destination service account is removed"


def _place(found: list[Json], given: Json) -> int | None:
    keys = ("server", "name", "namespace")
    wanted = [given.get(key) or "" for key in keys]
    return next((at for at, one in enumerate(found) if [one.get(key) or "" for key in keys] == wanted), None)


def change_kind(spec: Json, scope: Scope, listed: Listed, group: str, kind: str, *, allow: bool) -> str:
    """Allow or deny a kind by one of the two lists of its scope: what is denied leaves the list of what is allowed."""
    found = spec.get(LISTS[scope, listed]) or []
    words = f"{'allowed' if listed == 'allow' else 'denied'} {scope}"
    said = f"Group '{group}' and kind '{kind}'"
    at = next((at for at, one in enumerate(found) if (one.get("group") or "", one.get("kind")) == (group, kind)), None)
    if allow == (listed == "allow"):
        if at is not None:
            return f"{said} already present in {words} resources"
        spec[LISTS[scope, listed]] = [*found, {"group": group, "kind": kind}]
        return f"{said} is added to {words} resources"
    if at is None:
        return f"{said} not in {words} resources"
    del found[at]
    return f"{said} is removed from {words} resources"


def window_at(spec: Json, number: int) -> Json:
    """A sync window by its id. Raises NotFound."""
    found = spec.get("syncWindows") or []
    if not 0 <= number < len(found):
        raise NotFound(f"window with id '{number}' not found: `argosy proj windows list` has the ids")
    window: Json = found[number]
    return window


def put_window(window: Json, given: Mapping[str, Any]) -> None:
    """Set what is given of a window; None leaves a field, an empty list takes it away."""
    for field, value in given.items():
        if value is None:
            continue
        if value in ([], ""):
            window.pop(field, None)
        else:
            window[field] = value


def remove_window(spec: Json, number: int) -> None:
    """Take a sync window away. Raises NotFound."""
    window_at(spec, number)
    del spec["syncWindows"][number]
