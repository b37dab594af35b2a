"""Effects of sensor firings: what a trigger does, as frozen data that executors carry out and messages carry.

`kind` is the trigger's key in the Sensor. Secrets appear as references only; the executor reads them at the last moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.records import record

__all__ = [
    "EFFECTS",
    "Assignment",
    "Draft",
    "Effect",
    "HttpCall",
    "InvokeFunction",
    "LogEvents",
    "Reference",
    "SendEmail",
    "SendMessage",
    "SendToAws",
    "SlackMessage",
    "WorkflowCommand",
    "WriteObject",
    "effect_from_json",
    "effect_to_json",
    "repeatable",
]


@dataclass(frozen=True, slots=True)
class Reference:
    """A key of a Secret (`kind` "secret") or ConfigMap ("config") in the sensor's namespace, read as `account`."""

    kind: str
    name: str
    key: str
    account: str = "default"


@record
class Assignment:
    """A value to be written at `dest`; `operation` as in a parameter, "" = overwrite."""

    dest: str
    text: str
    raw: bool = False
    operation: str = ""

    @property
    def repeatable(self) -> bool:
        """Whether writing it a second time changes nothing."""
        return self.operation in ("", "overwrite") and "-1" not in self.dest.split(".")


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
class WriteObject:
    """Create, update, patch or delete the object that `manifest` names, in `namespace` ("" = cluster scoped).

    As `service_account` of the sensor's namespace, in `cluster` ("" = the object's home). A manifest to create carries the
    firing's id as an annotation, so that finding it there already is recognised as success. `patch` is the kind of patch,
    empty for a merge patch. With `live` the `values` are written into the object as it is in the cluster.
    """

    manifest: Mapping[str, Any]
    namespace: str
    service_account: str
    operation: str = "create"
    patch: str = ""
    live: bool = False
    values: Sequence[Assignment] = ()
    cluster: str = ""
    kind: str = "k8s"


@record
class WorkflowCommand:
    """What the argo CLI would be told, with `args` as its flags, in `namespace`, as `WriteObject` in all else.

    submit creates `manifest`, which carries the firing's id and its own name; all others act on `name`, submit-from on the
    `origin` of that name: `cronwf` or `workflowtemplate`.
    """

    manifest: Mapping[str, Any]
    namespace: str
    service_account: str
    operation: str = "submit"
    name: str = ""
    origin: str = ""
    args: Sequence[str] = ()
    cluster: str = ""
    kind: str = "argoWorkflow"


@record
class Draft:
    """A `k8s` or `argoWorkflow` trigger whose object is still to be read, when the firing is carried out.

    It stands in `config`, or where `artifact` says: one member of the manifest's `source`, by its name. `values` are its
    parameters, `namespace` is the sensor's, `at` the time of the firing in milliseconds; the rest is as the trigger has it.
    """

    config: Reference | None
    namespace: str
    service_account: str
    sensor: str
    trigger: str
    at: int
    operation: str = ""
    patch: str = ""
    live: bool = False
    args: Sequence[str] = ()
    values: Sequence[Assignment] = ()
    cluster: str = ""
    artifact: Mapping[str, Any] | None = None
    kind: str = "k8s"

    @property
    def unread(self) -> bool:
        """Whether its object is to be read from somewhere."""
        return self.config is not None or self.artifact is not None


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


@record
class SlackMessage:
    """A message to a channel; `attachments` and `blocks` are JSON texts, "" = none.

    `thread`: messages of one key are replies to the first of them, which `broadcast` shows in the channel, too. `icon` is an
    emoji or a URL.
    """

    channel: str
    message: str
    token: Reference
    attachments: str = ""
    blocks: str = ""
    thread: str = ""
    broadcast: bool = False
    username: str = ""
    icon: str = ""
    kind: str = "slack"


@record
class SendEmail:
    """A mail of its own to each address of `to`; `invalid` are those that are none, which fail once the others are sent."""

    to: Sequence[str]
    subject: str
    body: str
    host: str
    port: int
    sender: str
    user: str = ""
    password: Reference | None = None
    invalid: Sequence[str] = ()
    kind: str = "email"


@record
class SendMessage:
    """Hand `body` (JSON text, None = empty) to the server that `trigger` names: of `kafka`, of `nats`, or a `custom` one.

    `trigger` is the trigger's part of the manifest without payload, parameters and secure headers; the Secrets that it
    names are read as `service_account`. `values` are for what a `custom` server gives as its resource.
    """

    kind: str
    trigger: Mapping[str, Any]
    service_account: str
    body: str | None = None
    secure_headers: Mapping[str, Reference] = field(default_factory=dict)
    values: Sequence[Assignment] = ()


Effect = (
    HttpCall
    | LogEvents
    | WriteObject
    | WorkflowCommand
    | Draft
    | InvokeFunction
    | SendToAws
    | SlackMessage
    | SendEmail
    | SendMessage
)

EFFECTS: Final[Mapping[str, type[Any]]] = {
    "http": HttpCall,
    "log": LogEvents,
    "k8s": WriteObject,
    "argoWorkflow": WorkflowCommand,
    "awsLambda": InvokeFunction,
    "aws": SendToAws,
    "slack": SlackMessage,
    "email": SendEmail,
    **dict.fromkeys(("kafka", "nats", "custom"), SendMessage),
}

_OF_DRAFTS: Final = frozenset({"config", "artifact"})
_REPEATABLE: Final = frozenset({"http", "log", "k8s", "argoWorkflow"})


def repeatable(effect: Effect) -> bool:
    """Whether carrying it out a second time does no harm.

    The target sees the firing's id (`Idempotency-Key`, the object's name or annotation), the change is one that is the same
    when it is made again, or nobody acts on it. What is added to what a live object holds would be added again.
    """
    if isinstance(effect, (WriteObject, Draft)) and effect.live:
        return all(one.repeatable for one in effect.values)
    return effect.kind in _REPEATABLE


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
        if _RECORDS.keys().isdisjoint(body):
            effect: Effect = kind(**body)
            return effect
        made = {name: _RECORDS[name](value) if name in _RECORDS else value for name, value in body.items()}
        effect = (kind if _OF_DRAFTS.isdisjoint(made) else Draft)(**made)
    except (KeyError, TypeError, ValueError, AttributeError) as x:
        raise EvaluationError(f"not an effect that this version knows: {type(x).__name__} {x}") from x
    return effect


_NOTHING: Final = object()


def _reference(value: Mapping[str, str]) -> Reference:
    return Reference(**value)


_RECORDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("password", "ca", "client_cert", "client_key", "token"), _reference),
    "username": lambda value: value if isinstance(value, str) else _reference(value),
    "secure_headers": lambda value: {key: _reference(one) for key, one in value.items()},
    "values": lambda value: tuple(Assignment(**one) for one in value),
    **dict.fromkeys(("args", "to", "invalid"), tuple),
    "config": lambda value: _reference(value) if value is not None else None,
    "artifact": dict,
}
"""Fields that are no plain JSON, and how each is read."""


def _defaults(kind: type[Any]) -> list[tuple[str, Any]]:
    found = []
    for one in fields(kind):
        default = one.default if one.default is not MISSING else _NOTHING
        if one.default_factory is not MISSING:
            default = one.default_factory()
        if one.name != "kind":
            found.append((one.name, default))
    return found


_DEFAULTS: Final = {kind: _defaults(kind) for kind in (*EFFECTS.values(), Draft)}
