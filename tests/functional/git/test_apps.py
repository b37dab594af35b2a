"""Repositories that are signed in at as a GitHub App: a real Git server, whose API is played."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from argosy.adapters.git.apps import AppTokens
from argosy.adapters.git.repository import GitRepository
from argosy.errors import ArgosyError, Denied, InvalidObject
from argosy.ports.repository import Credentials, GithubApp
from support.gitserver import GitServer, Repo, serving
from support.plainserver import Asked

TOKEN = "t0ken-4711"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = PRIVATE.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@dataclass
class Api:
    """GitHub's, for App 11, whose installation 22 reaches `team/shop`."""

    asked: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(f"{asked.method} {asked.path.removeprefix('/api/v3/')}")
        if not is_of_the_app(asked.headers["Authorization"].removeprefix("Bearer ")):
            return 401, b'{"message": "A JSON web token could not be decoded"}'
        answers = {
            "POST app/installations/22/access_tokens": {"token": TOKEN},
            "GET repos/team/shop/installation": {"id": 22},
        }
        found = answers.get(self.asked[-1])
        return (200, json.dumps(found).encode()) if found else (404, b'{"message": "Not Found"}')


def is_of_the_app(token: str) -> bool:
    *parts, signature = token.split(".")
    decoded = [base64.urlsafe_b64decode(part + "==") for part in (*parts, signature)]
    PRIVATE.public_key().verify(decoded[2], ".".join(parts).encode(), padding.PKCS1v15(), SHA256())
    return bool(json.loads(decoded[1])["iss"] == "11")


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def server(tmp_path: Path, api: Api) -> Iterator[GitServer]:
    Repo(tmp_path / "team" / "shop").commit({"a": "1"})
    with serving(tmp_path, TOKEN) as running:
        running.user, running.api = "x-access-token", api.answer
        yield running


@pytest.fixture
def app(server: GitServer) -> GithubApp:
    return GithubApp("11", "22", KEY, f"http://127.0.0.1:{server.port}/api/v3")


@pytest.fixture
def url(server: GitServer) -> str:
    return f"http://127.0.0.1:{server.port}/team/shop"


def test_a_token_serves_many_requests(app: GithubApp, url: str, api: Api) -> None:
    repository, credentials = GitRepository(), Credentials(app=app)
    (main,) = [one.hash for one in repository.refs(url, credentials) if one.name == "refs/heads/main"]
    assert repository.snapshot(url, main, credentials).files == 1
    assert api.asked == ["POST app/installations/22/access_tokens"]


def test_a_token_is_used_for_a_part_of_its_hour(app: GithubApp, url: str, api: Api) -> None:
    now = 0.0
    tokens = AppTokens(lambda: now)
    for now in (0.0, 2399.0, 2400.0):  # noqa: B007 - the clock reads it
        assert tokens.token(app, url) == TOKEN
    assert len(api.asked) == 2


def test_without_an_installation_that_of_the_repository_is_asked_for(app: GithubApp, url: str, api: Api) -> None:
    repository = GitRepository()
    assert repository.refs(url, Credentials(app=replace(app, installation="")))
    assert api.asked == ["GET repos/team/shop/installation", "POST app/installations/22/access_tokens"]
    with pytest.raises(InvalidObject, match="OWNER/NAME"):
        repository.refs(f"{url}/deeper", Credentials(app=replace(app, installation="")))


def test_a_submodule_is_asked_with_the_token_of_its_parent(
    app: GithubApp, url: str, server: GitServer, api: Api
) -> None:
    """Another owner's installation is not this repository's to use."""
    library = Repo(server.root / "other" / "lib").commit({"b": "1"})
    commit = Repo.of(server.root / "team" / "shop").submodules({"lib": ("../../other/lib", library)})
    assert GitRepository().snapshot(url, commit, Credentials(app=replace(app, installation=""))).joined
    assert api.asked == ["GET repos/team/shop/installation", "POST app/installations/22/access_tokens"]


@pytest.mark.parametrize(
    ("change", "raised", "said"),
    [
        ({"id": "12"}, Denied, "could not be decoded"),
        ({"installation": "23"}, ArgosyError, "Not Found"),
        ({"key": "canary-no-key"}, Denied, "no PEM key"),
    ],
)
def test_what_is_refused(
    app: GithubApp, url: str, change: dict[str, str], raised: type[ArgosyError], said: str
) -> None:
    with pytest.raises(raised, match=said) as caught:
        GitRepository().refs(url, Credentials(app=replace(app, **change)))
    assert url in str(caught.value)
    assert "canary" not in str(caught.value)
    assert KEY[40:80] not in repr(app)
