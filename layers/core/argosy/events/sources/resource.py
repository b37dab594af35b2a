"""Event source `resource`: a change of a Kubernetes object in, whether it is wanted and the event's payload out.

Follows `pkg/eventsources/sources/resource/start.go` of Argo Events 1.9: the label selector goes to the API server, type
and the rest of the filter are looked at here. A watch may serve several entries, so that labels are looked at again:
what an API server has selected passes. On purpose different: `oldBody` is null where whoever watches has kept no earlier
state of the object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.events.jsontext import write_json
from argosy.lang import gjson, instants, regex
from argosy.lang.selectors import Requirement, matches, requirement, selector_text
from argosy.records import record
from argosy.resources.eventsource import FieldSelector, ResourceFilter, ResourceSource

__all__ = ["Subscription", "passes", "payload", "requirements", "selector", "subscription", "wanted"]

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@record
class Subscription:
    """What to watch for an entry; `resource` is the plural, `namespace` "" = all, `selector` a label selector."""

    group: str
    version: str
    resource: str
    namespace: str
    selector: str


def subscription(entry: ResourceSource) -> Subscription:
    """What to watch for `entry`. Raises EvaluationError for labels that make no selector."""
    return Subscription(entry.group, entry.version, entry.resource, entry.namespace, selector(entry))


def selector(entry: ResourceSource) -> str:
    """The label selector of an entry, "" when it takes all objects. Raises EvaluationError."""
    return selector_text(requirements(entry.filter.labels)) if entry.filter else ""


def requirements(labels: Sequence[FieldSelector]) -> list[Requirement]:
    """What `filter.labels` asks for. Raises EvaluationError."""
    return [requirement(one.key, one.operation, one.value) for one in labels]


def wanted(entry: ResourceSource, change_type: str, obj: Mapping[str, Any], started_at: datetime) -> bool:
    """Whether a change is one for this entry: its type (ADD, UPDATE, DELETE), its labels, the filter.

    `started_at` is when the event source began to watch. Raises EvaluationError for labels that make no selector.
    """
    if change_type not in (entry.event_types or ()):
        return False
    if entry.filter is None:
        return True
    labels = _metadata(obj).get("labels") or {}
    return matches(requirements(entry.filter.labels), labels) and passes(entry.filter, change_type, obj, started_at)


def passes(wanting: ResourceFilter, change_type: str, obj: Mapping[str, Any], started_at: datetime) -> bool:
    """Whether an object passes a filter, its labels aside."""
    metadata = _metadata(obj)
    if not str(metadata.get("name", "")).startswith(wanting.prefix):
        return False
    if wanting.after_start and _changed_at(change_type, metadata, started_at) < started_at:
        return False
    created_by = instants.parse(wanting.created_by)
    if created_by is not None and created_by < (instants.parse(metadata.get("creationTimestamp")) or _NEVER):
        return False
    text = write_json(obj) if wanting.fields else ""
    return all(_field(text, one) for one in wanting.fields)


def payload(
    entry: ResourceSource, change_type: str, obj: Mapping[str, Any], old: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The payload of one change; `old` is the object as it was before an UPDATE."""
    body: dict[str, Any] = {
        "type": change_type,
        "body": obj,
        "oldBody": old if change_type == "UPDATE" else None,
        "group": entry.group,
        "version": entry.version,
        "resource": entry.resource,
    }
    return body | ({"metadata": entry.metadata} if entry.metadata else {})


def _metadata(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    found = obj.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _changed_at(change_type: str, metadata: Mapping[str, Any], started_at: datetime) -> datetime:
    created = instants.parse(metadata.get("creationTimestamp")) or _NEVER
    if change_type == "DELETE":
        return instants.parse(metadata.get("deletionTimestamp")) or started_at  # it is being deleted now
    if change_type != "UPDATE":
        return created
    entries = metadata.get("managedFields") or ()
    updates = (instants.parse(one.get("time")) for one in entries if one.get("operation") == "Update")
    return max([created, *(at for at in updates if at is not None)])


def _field(text: str, wanting: FieldSelector) -> bool:
    found = gjson.get(text, wanting.key)
    if not found.exists:
        return False
    try:
        seen = regex.compile(wanting.value).search(found.string() if found.kind is gjson.Kind.STRING else "")
    except EvaluationError:
        return False
    if wanting.operation in ("=", "=="):
        return seen
    return wanting.operation == "!=" and not seen
