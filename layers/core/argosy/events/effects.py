"""Effects of sensor firings: what a trigger does, as frozen data that executors carry out and messages carry.

`kind` is the trigger's key in the Sensor. Secrets appear as references only; the executor reads them at the last moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.records import record

__all__ = [
    "EFFECTS",
    "REPEATABLE",
    "CreateObject",
    "Effect",
    "HttpCall",
    "InvokeFunction",
    "LogEvents",
    "Reference",
    "SendToAws",
    "effect_from_json",
    "effect_to_json",
]


@dataclass(frozen=True, slots=True)
class Reference:
    """A key of a Secret (`kind` "secret") or ConfigMap ("config") in the sensor's namespace, read as `account`."""

    kind: str
    name: str
    key: str
    account: str = "default"


@record
class HttpCall:
    """An HTTP request. `timeout` in seconds; `allow` are the statuses that count as success, None = any."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    secure_headers: Mapping[str, Reference] = field(default_factory=dict)
    username: Reference | None = None
    password: Reference | None = None
    basic_auth: bool = False
    host: str = ""
    body: str | None = None
    timeout: float = 60.0
    allow: tuple[int, ...] | None = None
    insecure: bool = False
    ca: Reference | None = None
    client_cert: Reference | None = None
    client_key: Reference | None = None
    kind: str = "http"


@record
class LogEvents:
    """Lines for the log: one JSON object (dependency, context, data) for each event of the firing."""

    events: tuple[Mapping[str, Any], ...]
    kind: str = "log"


@record
class CreateObject:
    """Create `manifest` in `namespace` ("" = cluster scoped) as `service_account` of the sensor's namespace.

    The manifest carries the firing's id as an annotation, so that finding it there already is recognised as success.
    `kind` is `k8s` or `argoWorkflow`.
    """

    manifest: Mapping[str, Any]
    namespace: str
    service_account: str
    kind: str = "k8s"


@record
class InvokeFunction:
    """Invoke a Lambda function (name or ARN) of `region` with `payload` (JSON text); `allow` as for HttpCall."""

    function: str
    region: str
    payload: str
    invocation_type: str = "RequestResponse"
    allow: tuple[int, ...] | None = None
    kind: str = "awsLambda"


@record
class SendToAws:
    """Hand `body` (JSON text) to a target of AWS.

    `service` is `sns`, `sqs`, `eventBridge` or `stepFunctions`; `target` is the ARN of the topic, queue or state machine,
    or the name or ARN of the bus. `group` is for FIFO queues and topics, `source` and `detail_type` for buses.
    """

    service: str
    target: str
    body: str
    group: str = ""
    source: str = ""
    detail_type: str = ""
    kind: str = "aws"


Effect = HttpCall | LogEvents | CreateObject | InvokeFunction | SendToAws

EFFECTS: Final[Mapping[str, type[Any]]] = {
    "http": HttpCall,
    "log": LogEvents,
    "k8s": CreateObject,
    "argoWorkflow": CreateObject,
    "awsLambda": InvokeFunction,
    "aws": SendToAws,
}

REPEATABLE: Final = frozenset({"http", "log", "k8s", "argoWorkflow"})
"""Kinds whose repetition does no harm: the target sees the firing's id (`Idempotency-Key`, the object's name), or nobody
acts on it."""


def effect_to_json(effect: Effect) -> dict[str, Any]:
    """The effect as a message carries it: its kind and every field that has not its default."""
    body: dict[str, Any] = {"kind": effect.kind}
    for name, default in _DEFAULTS[type(effect)]:
        value = getattr(effect, name)
        if value != default:
            body[name] = value
    return body


def effect_from_json(body: Any) -> Effect:
    """The effect that a message carries. Raises EvaluationError when it is none that this version knows."""
    try:
        kind = EFFECTS[body["kind"]]
        if _REFERENCES.isdisjoint(body):
            effect: Effect = kind(**body)
            return effect
        made = dict(body)
        for name in _REFERENCES & made.keys():
            value = made[name]
            many = name == "secure_headers"
            made[name] = {key: Reference(**ref) for key, ref in value.items()} if many else Reference(**value)
        effect = kind(**made)
    except (KeyError, TypeError, ValueError, AttributeError) as x:
        raise EvaluationError(f"not an effect that this version knows: {type(x).__name__} {x}") from x
    return effect


_NOTHING: Final = object()
_REFERENCES: Final = frozenset({"secure_headers", "username", "password", "ca", "client_cert", "client_key"})


def _defaults(kind: type[Any]) -> list[tuple[str, Any]]:
    found = []
    for one in fields(kind):
        default = one.default if one.default is not MISSING else _NOTHING
        if one.default_factory is not MISSING:
            default = one.default_factory()
        if one.name != "kind":
            found.append((one.name, default))
    return found


_DEFAULTS: Final = {kind: _defaults(kind) for kind in EFFECTS.values()}
