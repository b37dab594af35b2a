"""What `argosy up` prints: short lines with the time, and log triggers as JSON."""

from __future__ import annotations

import contextlib
import logging
import sys

import orjson

__all__ = ["configure_logging"]

_FIELDS = ("namespace", "sensor", "trigger", "dependencyName", "context")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.name == "argosy.triggers.log":
            fields = {name: getattr(record, name, None) for name in _FIELDS}
            data: object = record.getMessage()
            with contextlib.suppress(orjson.JSONDecodeError):
                data = orjson.loads(record.getMessage())
            try:
                return orjson.dumps({**fields, "data": data}).decode()
            except orjson.JSONEncodeError:  # nested deeper than it writes, though it reads that
                return orjson.dumps({**fields, "data": record.getMessage()}).decode()
        return text


def configure_logging() -> None:
    """Send the product's log lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    root = logging.getLogger("argosy")
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
