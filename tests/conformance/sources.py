"""Adapters of the families about event sources: requests that are let in, payloads, and which events are wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from argosy.errors import ArgosyError, Denied, EvaluationError
from argosy.events import registration
from argosy.events.envelope import Event
from argosy.events.sources import (
    bitbucketserver,
    calendar,
    github,
    gitlab,
    hook_source,
    hooks,
    messages,
    resource,
    slack,
    sns,
    sqs,
    storage_grid,
    stripe,
    watched,
)
from argosy.events.triggers.objects import source_text
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.resources.artifacts import ArtifactSource, first_of
from argosy.resources.base import Model, parse
from argosy.resources.eventsource import CalendarSource, EventSource, ResourceSource, SqsSource, WebhookSource
from argosy.resources.manifests import Manifest
from argosy.resources.sources.http import StorageGridSource, StripeSource
from argosy.resources.sources.places import FileSource

type Case = dict[str, Any]

NAMESPACE = "default"
HTTP_SHAPES = {"webhook": "header", "sns": "header"} | dict.fromkeys(
    ("github", "gitlab", "bitbucket", "bitbucketserver", "gerrit"), "headers"
)


def _model[M: Model](model: type[M], body: Mapping[str, Any]) -> M:
    return parse(model, Manifest(body))


def _webhook(case: Case) -> object:
    entry = _model(WebhookSource, case["webhook"])
    asked = case["request"]
    body = asked.get("body", "").encode()
    request = hooks.Request(asked["method"], asked["path"], asked["headers"], asked.get("query", ""), body)
    answer = hooks.answered(hook_source("webhook"), entry, request, _token(entry, case["secrets"]))
    return {"status": answer.status, "data": json.loads(answer.events[0]) if answer.events else None}


def _token(entry: WebhookSource, secrets: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    if entry.auth_secret is None:
        return {}
    try:
        found = FakeSecrets({NAMESPACE: secrets}).secret(NAMESPACE, entry.auth_secret.name, entry.auth_secret.key)
    except ArgosyError:
        return {}
    return {hooks.AUTH: found}


def _delivery(case: Case) -> hooks.Delivery:
    headers = {hooks.canonical_header(name): [value] for name, value in case.get("headers", {}).items()}
    return hooks.Delivery("POST", headers, "", case.get("body", "").encode(), {}, case.get("now", 0), {})


def _hook_auth(case: Case) -> object:
    kind = case["kind"]
    if kind == "sns":
        return bool(sns.own_url(case["signingCertURL"]))
    delivery = _delivery(case)
    if kind == "github":
        return json.loads(github.payload(delivery, case["secret"]))
    known = {
        "gitlab": lambda: gitlab.has_token(delivery, case["secret"]),
        "slack": lambda: slack.is_genuine(delivery, case["signingSecret"]),
        "bitbucketserver": lambda: bitbucketserver.is_signed(delivery, case["secret"]),
    }[kind]()
    if not known:
        raise Denied("as the source's answer says")
    return True


def _shaped(case: Case) -> object:
    kind, spec, sent = case["type"], case["spec"], case["message"]
    if kind in HTTP_SHAPES:
        headers = hooks.Delivery("POST", sent["headers"], "", sent["body"].encode(), {}, 0.0, {})
        answer = hooks.json_event(headers, spec.get("metadata", {}), name=HTTP_SHAPES[kind])
        if answer.problem is not None:
            raise EvaluationError(answer.problem.value)
        return json.loads(answer.events[0])
    if kind == "stripe":
        return json.loads(stripe.payload(_model(StripeSource, spec), json.dumps(sent["event"]).encode()))
    if kind == "sqs":
        return json.loads(sqs.payload(_model(SqsSource, spec), sent))
    if kind == "resource":
        return resource.payload(_model(ResourceSource, spec), sent["eventType"], sent["object"], sent.get("oldObject"))
    if kind == "calendar":
        at = datetime.strptime(sent["eventTime"], "%Y-%m-%d %H:%M:%S %z UTC")
        return json.loads(calendar.payload(_model(CalendarSource, spec), at))
    if kind in ("file", "sftp"):
        return json.loads(watched.payload(_model(FileSource, spec), sent["name"], sent["op"]))
    return _message_shape("pubSub" if kind == "pubsub" else kind, spec, sent)


def _message_shape(kind: str, spec: Case, sent: Case) -> object:
    bodies = {"body", "value", "payload", "data", "messageText", "messageBody"}
    message = {name: value.encode() if name in bodies else value for name, value in sent.items()}
    source = parse(EventSource, Manifest({"spec": {kind: {"x": spec}}}))
    return json.loads(messages.payload(kind, source.spec.of(kind)["x"], message))


def _matches(case: Case) -> object:
    if case["kind"] == "storagegrid":
        return storage_grid.wants(_model(StorageGridSource, case["spec"]), case["event"]["key"])
    if case["kind"] == "stripe":
        return stripe.wants(_model(StripeSource, case["spec"]), case["event"])
    return watched.wants(_model(FileSource, case["spec"]), case["event"]["name"], case["event"]["op"])


def _artifact(given: Mapping[str, Any]) -> str:
    source = _model(ArtifactSource, given)
    where = first_of(source)
    if not where:
        source_text(source)
    return where


def _misc(case: Case) -> object:
    name, given = case["fn"], case["args"]
    if name == "should-create-webhooks":
        source = parse(EventSource, Manifest({"spec": {given["kind"]: {"x": given["spec"]}}}))
        return registration.registers(given["kind"], source.spec.of(given["kind"])["x"])
    hook = given.get("hook")
    present = registration.PresentHook("", hook["url"], hook["events"]) if hook else None
    known: dict[str, Callable[[], object]] = {
        "formatted-url": lambda: registration.formatted_url(given["url"], given["endpoint"]),
        "elements-match": lambda: registration.same_elements(given["a"], given["b"]),
        "hook-match": lambda: registration.matches(present, given["url"], given["events"]),
        "fs-op": lambda: watched.operations(given["text"]),
        "data-string": lambda: Event(datacontenttype=given["contentType"], data=given["data"]).data_text,
        "artifact-source": lambda: _artifact(given["source"]),
    }
    if name not in known:
        raise NotImplementedError(f"{name} has no counterpart in the product")
    return known[name]()


FAMILIES: dict[str, Callable[[Case], object]] = {
    "events/event-misc": _misc,
    "events/event-payload": _shaped,
    "events/hook-auth": _hook_auth,
    "events/source-match": _matches,
    "events/webhook-handler": _webhook,
}
