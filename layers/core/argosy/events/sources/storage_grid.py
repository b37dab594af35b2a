"""Event source `storageGrid`: a notification of a StorageGRID bucket becomes an event.

Follows `pkg/eventsources/sources/storagegrid/start.go` of Argo Events 1.9: the sender is answered 200 as SNS would,
whatever it sent; the body is a form whose `Message` is JSON. Different on purpose: it is taken apart as the form that
it is, so that an object's key may hold `&`; the notification is published as it was sent; it is not configured at the
grid, which is left to the bucket's owner.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.events.jsontext import read_json, write_json
from argosy.events.sources.bodies import with_metadata
from argosy.events.sources.forms import strict_form
from argosy.events.sources.hooks import Answer, Delivery, HookSource
from argosy.resources.sources.http import StorageGridSource

__all__ = ["StorageGrid", "payload", "wants"]

_ANSWER: Final = """
<PublishResponse xmlns="http://argoevents-sns-server/">
    <PublishResult>
        <MessageId>{id}</MessageId>
    </PublishResult>
    <ResponseMetadata>
       <RequestId>{id}</RequestId>
    </ResponseMetadata>
</PublishResponse>
"""


class StorageGrid(HookSource[StorageGridSource]):
    """StorageGRID."""

    def answer(self, entry: StorageGridSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        text = "" if delivery.method == "HEAD" else _ANSWER.format(id=_id(delivery.body))
        notification = _notification(delivery.body)
        if notification is None or not wants(entry, _key(notification)):
            return Answer(200, text=text)
        try:
            return Answer(200, (payload(entry, notification),), text=text)
        except EvaluationError:  # nested too deeply to be written
            return Answer(200, text=text)


def wants(entry: StorageGridSource, key: str) -> bool:
    """Whether an object's key begins and ends as the entry asks."""
    affixes = entry.filter
    return affixes is None or (key.startswith(affixes.prefix) and key.endswith(affixes.suffix))


def payload(entry: StorageGridSource, notification: Mapping[str, Any]) -> str:
    """The payload of a notification."""
    return with_metadata(b'{"notification":' + write_json(notification).encode(), entry.metadata)


def _notification(body: bytes) -> dict[str, Any] | None:
    form = strict_form(body)
    if form is None or "Message" not in form:
        return None
    first: dict[str, Any] = {name: values[0] for name, values in form.items()}
    try:
        first["Message"] = read_json(first["Message"])
    except EvaluationError:
        return None
    return first if isinstance(first["Message"], dict) else None


def _key(notification: Mapping[str, Any]) -> str:
    try:
        return str(notification["Message"]["Records"][0]["s3"]["object"]["key"])
    except (KeyError, IndexError, TypeError):
        return ""


def _id(body: bytes) -> str:
    """An id for the answer; the same body has the same, since deciding knows no chance."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, body.hex()))
