"""Metric systems, whose client is loaded when the first of them is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from argosy.ports.metrics import Ask, Metrics, Reply

if TYPE_CHECKING:
    from argosy.adapters.aws.clients import Clients

__all__ = ["LazyMetrics"]


class LazyMetrics:
    """See `Metrics`."""

    def __init__(self, clients: Clients | None = None) -> None:
        self._clients = clients
        self._made: Metrics | None = None

    def http(self, ask: Ask) -> Reply:
        """See `Metrics.http`."""
        return self._metrics().http(ask)

    def cloudwatch(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Metrics.cloudwatch`."""
        return self._metrics().cloudwatch(arguments)

    def _metrics(self) -> Metrics:
        if self._made is None:
            from argosy.adapters.metrics.asking import HttpMetrics

            self._made = HttpMetrics(self._clients)
        return self._made
