"""Repository Secrets: which one is for an address."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from argosy.gitops.repositories import (
    CERTIFICATES,
    KNOWN_HOSTS,
    RepositorySecret,
    certificates_for,
    credentials_for,
    known_as,
    known_hosts_of,
    named,
    projects_of,
)

URL = "https://git.example.com/team/app"


def repository(url: str, **data: str) -> RepositorySecret:
    return RepositorySecret("repository", {"url": url, **data})


def template(url: str, **data: str) -> RepositorySecret:
    return RepositorySecret("repo-creds", {"url": url, **data})


SHORT, LONG = (
    template("https://git.example.com", password="short"),
    template("https://git.example.com/team", password="long"),
)


@pytest.mark.parametrize(
    ("secrets", "project", "password"),
    [
        ([], "default", None),
        ([repository(URL, password="own")], "default", "own"),
        ([repository(f"{URL}.git", password="own")], "default", "own"),
        ([repository("https://git.example.com/team/other", password="own")], "default", None),
        ([SHORT, LONG], "default", "long"),
        ([LONG, SHORT, repository(URL)], "default", "long"),
        ([LONG, repository(URL, password="own")], "default", "own"),
        ([repository(URL, password="theirs", project="theirs")], "default", None),
        ([repository(URL, password="theirs", project="theirs")], "theirs", "theirs"),
        ([repository(URL, password="all"), repository(URL, password="ours", project="ours")], "ours", "ours"),
        ([repository(URL, password="all"), repository(URL, password="ours", project="ours")], "default", "all"),
    ],
)
def test_which_counts(secrets: list[RepositorySecret], project: str, password: str | None) -> None:
    found: Mapping[str, str] = credentials_for(secrets, URL, project)
    assert found.get("password") == password


def test_what_a_repository_says_itself_counts_before_its_template() -> None:
    found = credentials_for([LONG, repository(URL, insecure="true")], URL, "default")
    assert (found["password"], found["insecure"], found["url"]) == ("long", "true", URL)


def test_nothing_of_it_shows() -> None:
    assert "canary" not in repr(repository(URL, password="canary"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (URL, f"{URL}.git", True),
        (f"{URL}/", f"{URL}/.git", True),
        ("oci://ghcr.io/org/charts", "ghcr.io/org/charts/", True),
        ("10.0.0.1:5000/charts", "oci://10.0.0.1:5000/charts", True),
        ("10.0.0.1:5000/charts", "10.0.0.1:5000/others", False),
        ("https://ghcr.io/org", "ghcr.io/org", False),
    ],
)
def test_which_addresses_are_one(one: str, other: str, *, same: bool) -> None:
    assert (known_as(one) == known_as(other)) is same


def test_a_repository_by_name() -> None:
    known = [
        repository("https://a.example.com", name="shelf", project="theirs"),
        repository("https://b.example.com", name="shelf"),
        template("https://c.example.com", name="other"),
    ]
    assert named(known, "shelf", "default") == "https://b.example.com"
    assert named(known, "shelf", "theirs") == "https://a.example.com"
    assert named(known, "other", "default") == named(known, "", "default") == ""


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://git.example.com/team/app", "pem"),
        ("https://bot@GIT.example.com:8443/x", "pem"),
        ("git.example.com:5000/charts", "pem"),
        ("oci://git.example.com/charts", "pem"),
        ("https://[::1]:8443/x", "local"),
        ("https://[bad/x", ""),
        ("https://example.com/git.example.com", ""),
        ("", ""),
    ],
)
def test_which_certificates_are_trusted(url: str, trusted: str) -> None:
    known = RepositorySecret(CERTIFICATES, {"git.example.com": "pem", "::1": "local"})
    assert certificates_for([known, SHORT], url) == trusted


def test_whose_they_are() -> None:
    known = [repository(URL, project="b"), repository(f"{URL}.git", project="a"), repository(URL), LONG]
    assert projects_of(known, URL) == ["a", "b"]
    assert projects_of(known, f"{URL}/other") == []


def test_keys_of_hosts() -> None:
    told = RepositorySecret(KNOWN_HOSTS, {"ssh_known_hosts": "git.example.com ssh-ed25519 AAAA\n"})
    assert known_hosts_of([LONG, told]) == "git.example.com ssh-ed25519 AAAA\n"
    assert known_hosts_of([LONG]) == ""
