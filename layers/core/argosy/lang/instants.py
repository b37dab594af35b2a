"""Points in time as Kubernetes objects have them: RFC 3339 texts (`metav1.Time`).

In: what stands in an object. Out: an aware datetime in UTC, None for what is no such text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["parse"]

_TEXT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse(text: object) -> datetime | None:
    """The time that `text` names; fractions finer than a microsecond are dropped."""
    match = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    at, fraction, zone = match.groups()
    try:
        return datetime.fromisoformat(f"{at}.{(fraction or '0')[:6].ljust(6, '0')}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
