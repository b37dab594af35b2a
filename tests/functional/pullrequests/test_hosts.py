"""What is said at pull requests, through the hosts' APIs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from argosy.adapters.pullrequests import HttpPullRequestHosts
from argosy.errors import ArgosyError, Denied, Unavailable
from argosy.ports.pullrequests import RequestPlace
from support.plainserver import plain_server
from support.pullrequests import RequestHost

HEAD, BASE = "a" * 40, "b" * 40
MARK = "<!-- mark -->"
HOSTS = HttpPullRequestHosts()
PLACES = {"github": "repos/team/apps", "gitlab": "projects/7"}


@pytest.fixture
def fake() -> RequestHost:
    return RequestHost(BASE)


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest, fake: RequestHost) -> Iterator[RequestPlace]:
    with plain_server(fake.answer) as url:
        yield RequestPlace(request.param, f"{url}api", PLACES[request.param], 5, fake.token)


def test_the_merge_base(place: RequestPlace, fake: RequestHost) -> None:
    assert HOSTS.base(place, "release/1", HEAD) == BASE
    assert "release%2F1" in fake.asked[0].path


def test_a_comment_is_made_once_and_changed_after(place: RequestPlace, fake: RequestHost) -> None:
    fake.comments += [{"id": number, "body": f"of somebody, {MARK}"} for number in range(1, 151)]
    HOSTS.say(place, MARK, f"{MARK}\nfirst")
    HOSTS.say(place, MARK, f"{MARK}\nsecond")
    assert [one["body"] for one in fake.comments[150:]] == [f"{MARK}\nsecond"]


@pytest.mark.parametrize(("state", "at_gitlab"), [("success", "success"), ("failure", "failed")])
def test_the_status_of_a_commit(place: RequestPlace, fake: RequestHost, state: str, at_gitlab: str) -> None:
    HOSTS.judge(place, HEAD, "failure" if state == "failure" else "success", "argosy/diff", "as it is")
    name = "context" if place.host == "github" else "name"
    wanted = state if place.host == "github" else at_gitlab
    assert fake.statuses == [(HEAD, {"state": wanted, name: "argosy/diff", "description": "as it is"})]


@pytest.mark.parametrize(
    ("refusal", "kind"), [((403, b'{"message": "no"}'), Denied), ((502, b"bad gateway"), Unavailable)]
)
def test_a_host_that_refuses(
    place: RequestPlace, fake: RequestHost, refusal: tuple[int, bytes], kind: type[ArgosyError]
) -> None:
    fake.refusal = refusal
    with pytest.raises(kind) as x:
        HOSTS.say(place, MARK, MARK)
    assert fake.token not in str(x.value)
    assert fake.token not in repr(place)
