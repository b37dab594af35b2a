"""Metric providers: one module each, named as its key in `provider`, found through `provider_of`.

A provider is pure: it says what has to be asked, and reads the answer. Who asks is an adapter, and whoever observes a run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from argosy.errors import EvaluationError, Unsupported
from argosy.rollouts.analysis.conditions import measured_phase

__all__ = ["PROVIDERS", "Answer", "Measured", "Provider", "Question", "Reader", "judged", "provider_of", "read"]

type Body = Mapping[str, Any]
type Reader = Callable[[str, str], str]
"""Name and key → the value of a Secret of the controller's own namespace. Raises NotFound."""

PROVIDERS: Final[Mapping[str, str]] = {
    "cloudWatch": "argosy.rollouts.analysis.providers.cloudwatch:CloudWatch",
    "datadog": "argosy.rollouts.analysis.providers.datadog:Datadog",
    "graphite": "argosy.rollouts.analysis.providers.graphite:Graphite",
    "influxdb": "argosy.rollouts.analysis.providers.influxdb:InfluxDb",
    "newRelic": "argosy.rollouts.analysis.providers.newrelic:NewRelic",
    "prometheus": "argosy.rollouts.analysis.providers.prometheus:Prometheus",
    "wavefront": "argosy.rollouts.analysis.providers.wavefront:Wavefront",
    "web": "argosy.rollouts.analysis.providers.web:Web",
}
_UNSERVED: Final = ("kayenta", "skywalking", "plugin")


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be asked: an HTTP request, or with `service` a call of AWS (`body` = its arguments).

    `timeout` in seconds; `secrets` are values that must not be shown, wherever they stand.
    """

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    timeout: float = 10.0
    insecure: bool = False
    service: str = ""
    sign: Mapping[str, str] = field(default_factory=dict)
    token: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status and the body of a response, or the result of a call."""

    status: int = 200
    body: str = ""
    result: Any = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement: its phase, the value that is shown, why it is an error, and what else is known."""

    phase: str
    value: str = ""
    message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class Provider(Protocol):
    """One provider. Whatever it raises of `EvaluationError` makes the measurement an Error."""

    def question(self, config: Body, secret: Reader, now: datetime) -> Question:
        """What a metric's configuration asks."""
        ...

    def answer(self, config: Body, answer: Answer) -> Any:
        """The values in an answer, as `measured` takes them."""
        ...

    def measured(self, metric: Body, values: Any) -> Measured:
        """What they amount to."""
        ...


def provider_of(metric: Body) -> tuple[Provider, Body]:
    """The provider of a metric, and its configuration. Raises Unsupported for one that is not served."""
    given = {name: value for name, value in (metric.get("provider") or {}).items() if value is not None}
    name = next(iter(given), "")
    if name not in PROVIDERS:
        known = ", ".join([*PROVIDERS, "job"])
        reason = f"the metric provider {name!r} is not served here; served: {known}"
        raise Unsupported(reason) if name in _UNSERVED else EvaluationError(reason)
    module, _, member = PROVIDERS[name].partition(":")
    found: Provider = getattr(importlib.import_module(module), member)()
    return found, given[name] or {}


def read(metric: Body, answer: Answer) -> Measured:
    """What an answer amounts to. Raises EvaluationError, also for an answer of another form than the provider gives."""
    provider, config = provider_of(metric)
    try:
        return provider.measured(metric, provider.answer(config, answer))
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError) as x:
        # Whoever answers is outside: each field that a provider takes for granted may be missing or something else.
        why = f"{type(x).__name__}: {x}"
        raise EvaluationError(f"the answer is not what {type(provider).__name__} gives ({why[:200]})") from x


def judged(metric: Body, result: Any, value: str, **metadata: str) -> Measured:
    """A measurement by the metric's conditions; one that cannot be evaluated is an Error and has no value."""
    try:
        return Measured(measured_phase(metric, result), value, metadata=metadata)
    except EvaluationError as x:
        return Measured("Error", message=str(x), metadata=metadata)
