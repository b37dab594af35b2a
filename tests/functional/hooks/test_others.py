"""Webhooks of Gerrit, Stripe and StorageGRID, registered and removed through the real clients, at recorded APIs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import pytest

from argosy.adapters.hooks import HttpHookHosts
from argosy.ports.fakes.secrets import FakeSecrets
from support.events import Body
from support.hooks import HOOK
from support.plainserver import Asked, plain_server
from support.registering import condition, declare, reconcile, rows
from support.services import FakeInstallation

REACHABLE = {**HOOK, "url": "https://hooks.example/"}
URL = "https://hooks.example/example"
TOKEN = "t0ken"
BEARER = f"Bearer {TOKEN}"


def ref(key: str) -> dict[str, str]:
    return {"name": "host", "key": key}


@dataclass
class Host:
    """One API of three shapes; `there` are its hooks by id."""

    kind: str
    there: dict[str, Any] = field(default_factory=dict)
    notifications: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """See `plain_server`."""
        self.asked.append(asked)
        who = f"Basic {base64.b64encode(b'user:t0ken').decode()}" if self.kind == "gerrit" else BEARER
        if asked.headers.get("Authorization") != who:
            return 401, b"Unauthorized"
        serve: Callable[[Asked], tuple[int, Any]] = getattr(self, f"_{self.kind}")
        status, found = serve(asked)
        text = b"" if found is None else json.dumps(found).encode()
        return status, (b")]}'\n" + text if self.kind == "gerrit" and text else text)

    def _gerrit(self, asked: Asked) -> tuple[int, Any]:
        project, _, name = asked.path.removeprefix("/a/config/server/webhooks~projects/").partition("/remotes/")
        assert "/" not in project
        key = unquote(name)
        if asked.method == "GET":
            return 200, self.there
        if asked.method == "PUT":
            self.there[key] = json.loads(asked.body)
            return 201, self.there[key]
        return (204, None) if self.there.pop(key, None) is not None else (404, "Not found")

    def _stripe(self, asked: Asked) -> tuple[int, Any]:
        parts = urlsplit(asked.path)
        key = parts.path.removeprefix("/v1/webhook_endpoints").strip("/")
        if asked.method == "GET":
            after = dict(parse_qsl(parts.query)).get("starting_after", "")
            listed = sorted(self.there)
            page = [one for one in listed if one > after][:2]
            return 200, {"data": [self.there[one] for one in page], "has_more": page[-1:] != listed[-1:]}
        given = parse_qs(asked.body.decode())
        assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
        key = key or f"we_{len(self.there)}"
        self.there[key] = {"id": key, "url": given["url"][0], "enabled_events": given["enabled_events[]"]}
        return 200, self.there[key]

    def _storageGrid(self, asked: Asked) -> tuple[int, Any]:
        path = asked.path.removeprefix("/api/v3/org/")
        if path.startswith("containers/"):
            self.notifications[path.split("/")[1]] = json.loads(asked.body)["notification"]
            return 200, {"data": {}}
        key = unquote(path.removeprefix("endpoints").strip("/"))
        if asked.method == "GET":
            return 200, {"data": list(self.there.values())}
        key = key or f"urn:{len(self.there)}"
        self.there[key] = {**json.loads(asked.body), "id": key}
        return 201, {"data": self.there[key]}


@pytest.fixture
def host(kind: str) -> Host:
    return Host(kind)


@pytest.fixture
def address(host: Host) -> Iterator[str]:
    with plain_server(host.answer) as url:
        yield url.rstrip("/")


@pytest.fixture
def made(address: str) -> FakeInstallation:
    found = FakeInstallation(secrets=FakeSecrets({"ns": {"host": {"user": "user", "token": TOKEN, "wrong": "no"}}}))
    object.__setattr__(found.runtime, "hook_hosts", HttpHookHosts({"stripe": f"{address}/v1"}))
    return found


def entry(kind: str, address: str, **more: Any) -> Body:
    """An entry of each type."""
    known: dict[str, Body] = {
        "gerrit": {
            "hookName": "argo/s",
            "projects": ["group/project"],
            "events": ["patchset-created"],
            "auth": {"username": ref("user"), "password": ref("token")},
            "gerritBaseURL": address,
            "sslVerify": True,
        },
        "stripe": {"createWebhook": True, "apiKey": ref("token"), "eventFilter": ["charge.failed"]},
        "storageGrid": {
            "apiURL": f"{address}/api/v3",
            "authToken": ref("token"),
            "bucket": "b",
            "topicArn": "urn:t:1",
            "events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
            "filter": {"prefix": "a&", "suffix": ".b"},
        },
    }
    return {"webhook": REACHABLE, **known[kind], **more}


KINDS = ["gerrit", "stripe", "storageGrid"]
WRONG: dict[str, Body] = {
    "gerrit": {"auth": {"username": ref("user"), "password": ref("wrong")}},
    "stripe": {"apiKey": ref("wrong")},
    "storageGrid": {"authToken": ref("wrong")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_made_changed_and_then_left(made: FakeInstallation, host: Host, address: str, kind: str) -> None:
    declare(made, kind, entry(kind, address))
    (first,) = host.there
    assert URL in json.dumps(host.there)
    assert condition(made) == ""
    declare(made, kind, entry(kind, address, webhook={**REACHABLE, "url": "https://moved.example"}))
    assert list(host.there) == [first]
    assert "https://moved.example/example" in json.dumps(host.there)
    before = len(host.asked)
    reconcile(made)
    assert len(host.asked) == before
    made.runtime.objects.delete([("EventSource", "ns", "s")])
    reconcile(made)
    assert list(host.there) == [first], "no manifest of it has asked to remove it"
    assert rows(made) == []
    assert TOKEN not in json.dumps([row.data for row in rows(made)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_is_told_and_mended(made: FakeInstallation, host: Host, address: str, kind: str) -> None:
    declare(made, kind, entry(kind, address, **WRONG[kind]))
    assert "401" in condition(made)
    assert host.there == {}
    declare(made, kind, entry(kind, address))
    assert condition(made) == ""
    assert len(host.there) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_what_it_takes_nobody_is_asked(made: FakeInstallation, host: Host, address: str, kind: str) -> None:
    declare(made, kind, entry(kind, address, webhook=HOOK))
    assert host.asked == []


@pytest.mark.parametrize("kind", ["gerrit"])
def test_gerrit(made: FakeInstallation, host: Host, address: str) -> None:
    host.there["other"] = {"url": URL, "events": []}
    declare(made, "gerrit", entry("gerrit", address, deleteHookOnFinish=True, maxTries=4))
    wanted = {"url": URL, "events": ["patchset-created"], "sslVerify": True, "maxTries": 4}
    assert host.there == {"other": {"url": URL, "events": []}, "argo/s": wanted}
    assert {one.path.partition("/remotes/")[0] for one in host.asked} == {
        "/a/config/server/webhooks~projects/group%2Fproject"
    }
    made.runtime.objects.delete([("EventSource", "ns", "s")])
    reconcile(made)
    assert list(host.there) == ["other"]


@pytest.mark.parametrize("kind", ["stripe"])
@pytest.mark.parametrize(("wanted", "events"), [(["charge.failed"], ["charge.failed"]), ([], ["*"])])
def test_stripe(made: FakeInstallation, host: Host, address: str, wanted: list[str], events: list[str]) -> None:
    host.there |= {f"we_a{n}": {"id": f"we_a{n}", "url": f"https://other/{n}", "enabled_events": []} for n in range(5)}
    host.there["we_ours"] = {"id": "we_ours", "url": URL, "enabled_events": ["x"]}
    declare(made, "stripe", entry("stripe", address, eventFilter=wanted))
    assert len(host.there) == 6
    assert host.there["we_ours"]["enabled_events"] == events


@pytest.mark.parametrize("kind", ["stripe"])
def test_stripe_is_asked_only_where_the_manifest_says_so(made: FakeInstallation, host: Host, address: str) -> None:
    declare(made, "stripe", entry("stripe", address, createWebhook=False))
    assert host.asked == []


@pytest.mark.parametrize("kind", ["storageGrid"])
def test_storage_grid(made: FakeInstallation, host: Host, address: str) -> None:
    declare(made, "storageGrid", entry("storageGrid", address))
    (endpoint,) = host.there.values()
    assert (endpoint["endpointURI"], endpoint["endpointURN"], endpoint["authType"]) == (URL, "urn:t:1", "anonymous")
    told = ElementTree.fromstring(host.notifications["b"])  # noqa: S314 - our own
    assert [one.text for one in told.iter("Event")] == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    assert [one.text for one in told.iter("Topic")] == ["urn:t:1"]
    assert [(one[0].text, one[1].text) for one in told.iter("FilterRule")] == [("prefix", "a&"), ("suffix", ".b")]
    declare(made, "storageGrid", entry("storageGrid", address, filter=None))
    assert "FilterRule" not in host.notifications["b"], "what has changed is written, although the endpoint is the same"
