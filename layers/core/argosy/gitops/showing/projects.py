"""A project as `argocd proj list`, `get` and `windows list` show it.

In: AppProjects. Out: rows of texts, the heading first, and lines with their labels. Follows `cmd/argocd/commands/project.go`
and `projectwindows.go` of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from argosy.errors import EvaluationError
from argosy.gitops.projects.windows import is_open
from argosy.resources.appproject import AppProject, NamespacedKind, SyncWindow

__all__ = ["details", "listing", "windows"]

type Rows = list[list[str]]


def listing(projects: Sequence[AppProject]) -> Rows:
    """`argocd proj list`."""
    heading = ["NAME", "DESCRIPTION", "DESTINATIONS", "SOURCES", "CLUSTER-RESOURCE-WHITELIST"]
    heading += ["NAMESPACE-RESOURCE-BLACKLIST", "SIGNATURE-KEYS", "ORPHANED-RESOURCES", "DESTINATION-SERVICE-ACCOUNTS"]
    return [heading, *(_row(one) for one in projects)]


def _row(project: AppProject) -> list[str]:
    spec = project.spec
    keys, accounts = len(spec.signature_keys), len(spec.destination_service_accounts)
    return [
        project.name,
        spec.description,
        _few(_destinations(project), "destinations"),
        _few(spec.source_repos, "repos"),
        _few(_kinds(spec.cluster_resource_whitelist), "resources"),
        f"{len(spec.namespace_resource_blacklist)} resources" if spec.namespace_resource_blacklist else "<none>",
        f"{keys} key(s)" if keys else "<none>",
        _orphaned(project),
        f"{accounts} account(s)" if accounts else "<none>",
    ]


def details(project: AppProject) -> Iterator[tuple[str, str]]:
    """`argocd proj get`: labels with their values; a list goes on in lines without a label."""
    spec = project.spec
    yield "Name:", project.name
    yield "Description:", spec.description
    for label, values in (
        ("Destinations:", _destinations(project)),
        ("Repositories:", spec.source_repos),
        ("Source Namespaces:", spec.source_namespaces),
        ("Allowed Cluster Resources:", _kinds(spec.cluster_resource_whitelist)),
        ("Denied Cluster Resources:", _kinds(spec.cluster_resource_blacklist)),
        ("Allowed Namespaced Resources:", _kinds(spec.namespace_resource_whitelist or ())),
        ("Denied Namespaced Resources:", _kinds(spec.namespace_resource_blacklist)),
    ):
        for index, value in enumerate(values or ["<none>"]):
            yield "" if index else label, value
    yield "Signature keys:", ", ".join(one.key_id for one in spec.signature_keys) or "<none>"
    yield "Orphaned Resources:", _orphaned(project)


def windows(found: Sequence[SyncWindow | None], now: datetime) -> Rows:
    """`argocd proj windows list`; the ids are places from 0."""
    heading = ["ID", "STATUS", "KIND", "SCHEDULE", "DURATION", "APPLICATIONS", "NAMESPACES", "CLUSTERS"]
    rows = [[*heading, "MANUALSYNC", "TIMEZONE", "USEANDOPERATOR"]]
    for index, one in enumerate(found):
        if one is None:
            continue
        lists = (",".join(names) or "-" for names in (one.applications, one.namespaces, one.clusters))
        row = [str(index), _status(one, now), one.kind, one.schedule, one.duration, *lists]
        rows.append([*row, _switch(one.manual_sync), one.time_zone or "UTC", _switch(one.and_operator)])
    return rows


def _status(window: SyncWindow, now: datetime) -> str:
    try:
        return "Active" if is_open(window, now) else "Inactive"
    except EvaluationError:
        return "Invalid"


def _switch(on: bool) -> str:
    return "Enabled" if on else "Disabled"


def _destinations(project: AppProject) -> list[str]:
    return [f"{one.server or one.name},{one.namespace}" for one in project.spec.destinations]


def _kinds(kinds: Sequence[NamespacedKind]) -> list[str]:
    return [f"{one.group}/{one.kind}" for one in kinds]


def _few(values: Sequence[str], noun: str) -> str:
    """One value itself, several by their number."""
    return f"{len(values)} {noun}" if len(values) > 1 else "".join(values) or "<none>"


def _orphaned(project: AppProject) -> str:
    found = project.spec.orphaned_resources
    if found is None:
        return "disabled"
    ignored = f", ignored {len(found.ignore)}" if found.ignore else ""
    return f"enabled (warn={'false' if found.warn is False else 'true'}{ignored})"
