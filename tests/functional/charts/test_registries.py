"""OCI registries: charts that the real Helm has pushed to a real registry, and what a hostile one may try."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.charts.repository import ChartRepositories
from argosy.adapters.charts.web import Limits
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, NotFound, Unavailable, Unsupported
from argosy.ports.charts import Place, Release
from argosy.ports.repository import Credentials
from contracts.repository import unpacked
from support.charts import ChartServer, Helm, chart_files, serving_charts
from support.registry import PASSWORD, USER, Registry
from support.tlsserving import CERTIFICATE

WRONG = "canary-wrong"
NOBODY = Credentials(plain_http=True)
BOT = Credentials(USER, PASSWORD, plain_http=True)
LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> list[Path]:
    """`web` in three versions, one with build metadata."""
    folder = tmp_path_factory.mktemp("packages")
    return [helm.package(chart_files("web", version), folder) for version in ("1.0.0", "1.2.0+b.5", "2.0.0-rc.1")]


@pytest.fixture(scope="module", params=["none", "password", "token"])
def registry(request: pytest.FixtureRequest, helm: Helm, packages: list[Path]) -> Iterator[Registry]:
    running = Registry(request.param)
    who = ["--username", USER, "--password", PASSWORD] if request.param != "none" else []
    for package in packages:
        helm.run("push", str(package), f"oci://{running.address}/team/charts", "--plain-http", *who)
    yield running
    running.close()


@pytest.mark.parametrize("way", ["{}/team/charts", "oci://{}/team/charts"])
def test_versions_and_a_package(registry: Registry, packages: list[Path], way: str) -> None:
    charts, place = ChartRepositories(), Place(way.format(registry.address), "web", oci=True)
    versions = {one.version for one in charts.releases(place, BOT)}
    assert versions == {"1.0.0", "1.2.0+b.5", "2.0.0-rc.1"}
    for version, file in zip(("1.0.0", "1.2.0+b.5"), packages, strict=False):
        package = charts.package(place, Release(version), BOT)
        assert package.packed == file.read_bytes()
        assert "templates/cm.yaml" in unpacked(package.files.archive)


def test_a_digest(registry: Registry) -> None:
    charts, place = ChartRepositories(), Place(f"oci://{registry.address}/team/charts/web", oci=True)
    digest = charts.digest(place, "1.0.0", BOT)
    assert charts.digest(place, digest, BOT) == digest
    assert "Chart.yaml" in unpacked(charts.package(place, Release(digest), BOT).files.archive)


def test_what_is_not_there(registry: Registry) -> None:
    charts, place = ChartRepositories(), Place(f"{registry.address}/team/charts", "web", oci=True)
    with pytest.raises(NotFound, match=f"registry {registry.address}/team/charts/web:9.9.9"):
        charts.digest(place, "9.9.9", BOT)
    with pytest.raises(NotFound, match="not found"):
        charts.releases(Place(registry.address, "nowhere", oci=True), BOT)


@pytest.mark.parametrize(
    ("given", "says"),
    [(NOBODY, "asks for credentials"), (Credentials(USER, WRONG, plain_http=True), "credentials are refused")],
)
def test_credentials_that_do_not_fit(registry: Registry, given: Credentials, says: str) -> None:
    place = Place(f"{registry.address}/team/charts", "web", oci=True)
    calls: list[Callable[[ChartRepositories], object]] = [
        lambda charts: charts.releases(place, given),
        lambda charts: charts.check(Place(registry.address, oci=True), given),
    ]
    for call in calls:
        if registry.signing == "none":
            call(ChartRepositories())
            continue
        with pytest.raises(Denied, match=says) as refusal:
            call(ChartRepositories())
        assert WRONG not in str(refusal.value)


def test_a_registry_is_looked_at(registry: Registry) -> None:
    ChartRepositories().check(Place(registry.address, oci=True), BOT)


def test_many_tags_come_in_pages(tmp_path: Path) -> None:
    with serving_charts(tmp_path) as server:
        tags = {"name": "web", "tags": [f"1.0.{number}" for number in range(3)]}
        following = {"Link": '</v2/web/more>; rel="next"'}
        server.scripted["/v2/web/tags/list"] = 200, following, json.dumps(tags).encode()
        server.scripted["/v2/web/more"] = 200, {}, json.dumps({"tags": ["2.0.0", 5, None]}).encode()
        found = ChartRepositories().releases(Place(address(server), "web", oci=True), NOBODY)
        assert [one.version for one in found] == ["1.0.0", "1.0.1", "1.0.2", "2.0.0"]


def test_a_certificate_that_nobody_trusts() -> None:
    running = Registry(secure=True)
    try:
        place = Place(running.address, oci=True)
        with pytest.raises(Unavailable, match="certificate"):
            ChartRepositories().check(place, Credentials())
        ChartRepositories().check(place, Credentials(insecure=True))
        ChartRepositories().check(place, Credentials(ca=CERTIFICATE))
    finally:
        running.close()


# What a hostile registry may try


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChartServer]:
    with serving_charts(tmp_path / "root") as running:
        yield running


def address(server: ChartServer) -> str:
    return f"127.0.0.1:{server.port}"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def publish(server: ChartServer, data: bytes = b"x", *, digest: str = "", **manifest: Any) -> None:
    """A chart `web` 1.0.0 of one layer."""
    named = digest or digest_of(data)
    body = {"schemaVersion": 2, "layers": [{"mediaType": LAYER, "digest": named}], **manifest}
    server.scripted["/v2/web/manifests/1.0.0"] = 200, {}, json.dumps(body).encode()
    server.scripted[f"/v2/web/blobs/{named}"] = 200, {}, data


def taken(server: ChartServer, credentials: Credentials = BOT, limits: Limits | None = None) -> None:
    ChartRepositories(limits).package(Place(address(server), "web", oci=True), Release("1.0.0"), credentials)


@pytest.mark.parametrize(
    ("challenge", "says"),
    [
        ("", "refused"),
        ("Bearer", "refused"),
        ('Bearer service="x"', "refused"),
        ("Negotiate", "refused"),
        ('Bearer realm="gopher://127.0.0.1/x"', "not an address of HTTP"),
        ('Bearer realm="http://169.254.169.254/latest"', "may not be reached"),
        ('Bearer realm="http://[bad"', "Invalid"),
    ],
)
def test_a_challenge_that_is_none(server: ChartServer, challenge: str, says: str) -> None:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    server.scripted["/v2/web/manifests/1.0.0"] = 401, headers, b"{}"
    with pytest.raises(ArgosyError, match=says) as refusal:
        taken(server)
    assert PASSWORD not in str(refusal.value)


def test_a_token_service_without_tls() -> None:
    running = Registry("token", secure=True)
    try:
        with pytest.raises(EvaluationError, match="without TLS"):
            ChartRepositories().check(Place(running.address, oci=True), Credentials(USER, PASSWORD, insecure=True))
    finally:
        running.close()


@pytest.mark.parametrize("answer", [b"no", b"[]", b"{}", b'{"token": 5}', b'{"token": "a\\r\\nX-Evil: b"}'])
def test_a_token_that_is_none(server: ChartServer, answer: bytes) -> None:
    server.scripted["/v2/web/manifests/1.0.0"] = 401, {"WWW-Authenticate": f'Bearer realm="{server.url("t")}"'}, b""
    server.scripted["/t"] = 200, {}, answer
    with pytest.raises(ArgosyError):
        taken(server)


def test_credentials_stay_with_the_registry(server: ChartServer, tmp_path: Path) -> None:
    """A layer lies at another host, which asks to be signed in at, in each of the ways that there are."""
    publish(server)
    with serving_charts(tmp_path / "other") as other:
        blob = f"/v2/web/blobs/{digest_of(b'x')}"
        server.scripted[blob] = 302, {"Location": other.url("layer", "localhost")}, b""
        for challenge in ('Basic realm="x"', f'Bearer realm="{other.url("token", "localhost")}"'):
            other.scripted["/layer"] = 401, {"WWW-Authenticate": challenge}, b""
            with pytest.raises(Denied):
                taken(server)
        assert other.paths() == ["/layer", "/layer"]
        assert {header for _, header, _ in other.asked} == {""}


@pytest.mark.parametrize("where", ["http://169.254.169.254/layer", "http://[fe80::1]/layer"])
def test_a_redirect_to_where_nobody_may_go(server: ChartServer, where: str) -> None:
    publish(server)
    server.scripted[f"/v2/web/blobs/{digest_of(b'x')}"] = 302, {"Location": where}, b""
    with pytest.raises(Denied, match="may not be reached from here"):
        taken(server)


@pytest.mark.parametrize(
    ("manifest", "kind", "says"),
    [
        ({"digest": "sha256:" + "0" * 64}, EvaluationError, "SHA-256 differs"),
        ({"digest": "sha512:" + "0" * 128}, Unsupported, "SHA-256"),
        ({"digest": "../../../etc/passwd"}, Unsupported, "SHA-256"),
        ({"layers": []}, EvaluationError, "got 0 layers"),
        ({"layers": [{"mediaType": LAYER}, {"mediaType": LAYER}]}, EvaluationError, "got 2 layers"),
        ({"layers": [{"mediaType": "x/y"}]}, EvaluationError, "x/y"),
        ({"layers": "no"}, EvaluationError, "got 0 layers"),
        ({"manifests": []}, Unsupported, "index of several manifests"),
        ({"data": b"no archive"}, EvaluationError, "cannot be read"),
    ],
)
def test_a_manifest_that_does_not_fit(
    server: ChartServer, manifest: dict[str, Any], kind: type[ArgosyError], says: str
) -> None:
    publish(server, **manifest)
    with pytest.raises(kind, match=says):
        taken(server)


def test_limits(server: ChartServer) -> None:
    publish(server, gzip.compress(bytes(5_000_000)))
    with pytest.raises(EvaluationError, match="sends more than 1000 bytes"):
        taken(server, limits=Limits(package=1000))
    with pytest.raises(EvaluationError, match="sends more than 10 bytes"):
        taken(server, limits=Limits(manifest=10))


def test_pages_without_an_end(server: ChartServer) -> None:
    server.scripted["/v2/web/tags/list"] = 200, {"Link": '</v2/web/tags/list>; rel="next"'}, b'{"tags": []}'
    with pytest.raises(EvaluationError, match="more than 100 pages"):
        ChartRepositories().releases(Place(address(server), "web", oci=True), NOBODY)
    server.scripted["/v2/web/tags/list"] = 200, {"Link": '<http://localhost:1/x>; rel="next"'}, b'{"tags": []}'
    with pytest.raises(EvaluationError, match="at another host"):
        ChartRepositories().releases(Place(address(server), "web", oci=True), NOBODY)


@pytest.mark.parametrize(
    ("url", "chart"),
    [
        ("https://example.com/charts", "web"),
        ("user:hunter2@example.com", "web"),
        ("example.com", "../admin"),
        ("example.com", "Web"),
        ("", "web"),
    ],
)
def test_an_address_that_is_none(url: str, chart: str) -> None:
    with pytest.raises(InvalidObject, match="no address in a registry") as refusal:
        ChartRepositories().releases(Place(url, chart, oci=True), NOBODY)
    assert "hunter2" not in str(refusal.value)
