"""The flags of `argocd proj create` and `proj set`, one row each.

In: the flags that somebody has given, by their names, and a project's spec. Out: the spec, changed; a list takes the place
of the one there. Called by `argosy proj create` and `set`, which make their options of this table. Follows
`cmd/util/project.go` of Argo CD 3.6, but that what is to be ignored of orphans stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from argosy.errors import InvalidObject
from argosy.gitops.editing.flags import Flag
from argosy.gitops.editing.puts import Put, field
from argosy.gitops.projects import editing

__all__ = ["FLAGS", "put_flags"]

type Json = dict[str, Any]


def _each(path: str, read: Callable[[str], Json]) -> Put:
    def put(spec: Json, values: Sequence[str]) -> None:
        field(path)(spec, [read(one) for one in values])

    return put


def _keys(spec: Json, keys: Sequence[str]) -> None:
    spec.pop("signatureKeys", None)
    for key in keys:
        editing.add_signature_key(spec, key)


FLAGS: Final = (
    Flag("--description", "What it is for.", field("description")),
    Flag("--src", "Permitted repository URL.", field("sourceRepos"), list, "-s"),
    Flag("--dest", "Permitted SERVER,NAMESPACE.", _each("destinations", editing.destination), list, "-d"),
    Flag(
        "--dest-service-accounts",
        "Who writes: SERVER,NAMESPACE,ACCOUNT.",
        _each("destinationServiceAccounts", editing.service_account),
        list,
    ),
    Flag("--signature-keys", "Only what is signed with one of these keys.", _keys, list),
    Flag("--source-namespaces", "Where its applications may be, besides.", field("sourceNamespaces"), list),
    Flag(
        "--allow-cluster-resource",
        "Permitted GROUP/KIND.",
        _each("clusterResourceWhitelist", editing.group_kind),
        list,
    ),
    Flag("--deny-cluster-resource", "GROUP/KIND.", _each("clusterResourceBlacklist", editing.group_kind), list),
    Flag(
        "--allow-namespaced-resource",
        "Permitted GROUP/KIND.",
        _each("namespaceResourceWhitelist", editing.group_kind),
        list,
    ),
    Flag("--deny-namespaced-resource", "GROUP/KIND.", _each("namespaceResourceBlacklist", editing.group_kind), list),
    Flag("--orphaned-resources", "Watch for objects of nobody.", editing.watch_orphans, bool),
    Flag("--orphaned-resources-warn", "Warn of them.", editing.warn_of_orphans, bool),
)
"""In the order in which they are put."""


def put_flags(spec: Json, given: Mapping[str, Any]) -> None:
    """Change a spec by the flags that are given (by `Flag.key`; None = not given). Raises InvalidObject with the flag."""
    for flag in FLAGS:
        value = given.get(flag.key)
        if value is None:
            continue
        try:
            flag.put(spec, value)
        except InvalidObject as x:
            raise InvalidObject(x.reason, field=flag.name) from x
