"""Fetching charts: which version is meant, what is kept, and for whom."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from argosy.errors import ArgosyError, Denied, InvalidObject, NotFound, Unsupported
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.charts import FakeCharts, Shelf
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.repository import FakeRepository
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.repository import Credentials
from argosy.services.charts import place_of
from argosy.services.fetching import Fetching, FetchRequest, read, read_charts
from argosy.services.remotemaking import RemoteFetching

HTTP, OCI, ARTIFACT = "https://charts.example.com/stable", "registry.example.com/charts", "oci://registry.example.com/a"
FILES = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"}
VERSIONS = ["0.9.0", "1.0.0", "1.2.0", "1.10.0", "v2.0.0", "3.0.0-rc.1", "3.0.0+build.5", "latest", "4.0.0-beta"]
DIGEST = "sha256:" + "d" * 64


def shelf(versions: list[str] = VERSIONS, password: str = "") -> Shelf:
    return Shelf(dict.fromkeys(versions, FILES), dict.fromkeys(versions, DIGEST), password)


class Case:
    """A Helm repository, a registry and an artifact with the same versions."""

    def __init__(self, versions: list[str] = VERSIONS, password: str = "") -> None:
        held = dict.fromkeys((f"{HTTP}/web", f"{OCI}/web", ARTIFACT), shelf(versions, password))
        self.charts, self.blobs = FakeCharts(held), FakeBlobs(FakeClock())
        secrets = FakeSecrets({"argocd": {"repo": {"username": "bot", "password": "pw"}}})
        self.fetching = Fetching(self.blobs, FakeRepository({}), secrets, charts=self.charts)

    def resolve(self, url: str, revision: str, chart: str = "web") -> str:
        return self.fetching.resolve(FetchRequest(url=url, revision=revision, chart=chart))


# As Masterminds/semver 3 has it: pre-releases count only where the constraint names one.
@pytest.mark.parametrize(
    ("revision", "version"),
    [
        ("1.0.0", "1.0.0"),
        ("", "3.0.0+build.5"),
        ("*", "3.0.0+build.5"),
        ("x", "3.0.0+build.5"),
        ("^1.0", "1.10.0"),
        ("^1.0.0", "1.10.0"),
        ("~1.2", "1.2.0"),
        ("1.x", "1.10.0"),
        ("1.2.*", "1.2.0"),
        ("<1.0.0", "0.9.0"),
        (">=1.0.0 <1.10.0", "1.2.0"),
        (">=1.0.0, <1.10.0", "1.2.0"),
        ("<1.0.0 || ~1.2", "1.2.0"),
        ("1.0.0 - 1.2.0", "1.2.0"),
        ("!=3.0.0", "v2.0.0"),
        ("^2", "v2.0.0"),
        (">=3.0.0-0", "4.0.0-beta"),
        ("~3.0.0-0", "3.0.0+build.5"),
        ("latest", "latest"),
    ],
)
def test_which_version(revision: str, version: str) -> None:
    for url in (HTTP, OCI):
        assert Case().resolve(url, revision) == version


@pytest.mark.parametrize(
    ("url", "revision", "version"),
    [(HTTP, "1.2", "1.2.0"), (HTTP, "1", "1.10.0"), (HTTP, "v1.0.0", "1.0.0"), (HTTP, "2.0.0", "v2.0.0")],
)
def test_a_version_that_is_not_whole_is_the_newest_that_it_fits(url: str, revision: str, version: str) -> None:
    assert Case().resolve(url, revision) == version


@pytest.mark.parametrize(
    ("revision", "says"),
    [
        ("^9.1", r"invalid revision '\^9.1' of chart {}/web: version matching constraint not found in 9 tags"),
        ("9.9.9", "9.9.9"),
        ("stable", "'stable'"),
        (">>1", "'>>1'"),
    ],
)
def test_a_version_that_is_not_there(revision: str, says: str) -> None:
    for url in (HTTP, OCI):
        with pytest.raises(NotFound, match=says.format(url)):
            Case().resolve(url, revision)


def test_pre_releases_alone_satisfy_no_constraint() -> None:
    with pytest.raises(NotFound, match="not found in 1 tags"):
        Case(["1.0.0-rc.1"]).resolve(HTTP, "*")


@pytest.mark.parametrize("revision", ["1.0.0", "^1.0", "", DIGEST])
def test_an_artifact_s_revision_is_a_digest(revision: str) -> None:
    assert Case().resolve(ARTIFACT, revision, "") == DIGEST


def test_an_artifact_that_is_not_there() -> None:
    for revision in ("^9", "none", "9.9.9"):
        with pytest.raises(NotFound):
            Case().resolve(ARTIFACT, revision, "")


@pytest.mark.parametrize(
    ("given", "credentials", "oci"),
    [
        ({"url": HTTP}, Credentials(), False),
        ({"url": HTTP, "oci": True}, Credentials(), True),
        ({"url": HTTP}, Credentials(oci=True), True),
        ({"url": OCI}, Credentials(), True),
        ({"url": "10.0.0.1:5000/x"}, Credentials(), True),
        ({"url": ARTIFACT}, Credentials(), True),
    ],
)
def test_what_is_a_registry(given: Mapping[str, Any], credentials: Credentials, *, oci: bool) -> None:
    assert place_of(FetchRequest(**given, chart="web"), credentials).oci is oci


def fetched_twice(case: Case, **request: Any) -> list[Any]:
    return [case.fetching.fetch(read({"chart": "web", **request})) for _ in range(2)]


def test_a_version_is_fetched_once_and_kept_as_it_was_published() -> None:
    case = Case()
    first, second = fetched_twice(case, url=HTTP, revision="^1.0")
    assert first == second
    assert case.charts.asked == [(f"{HTTP}/web", "1.10.0")]
    assert first.commit == "1.10.0"
    assert first.archive.startswith("fetch/")
    assert first.archive.split("/")[2] == "1.10.0"
    assert case.blobs.get(first.package)
    assert read_charts(case.blobs, first)[""].name == "web"


def test_keys_of_blobs_hold_nothing_that_leads_elsewhere() -> None:
    version = "../../render/x"
    case = Case([version])
    archive = case.fetching.take(FetchRequest(url=HTTP, chart="web", revision=version), version).archive
    assert archive.count("/") == 3
    assert ".." not in archive


def test_what_one_may_read_is_not_everybody_s() -> None:
    case = Case(password="pw")
    request = {"url": HTTP, "revision": "1.0.0"}
    assert fetched_twice(case, **request, credentials={"namespace": "argocd", "name": "repo"})
    with pytest.raises(Denied):
        fetched_twice(case, **request)


def test_a_password_in_an_address_is_refused_and_not_told() -> None:
    with pytest.raises(InvalidObject, match="holds a password") as refusal:
        Case().resolve("https://bot:hunter2@charts.example.com", "*")
    assert "hunter2" not in str(refusal.value)


def test_a_runtime_that_fetches_no_charts_says_so() -> None:
    fetching = Fetching(FakeBlobs(FakeClock()), FakeRepository({}), FakeSecrets({}))
    with pytest.raises(ArgosyError, match="fetches no charts"):
        fetching.resolve(FetchRequest(url=HTTP, chart="web"))


class Function:
    """The function that fetches, called as on AWS; `asked` are the requests."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.asked: list[dict[str, Any]] = []

    def call(self, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Makers.call`."""
        assert name == "fetch"
        self.asked.append(json.loads(json.dumps(request)))
        asked = read(request)
        if asked.only_commit:
            return {"commit": self._case.fetching.resolve(asked)}
        return self._case.fetching.fetch(asked).as_json()


def test_through_another_function() -> None:
    case = Case()
    function = Function(case)
    remote = RemoteFetching(case.blobs, function)
    request = FetchRequest(url=HTTP, chart="web", revision="^1.0")
    version = remote.resolve(request, Credentials(insecure=True))
    assert remote.take(request, version, Credentials).commit == version == "1.10.0"
    assert function.asked[0]["insecure"] is True
    assert [one["revision"] for one in function.asked] == ["^1.0", "1.10.0"]
    with pytest.raises(Unsupported, match="not handed to other functions") as refusal:
        remote.resolve(request, Credentials("bot", "canary"))
    assert "canary" not in str(refusal.value)
