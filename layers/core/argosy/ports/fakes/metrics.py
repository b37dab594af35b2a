"""A metrics system that answers what it was told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argosy.ports.metrics import Ask, Reply

__all__ = ["FakeMetrics"]


class FakeMetrics:
    """`Metrics`: `answers` gets each request; `asked` are those so far."""

    def __init__(self, answers: Callable[[Ask], Reply], cloudwatch: Mapping[str, Any] | None = None) -> None:
        self._answers, self._cloudwatch = answers, cloudwatch or {}
        self.asked: list[Ask] = []

    def http(self, ask: Ask) -> Reply:
        """See `Metrics.http`."""
        self.asked.append(ask)
        return self._answers(ask)

    def cloudwatch(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Metrics.cloudwatch`."""
        del arguments
        return self._cloudwatch
