"""The versions of sensors that were in force, so that what they decided can be decided again.

One row for each (pk `versions/<namespace>/<sensor>`, sk `<uid>/<generation>`), written in one transaction with the sensor
itself and never changed, but that it expires some time after another version or nothing has taken its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from argosy.ports.clock import stamp
from argosy.ports.store import Put, Row, Store

__all__ = ["version_at", "version_changes"]

_KEEP_SECONDS: Final = 8 * 86_400.0
"""A day longer than events, so that one that waited in a queue is still explained."""


def version_changes(
    store: Store, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, now: datetime
) -> list[Put]:
    """The writes that go with a change of a sensor from `old` to `new`, None for one that is not there."""
    changes = []
    if old is not None and (new is None or _key(new) != _key(old)):
        before = store.get(*_key(old))
        if before is not None:
            row = Row(before.pk, before.sk, {**before.data, "until": stamp(now)})
            changes.append(
                Put(Row(row.pk, row.sk, row.data, expires_at=now.timestamp() + _KEEP_SECONDS), before.version)
            )
    if new is not None and (old is None or _key(new) != _key(old)):
        changes.append(Put(Row(*_key(new), {"manifest": dict(new), "since": stamp(now)})))
    return changes


def version_at(store: Store, namespace: str, sensor: str, at: str) -> Mapping[str, Any] | None:
    """The manifest of the sensor that was in force at a time (RFC 3339), None when there was none."""
    for row in store.query(f"versions/{namespace}/{sensor}"):
        if row.data["since"] <= at < row.data.get("until", "9999"):
            manifest: Mapping[str, Any] = row.data["manifest"]
            return manifest
    return None


def _key(manifest: Mapping[str, Any]) -> tuple[str, str]:
    metadata = manifest["metadata"]
    return (
        f"versions/{metadata['namespace']}/{metadata['name']}",
        f"{metadata['uid']}/{metadata.get('generation', 0):08}",
    )
