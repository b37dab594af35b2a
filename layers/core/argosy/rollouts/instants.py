"""Points in time as `metav1.Time` writes them: whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["stamp"]


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, fractions cut off."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
