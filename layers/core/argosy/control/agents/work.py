"""Work for an agent: what the hub signs, and what the agent must see before it does anything.

A message of a command queue is `{"work": "<JSON text>", "key": name, "signature": base64}`; the signature is over the exact
text. The text names the cluster, so that work for another is refused, and when it expires, so that it cannot be kept and
used later. `id` is the same for the same work: an agent that has done it answers what it answered before.

Kinds of work: `request` (one call of the Cluster port), `unit` (the writes of a controller's decision), `batch` (those of
a step of a sync), `batch-as` (those as a service account), `subscribe` (what to watch), `report` (objects that the hub
lacks), `http` (a call to a name inside the cluster).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from argosy import formats
from argosy.errors import Denied, EvaluationError
from argosy.ports.signing import Signer, Verifier

__all__ = ["KINDS", "LIFE", "Work", "group_of", "open_work", "sealed"]

KINDS: Final = frozenset({"request", "unit", "batch", "batch-as", "subscribe", "report", "http"})
LIFE: Final = timedelta(seconds=300)
"""How long work is good for. An agent that was away for longer finds it expired, and whoever asked decides again."""

_SKEW: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work; `issued` and `expires` by the hub's clock, `body` as the kind has it."""

    id: str
    cluster: str
    kind: str
    body: Mapping[str, Any]
    issued: datetime
    expires: datetime


def group_of(*target: str) -> str:
    """The FIFO group of work on one object: done in the order in which it was sent."""
    return hashlib.sha256("/".join(target).encode()).hexdigest()[:32]


def sealed(work: Work, signer: Signer) -> dict[str, Any]:
    """The message. Raises EvaluationError for a body that JSON cannot hold, as `Signer.sign` besides."""
    text = {
        "id": work.id,
        "cluster": work.cluster,
        "kind": work.kind,
        "body": work.body,
        "issued": work.issued.isoformat(),
        "expires": work.expires.isoformat(),
    }
    try:
        data = orjson.dumps(text)
    except orjson.JSONEncodeError as x:
        raise EvaluationError(f"cannot be sent to an agent: {x}") from x
    key, signature = signer.sign(data)
    return {"work": data.decode(), "key": key, "signature": base64.b64encode(signature).decode()}


def open_work(message: Any, verifier: Verifier, cluster: str, now: datetime) -> Work:
    """The work of a message, as `unpack` gives it. Raises Denied, with the reason, for what must not be done."""
    try:
        data, key = message["work"].encode(), message["key"]
        signature = base64.b64decode(message["signature"], validate=True)
    except (KeyError, TypeError, AttributeError, ValueError) as x:
        raise Denied(f"not work of a hub: {type(x).__name__}") from None
    if not isinstance(key, str) or not verifier.holds(key, data, signature):
        raise Denied(f"the signature (key {key!r:.40}) is not that of our hub")
    try:
        text = orjson.loads(data)
        formats.check(text.get("v", formats.MESSAGES), formats.MESSAGES, "the work")
        work = Work(
            text["id"],
            text["cluster"],
            text["kind"],
            text["body"],
            datetime.fromisoformat(text["issued"]),
            datetime.fromisoformat(text["expires"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as x:
        raise Denied(f"signed, but no work that this agent knows: {type(x).__name__} {x}") from None
    if work.cluster != cluster:
        raise Denied(f"the work is for cluster {work.cluster!r}, this is {cluster!r}")
    if now >= work.expires:
        raise Expired(work, f"the work expired at {work.expires.isoformat()}, it is {now.isoformat()} here")
    if work.issued > now + _SKEW:
        raise Denied(f"the work is from the future ({work.issued.isoformat()}): one of our clocks is wrong")
    return work


class Expired(Denied):
    """The work is ours, but came too late: whoever asked is told."""

    def __init__(self, work: Work, text: str) -> None:
        self.work = work
        super().__init__(text)
