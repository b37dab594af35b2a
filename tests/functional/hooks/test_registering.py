"""Webhooks at Git hosts, registered and removed by functions/reconcile_source through the real clients, at recorded APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.adapters.hooks import HttpHookHosts
from argosy.control.state import States
from argosy.events.registration import REGISTERED
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.services.objects import HOOKS
from argosy.services.queues import RECONCILE_SOURCE, TIMERS
from support.events import Body, event_source
from support.githosts import GitHosts
from support.hooks import HOOK
from support.plainserver import plain_server
from support.registering import condition, declare, reconcile, rows
from support.services import FakeInstallation

TOKEN = {"name": "host", "key": "token"}
USER = {"name": "host", "key": "user"}
SECRET = {"name": "host", "key": "secret"}
KEY = {"name": "host", "key": "app"}
APP = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
VALUES = {"token": "t0ken", "user": "user", "secret": "s3cret", "app": APP.decode()}
REACHABLE = {**HOOK, "url": "https://hooks.example/"}
URL = "https://hooks.example/example"


@pytest.fixture
def hosts() -> GitHosts:
    return GitHosts()


@pytest.fixture
def address(hosts: GitHosts) -> Iterator[str]:
    with plain_server(hosts.answer) as url:
        yield url.rstrip("/")


@pytest.fixture
def made(address: str) -> FakeInstallation:
    found = FakeInstallation(secrets=FakeSecrets({"ns": {"host": dict(VALUES)}}))
    object.__setattr__(found.runtime, "hook_hosts", HttpHookHosts({"github": address, "bitbucket": address + "/2.0"}))
    return found


def entries(address: str) -> dict[str, Body]:
    """An entry of each type, and the path at the host that lists its hooks."""
    return {
        "bitbucket": {
            "webhook": REACHABLE,
            "repositories": [{"owner": "o", "repositorySlug": "r"}],
            "events": ["repo:push"],
            "auth": {"basic": {"username": USER, "password": TOKEN}},
        },
        "bitbucketserver": {
            "webhook": REACHABLE,
            "projects": ["P"],
            "events": ["repo:refs_changed"],
            "accessToken": TOKEN,
            "webhookSecret": SECRET,
            "bitbucketserverBaseURL": f"{address}/rest",
        },
        "github": {
            "webhook": REACHABLE,
            "repositories": [{"owner": "o", "names": ["r"]}],
            "events": ["push"],
            "apiToken": TOKEN,
            "webhookSecret": SECRET,
            "active": True,
        },
        "gitlab": {
            "webhook": REACHABLE,
            "projects": ["group/project"],
            "events": ["PushEvents", "TagPushEvents"],
            "accessToken": TOKEN,
            "secretToken": SECRET,
            "gitlabBaseURL": address,
        },
    }


PATHS = {
    "bitbucket": ["/2.0/repositories/o/r/hooks"],
    "bitbucketserver": [f"/rest/api/1.0/projects/P/repos/{name}/webhooks" for name in ("one", "two")],
    "github": ["/repos/o/r/hooks"],
    "gitlab": ["/api/v4/projects/group%2Fproject/hooks"],
}


def test_every_host_is_here() -> None:
    assert {*PATHS, "gerrit", "stripe", "storageGrid"} == set(REGISTERED), "those are in test_others"


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("leaves", [True, False])
def test_a_hook_comes_and_goes_with_its_entry(
    made: FakeInstallation, hosts: GitHosts, address: str, kind: str, leaves: bool
) -> None:
    declare(made, kind, entries(address)[kind], deleteHookOnFinish=leaves)
    assert {path: len(found) for path, found in hosts.hooks.items()} == dict.fromkeys(PATHS[kind], 1)
    for path in PATHS[kind]:
        (hook,) = hosts.hooks[path]
        assert URL in (hook.get("url"), hook.get("config", {}).get("url"))
        assert ("s3cret" in json.dumps(hook)) == (kind != "bitbucket")
    assert "s3cret" not in json.dumps([row.data for row in rows(made)])
    made.runtime.objects.delete([("EventSource", "ns", "s")])
    reconcile(made)
    assert {path: len(found) for path, found in hosts.hooks.items()} == dict.fromkeys(PATHS[kind], 0 if leaves else 1)
    assert rows(made) == []


@pytest.mark.parametrize("kind", PATHS)
def test_a_hook_that_is_there_is_brought_up_to_date(
    made: FakeInstallation, hosts: GitHosts, address: str, kind: str
) -> None:
    declare(made, kind, entries(address)[kind])
    before = {path: [one.get("id") or one["uuid"] for one in found] for path, found in hosts.hooks.items()}
    events = ["PushEvents"] if kind == "gitlab" else ["changed"]
    declare(made, kind, entries(address)[kind], events=events, webhook={**REACHABLE, "url": "https://moved.example"})
    assert {path: [one.get("id") or one["uuid"] for one in found] for path, found in hosts.hooks.items()} == before
    for path in PATHS[kind]:
        (hook,) = hosts.hooks[path]
        assert "https://moved.example/example" in json.dumps(hook)
        assert hook.get("events", ["changed"]) == ["changed"]
    if kind == "gitlab":
        assert (hook["push_events"], hook["tag_push_events"]) == (True, False)


@pytest.mark.parametrize("kind", PATHS)
def test_what_is_as_it_should_be_is_not_asked_about_again(
    made: FakeInstallation, hosts: GitHosts, address: str, kind: str
) -> None:
    declare(made, kind, entries(address)[kind])
    asked = len(hosts.asked)
    made.runtime.hook_wakes.wake(str(HOOKS))
    reconcile(made)
    assert len(hosts.asked) == asked


@pytest.mark.parametrize("kind", PATHS)
def test_a_hook_of_others_is_left_alone_on_every_page(
    made: FakeInstallation, hosts: GitHosts, address: str, kind: str
) -> None:
    key = "uuid" if kind == "bitbucket" else "id"
    (path, *_) = PATHS[kind]
    others = [
        {key: f"x{n}", "url": f"https://other/{n}", "config": {"url": f"https://other/{n}"}, "events": []}
        for n in range(5)
    ]
    hosts.hooks[path] = [*others, {key: "ours", "url": URL, "config": {"url": URL}, "events": ["push"]}]
    declare(made, kind, entries(address)[kind])
    assert [one[key] for one in hosts.hooks[path]] == [*(one[key] for one in others), "ours"]


def test_a_github_app_is_given_a_token_of_its_installation(
    made: FakeInstallation, hosts: GitHosts, address: str
) -> None:
    app = {"privateKey": KEY, "appID": 1, "installationID": 2}
    declare(made, "github", entries(address)["github"], apiToken=None, githubApp=app)
    assert hosts.asked[0].path == "/app/installations/2/access_tokens"
    assert len(hosts.hooks["/repos/o/r/hooks"]) == 1


@pytest.mark.parametrize(
    ("refusal", "said"),
    [((401, b'{"message": "Bad credentials"}'), "Bad credentials"), ((503, b""), "503"), ((200, b"<"), "not JSON")],
)
def test_what_a_host_refuses_stands_in_the_status_and_is_tried_again(
    made: FakeInstallation, hosts: GitHosts, address: str, refusal: tuple[int, bytes], said: str
) -> None:
    hosts.refusal = refusal
    answer = declare(made, "github", entries(address)["github"])
    assert answer == {"batchItemFailures": []}
    assert said in condition(made)
    assert "t0ken" not in condition(made)
    assert States(made.runtime.store, made.clock, RECONCILE_SOURCE).load(HOOKS).next_due is not None
    assert made.runtime.queue.depth(TIMERS).total == 1
    hosts.refusal = None
    made.runtime.hook_wakes.wake(str(HOOKS))
    reconcile(made)
    assert condition(made) == ""
    assert len(hosts.hooks["/repos/o/r/hooks"]) == 1


def test_a_secret_that_is_not_there(made: FakeInstallation, hosts: GitHosts, address: str) -> None:
    declare(made, "github", entries(address)["github"], apiToken={"name": "host", "key": "none"})
    assert "none" in condition(made)
    assert hosts.asked == []


def test_a_hook_that_somebody_removed_is_no_obstacle(made: FakeInstallation, hosts: GitHosts, address: str) -> None:
    declare(made, "github", entries(address)["github"], deleteHookOnFinish=True)
    hosts.hooks["/repos/o/r/hooks"].clear()
    made.runtime.objects.delete([("EventSource", "ns", "s")])
    reconcile(made)
    assert rows(made) == []


def test_other_event_sources_wake_nobody(made: FakeInstallation) -> None:
    made.apply(event_source({"webhook": {"example": HOOK}}, name="w"))
    assert made.events(RECONCILE_SOURCE) == []


@pytest.mark.parametrize("base", ["ftp://x", "x", "http://169.254.169.254", ""])
def test_an_address_that_is_none(made: FakeInstallation, hosts: GitHosts, address: str, base: str) -> None:
    entry = {**entries(address)["gitlab"], "gitlabBaseURL": base or "//"}
    declare(made, "gitlab", entry)
    assert condition(made)
    assert hosts.asked == []
