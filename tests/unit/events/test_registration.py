"""Which webhooks entries want at Git hosts, and what makes those that are there so."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.registration import (
    Change,
    PresentHook,
    WantedHook,
    change,
    formatted_url,
    matches,
    registers,
    same_elements,
    wanted_hooks,
)
from support.hooks import HOOK, REF, entry

URL = "https://hooks.example/example"
REACHABLE = {**HOOK, "url": "https://hooks.example/"}
OURS = PresentHook("1", URL, ["push"])
OTHER = PresentHook("2", "https://elsewhere.example/", ["push"])


def wanted(events: tuple[str, ...] = ("push",), **secrets: tuple[str, str]) -> WantedHook:
    return WantedHook("github", "", "repos/o/r", URL, events, {}, secrets)


@pytest.mark.parametrize(
    ("hook", "present", "known", "expected"),
    [
        (wanted(), [], "", Change("create")),
        (wanted(), [OTHER], "", Change("create")),
        (wanted(), [OTHER, OURS], "", Change("keep", "1")),
        (wanted(("push", "push")), [OURS], "", Change("keep", "1")),
        (wanted(("pull_request",)), [OURS], "", Change("edit", "1")),
        (wanted(secret=("s", "k")), [OURS], "", Change("edit", "1")),
        (wanted(), [OTHER], "2", Change("edit", "2")),
        (wanted(), [OTHER, OURS], "2", Change("edit", "2")),
        (wanted(), [OTHER], "3", Change("create")),
    ],
)
def test_what_is_done(hook: WantedHook, present: list[PresentHook], known: str, expected: Change) -> None:
    assert change(hook, present, known) == expected


@pytest.mark.parametrize(
    ("events", "asked", "same"),
    [
        (["*"], ["*"], True),
        (["*", "push"], ["*"], True),
        (["push"], ["*"], False),
        (["push", "a"], ["a", "push"], True),
    ],
)
def test_a_hook_for_these_events(events: list[str], asked: list[str], same: bool) -> None:
    assert matches(PresentHook("1", URL, events), URL, asked) == same
    assert not matches(PresentHook("1", URL + "/", events), URL, asked)
    assert not matches(None, URL, asked)


def test_lists_with_the_same_elements() -> None:
    assert same_elements(None, []) is True
    assert same_elements(["a", "b", "a"], ["b", "a"]) is True
    assert same_elements(["a"], None) is False


@pytest.mark.parametrize(
    ("url", "endpoint", "found"),
    [("test-url", "fake", "test-url/fake"), ("http://a//", "/b/", "http://a/b/"), ("http://a", "b", "http://a/b")],
)
def test_the_url(url: str, endpoint: str, found: str) -> None:
    assert formatted_url(url, endpoint) == found


@pytest.mark.parametrize(
    ("kind", "fields", "targets"),
    [
        ("github", {"apiToken": REF, "events": ["*"]}, ["repos/o/r"]),
        (
            "github",
            {"apiToken": REF, "events": ["*"], "repositories": None, "organizations": ["a", "b"]},
            ["orgs/a", "orgs/b"],
        ),
        ("github", {"githubApp": {"privateKey": REF, "appID": 1, "installationID": 2}, "events": ["*"]}, ["repos/o/r"]),
        ("github", {"apiToken": REF, "repositories": None, "owner": "x", "repository": "y"}, ["repos/x/y"]),
        ("gitlab", {"projects": ["a/b", "3"], "groups": ["g"]}, ["projects/a/b", "projects/3", "groups/g"]),
        ("gitlab", {"projectID": "7"}, ["projects/7"]),
        ("bitbucket", {"auth": {"oauthToken": REF}}, ["repositories/o/r"]),
        ("bitbucket", {"auth": {"basic": {"username": REF, "password": REF}}}, ["repositories/o/r"]),
        ("bitbucketserver", {"accessToken": REF, "projects": ["P"]}, ["projects/P"]),
        ("bitbucketserver", {"accessToken": REF, "projectKey": "P", "repositorySlug": "r"}, ["projects/P/repos/r"]),
    ],
)
def test_what_is_wanted(kind: str, fields: dict[str, Any], targets: list[str]) -> None:
    found = wanted_hooks(kind, entry(kind, webhook=REACHABLE, deleteHookOnFinish=True, **fields))
    assert [one.target for one in found] == targets
    assert {(one.host, one.url, one.leaves) for one in found} == {(kind, URL, True)}
    assert wanted_hooks(kind, entry(kind, **fields)) == [], "without a url nothing is registered"


@pytest.mark.parametrize(
    ("kind", "fields"), [("github", {}), ("bitbucket", {}), ("bitbucketserver", {}), ("stripe", {})]
)
def test_without_a_token_nothing_is_registered(kind: str, fields: dict[str, Any]) -> None:
    assert not registers(kind, entry(kind, webhook=REACHABLE, **fields))
