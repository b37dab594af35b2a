"""The API function with API Gateway events: requests, answers, and what the audit says of them."""

from __future__ import annotations

import base64
import json
from typing import Any

from argosy.api.app import schema
from argosy.ports.wiring import Place
from argosy.services.access import TokenAuthoriser
from support.events import event_source
from support.functions import invoke, recorded
from support.services import FakeInstallation

ALICE = "arn:aws:sts::123456789012:assumed-role/Developer/alice"
HOOK = {
    "webhook": {"example": {"endpoint": "/example", "port": "12000"}},
    "template": {"serviceAccountName": "sa"},
    "eventBusName": "default",
}
SOURCE = event_source(HOOK)
EVENT = {"namespace": "ns", "source": "hook", "event": "example", "data": {"id": 7}}
BODIES: dict[str, Any] = {
    "/api/v1/objects": {"manifests": [SOURCE]},
    "/api/v1/events": EVENT,
    "/api/v1/clusters": {"name": "edge", "way": "agent", "settings": {"context": "edge"}},
    "/api/v1/clusters/hook": {"door": False},
    "/api/v1/replays": {"namespace": "ns", "since": "1h"},
    "/api/v1/deletions": {"objects": [{"kind": "es", "namespace": "ns", "name": "hook"}]},
}
TOKEN = "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"
PLACE = Place("aws", "eu-central-1", "123456789012", "it", ("*",))


class Answer:
    """What the function answered."""

    def __init__(self, answer: Any) -> None:
        self.status: int = answer["statusCode"]
        self.body = json.loads(answer["body"])
        self.headers: dict[str, list[str]] = answer["multiValueHeaders"]
        self.kind = self.headers["Content-Type"]

    @property
    def error(self) -> str:
        """Why not."""
        assert self.body["error"].keys() == {"type", "message", "object", "field", "wayOut", "problems"}
        assert self.body["error"]["wayOut"]
        return str(self.body["error"]["message"])


def request(
    made: FakeInstallation,
    method: str,
    path: str,
    body: object = None,
    *,
    query: dict[str, str] | None = None,
    actor: str | None = ALICE,
    raw: str | bytes | None = None,
    headers: dict[str, str | None] | dict[str, str] | None = None,
) -> Answer:
    event = recorded("api")
    event["path"], event["httpMethod"] = path, method
    event["pathParameters"] = {"proxy": path.removeprefix("/api/")}
    event["queryStringParameters"] = query
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} if query else None
    event["requestContext"]["identity"]["userArn"] = actor
    for name, value in (headers or {}).items():
        event["headers"].pop(name, None)
        if value is not None:
            event["headers"][name] = value
    text = raw if raw is not None else json.dumps(body) if body is not None else None
    if text is not None:  # every body is binary to this API
        data = text.encode() if isinstance(text, str) else text
        event["body"], event["isBase64Encoded"] = base64.b64encode(data).decode(), True
    return Answer(invoke("api", event, made))


def apply(made: FakeInstallation, *manifests: dict[str, Any], **more: Any) -> Answer:
    return request(made, "POST", "/api/v1/objects", {"manifests": list(manifests), **more})


def audit(made: FakeInstallation) -> list[tuple[str, list[str]]]:
    rows = made.runtime.store.query("audit/2026-01-01")
    assert all(row.expires_at for row in rows)
    return [(row.data["actor"], row.data["changed"]) for row in rows]


def with_token() -> FakeInstallation:
    return FakeInstallation(authoriser=TokenAuthoriser(TOKEN, "local/somebody"))


def routes() -> list[tuple[str, str]]:
    """Every route of the document, with an example in place of each part that varies."""
    examples = {
        "{kind}": "eventsources", "{namespace}": "ns", "{name}": "hook", "{queue}": "bus", "{operation}": "0123",
        "{event}": "4567", "{sensor}": "s",
    }  # fmt: skip
    found = []
    for path, methods in json.loads(schema())["paths"].items():
        parts = [examples.get(part, part) for part in path.split("/")]
        found += [(method.upper(), "/".join(parts)) for method in methods]
    return sorted(found)
