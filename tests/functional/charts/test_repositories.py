"""Helm repositories over HTTP: what is asked for, with which credentials, and what is not taken."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives import serialization

from argosy.adapters.charts.index import address_of, releases_in
from argosy.adapters.charts.repository import ChartRepositories
from argosy.adapters.charts.web import Limits
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, NotFound, Unavailable
from argosy.ports.charts import Place, Release
from argosy.ports.repository import Credentials
from contracts.repository import NOBODY, unpacked
from support.charts import USER, ChartServer, Helm, chart_files, serving_charts
from support.tlsserving import CERTIFICATE, KEY
from support.up import free_port

PASSWORD = "canary-charts"
BOT = Credentials(USER, PASSWORD)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> Path:
    """Two versions of `web`, one of `db`."""
    folder = tmp_path_factory.mktemp("published")
    for version in ("1.0.0", "1.2.0"):
        helm.package(chart_files("web", version), folder)
    helm.package(chart_files("db", "0.1.0+build.5"), folder, "db")
    helm.index(folder)
    return folder


def test_versions_and_a_package(server: ChartServer) -> None:
    charts, place = ChartRepositories(), Place(server.url(), "web")
    releases = charts.releases(place, NOBODY)
    assert [one.version for one in releases] == ["1.2.0", "1.0.0"]
    package = charts.package(place, releases[1], NOBODY)
    assert package.packed == (server.root / "web-1.0.0.tgz").read_bytes()
    assert unpacked(package.files.archive) == {
        **chart_files("web", "1.0.0"),
        "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    }
    assert package.files.files == 3


def test_all_who_ask_in_one_round_cost_one_look(server: ChartServer) -> None:
    now = 100.0
    charts = ChartRepositories(clock=lambda: now)
    for name in ("web", "db", "web"):
        charts.releases(Place(server.url(), name), NOBODY)
    assert server.paths() == ["/index.yaml"]
    now += 60
    charts.releases(Place(server.url(), "web"), NOBODY)
    assert [status for _, _, status in server.asked] == [200, 304]


@pytest.mark.parametrize("etags", [True, False])
def test_a_new_version_is_seen(server: ChartServer, helm: Helm, *, etags: bool) -> None:
    now, server.etags = 100.0, etags
    charts, place = ChartRepositories(clock=lambda: now), Place(server.url(), "web")
    charts.releases(place, NOBODY)
    helm.package(chart_files("web", "2.0.0"), server.root)
    helm.index(server.root)
    now += 60
    assert charts.releases(place, NOBODY)[0].version == "2.0.0"


def test_an_index_is_kept_for_whom_it_was_got(server: ChartServer) -> None:
    charts, place = ChartRepositories(), Place(server.url(), "web")
    server.password = PASSWORD
    assert charts.releases(place, BOT)
    with pytest.raises(Denied, match="it asks for credentials"):
        charts.releases(place, NOBODY)


@pytest.mark.parametrize(
    ("given", "says"),
    [(NOBODY, "it asks for credentials"), (Credentials(USER, "hunter2"), "the credentials are refused")],
)
def test_credentials_that_do_not_fit(server: ChartServer, given: Credentials, says: str) -> None:
    server.password = PASSWORD
    with pytest.raises(Denied, match=says) as refusal:
        ChartRepositories().releases(Place(server.url(), "web"), given)
    assert "hunter2" not in str(refusal.value)
    assert server.url() in str(refusal.value)


def index_of(server: ChartServer, url: str, digest: str = "") -> None:
    entry = f"  - version: 1.0.0\n    urls: ['{url}']\n" + (f"    digest: {digest}\n" if digest else "")
    (server.root / "index.yaml").write_text(f"apiVersion: v1\nentries:\n  web:\n{entry}")


def taken(server: ChartServer, credentials: Credentials = NOBODY, **more: Any) -> bytes:
    charts, place = ChartRepositories(), Place(server.url(), "web", **more)
    return charts.package(place, charts.releases(place, credentials)[0], credentials).packed


@pytest.mark.parametrize("url", ["web-1.0.0.tgz", "./web-1.0.0.tgz", "/web-1.0.0.tgz", "{}/web-1.0.0.tgz"])
def test_where_a_package_lies(server: ChartServer, url: str) -> None:
    server.password = PASSWORD
    index_of(server, url.format(server.url()))
    assert taken(server, BOT)


@pytest.mark.parametrize(
    ("repository", "url", "address"),
    [
        ("https://x.io/charts", "a.tgz", "https://x.io/charts/a.tgz"),
        ("https://x.io/charts/", "sub/a.tgz", "https://x.io/charts/sub/a.tgz"),
        ("https://x.io/charts?t=1", "a.tgz", "https://x.io/charts/a.tgz?t=1"),
        ("https://x.io/charts", "../a.tgz", "https://x.io/a.tgz"),
        ("https://x.io/charts", "http://y.io/a.tgz", "http://y.io/a.tgz"),
    ],
)
def test_addresses(repository: str, url: str, address: str) -> None:
    assert address_of(repository, url) == address


@pytest.mark.parametrize("passed", [False, True])
def test_another_host_gets_the_credentials_only_when_that_is_said(
    tmp_path: Path, server: ChartServer, *, passed: bool
) -> None:
    with serving_charts(server.root) as other:
        server.password = PASSWORD
        index_of(server, other.url("web-1.0.0.tgz", "localhost"))
        assert taken(server, BOT, pass_credentials=passed)
        assert [bool(header) for _, header, _ in other.asked] == [passed]


def test_a_redirect_to_another_host_gets_no_credentials(server: ChartServer) -> None:
    with serving_charts(server.root) as other:
        server.password = PASSWORD
        index_of(server, "web-1.0.0.tgz")
        server.redirects["/web-1.0.0.tgz"] = other.url("web-1.0.0.tgz", "localhost")
        assert taken(server, BOT)
        assert [header for _, header, _ in other.asked] == [""]


@pytest.mark.parametrize("where", ["http://169.254.169.254/x.tgz", "http://[fe80::1]/x.tgz"])
@pytest.mark.parametrize("way", ["index", "redirect"])
def test_the_egress_rule(server: ChartServer, where: str, way: str) -> None:
    if way == "index":
        index_of(server, where)
    else:
        index_of(server, "web-1.0.0.tgz")
        server.redirects["/web-1.0.0.tgz"] = where
    with pytest.raises(Denied, match="may not be reached from here"):
        taken(server)


def test_a_circle_of_redirects(server: ChartServer) -> None:
    server.redirects["/index.yaml"] = "/index.yaml"
    with pytest.raises(EvaluationError, match="more than 5 redirects"):
        taken(server)


def test_a_package_that_is_another(server: ChartServer) -> None:
    index_of(server, "web-1.0.0.tgz", "0" * 64)
    with pytest.raises(EvaluationError, match="SHA-256 differs"):
        taken(server)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(index=10), "sends more than 10 bytes"),
        (Limits(package=10), "sends more than 10 bytes"),
        (Limits(size=10, files=1), "holds more than 1"),
        (Limits(files=2), "more than 2 files"),
        (Limits(seconds=0), "did not answer within 0 s"),
    ],
)
def test_limits(server: ChartServer, limits: Limits, says: str) -> None:
    charts, place = ChartRepositories(limits), Place(server.url(), "web")
    with pytest.raises(ArgosyError, match=says):
        charts.package(place, charts.releases(place, NOBODY)[0], NOBODY)


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return gzip.compress(raw.getvalue())


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b"x" if kind == tarfile.REGTYPE else b""


@pytest.mark.parametrize(
    ("package", "says"),
    [
        (b"<html>", "cannot be read"),
        (gzip.compress(b"x"), "cannot be read"),
        (packed(member("web/../../evil")), "leads out of its folder"),
        (packed(member("/etc/passwd")), "leads out of its folder"),
        (packed(member("web/a"), member("other/b")), "more than one folder"),
        (packed(member("web/a"), member("web/a")), "a name twice"),
        (packed(member("web/a")), "has no Chart.yaml"),
        (packed(member("web/d", tarfile.CHRTYPE)), "neither a file, a folder nor a link"),
        (packed(member("web/h", tarfile.LNKTYPE, "/etc/passwd")), "neither a file, a folder nor a link"),
    ],
)
def test_a_package_that_is_none(server: ChartServer, package: bytes, says: str) -> None:
    index_of(server, "bad.tgz")
    server.answers["/bad.tgz"] = package
    with pytest.raises(EvaluationError, match=says):
        taken(server)


def test_a_bomb(server: ChartServer) -> None:
    info = tarfile.TarInfo("web/Chart.yaml")
    info.size = 400_000_000
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb") as out:
        out.write(info.tobuf())
        for _ in range(400):
            out.write(bytes(1_000_000))
    index_of(server, "bomb.tgz")
    server.answers["/bomb.tgz"] = raw.getvalue()
    with pytest.raises(EvaluationError, match="holds more than"):
        taken(server)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no: entries: here", "cannot be read"),
        ("[]", "has no entries"),
        ("entries: {web: [{version: 1.0.0}]}", "chart 'web' not found in index"),
        ("entries: {web: 1}", "chart 'web' not found in index"),
        ("entries: {}", "chart 'web' not found in index"),
        ("a: " + "[" * 2000, "cannot be read"),
        ("entries: &a {web: [*a, *a]}", "not found in index|cannot be read"),
    ],
)
def test_an_index_that_is_none(server: ChartServer, text: str, says: str) -> None:
    (server.root / "index.yaml").write_text(text)
    with pytest.raises(ArgosyError, match=says):
        taken(server)


@pytest.mark.parametrize(
    "text",
    [
        'entries:\n  "web":\n  - urls: [a]\n    version: 1.10\n',
        "entries:\n    web:\n    - urls: [a]\n      version: 1.10\n",
        "entries:\n  web:\n  - urls: [a]\n    version: 1.10\ngenerated: x\n",
        "entries:\n  wep:\n  - urls: [b]\n    version: 2\n  web:\n  - urls: [a]\n    version: 1.10\n  x:\n  - version: 3\n",
        '{"entries": {"web": [{"urls": ["a"], "version": "1.10"}]}}',
    ],
)
def test_layouts_of_an_index(text: str) -> None:
    assert releases_in(text, "web") == [Release("1.10", "a")]


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda server: server.url("nowhere"), NotFound, "answers 404"),
        (lambda _: f"http://127.0.0.1:{free_port()}", Unavailable, "refused"),
        (lambda _: "ftp://example.com/charts", InvalidObject, "at an address of https"),
        (lambda _: "http://", InvalidObject, "not an address of HTTP"),
        (lambda _: "http://user:hunter2@127.0.0.1:1/x", Unavailable, "127.0.0.1:1/x"),
    ],
)
def test_a_repository_that_is_not_there(
    server: ChartServer, make: Callable[[ChartServer], str], kind: type[ArgosyError], says: str
) -> None:
    with pytest.raises(kind, match=says) as refusal:
        ChartRepositories().releases(Place(make(server), "web"), NOBODY)
    assert "hunter2" not in str(refusal.value)


def test_a_client_certificate_that_is_none(server: ChartServer) -> None:
    given = Credentials(client_cert="canary", client_key="canary")
    with pytest.raises(InvalidObject, match="no certificate and key") as refusal:
        ChartRepositories().releases(Place(server.url(), "web"), given)
    assert "canary" not in str(refusal.value)


def test_an_index_too_large_to_be_read_as_a_whole() -> None:
    """Only the part of one chart is read, if there is one; what is laid out otherwise is refused."""
    one = "".join(f"  - urls: [web-1.{number}.0.tgz]\n    version: 1.{number}.0\n" for number in range(300))
    text = "apiVersion: v1\nentries:\n" + "".join(f"  chart{number}:\n{one}" for number in range(1000))
    assert len(releases_in(text, "chart999")) == 300
    assert releases_in(text, "web") == []
    with pytest.raises(EvaluationError, match="not laid out as Helm does"):
        releases_in(text.replace("entries:", "'entries':"), "web")


TRUSTING = Credentials(ca=CERTIFICATE)
KNOWN = Credentials(ca=CERTIFICATE, client_cert=CERTIFICATE, client_key=KEY)


def secured(folder: Path, helm: Helm, tls: Literal["server", "mutual"], given: Credentials) -> int:
    """How many versions such a repository tells."""
    helm.package(chart_files("web", "1.0.0"), folder)
    helm.index(folder)
    with serving_charts(folder, tls=tls) as server:
        charts, place = ChartRepositories(), Place(server.url(), "web")
        releases = charts.releases(place, given)
        assert charts.package(place, releases[0], given).packed
        return len(releases)


@pytest.mark.parametrize(
    ("tls", "given"),
    [("server", TRUSTING), ("server", Credentials(insecure=True)), ("mutual", KNOWN)],
)
def test_certificates(tmp_path: Path, helm: Helm, tls: Literal["server", "mutual"], given: Credentials) -> None:
    assert secured(tmp_path / "charts", helm, tls, given) == 1


@pytest.mark.parametrize(
    ("tls", "given", "kind"),
    [
        ("server", NOBODY, Unavailable),
        ("mutual", TRUSTING, Unavailable),
        ("server", Credentials(ca="canary"), InvalidObject),
        ("server", Credentials(ca="cänary"), InvalidObject),
    ],
)
def test_certificates_that_do_not_fit(
    tmp_path: Path, helm: Helm, tls: Literal["server", "mutual"], given: Credentials, kind: type[ArgosyError]
) -> None:
    with pytest.raises(kind, match=r"(?i)certificate|closed|reset|EOF") as refusal:
        secured(tmp_path / "charts", helm, tls, given)
    assert "nary" not in str(refusal.value)


def test_a_certificate_of_ours_is_not_shown_to_another_host(tmp_path: Path, helm: Helm) -> None:
    with serving_charts(tmp_path / "other", tls="mutual") as other:
        helm.package(chart_files("web", "1.0.0"), other.root)
        folder = tmp_path / "charts"
        folder.mkdir()
        helm.run("repo", "index", str(other.root), "--url", other.url(host="localhost"))
        (folder / "index.yaml").write_bytes((other.root / "index.yaml").read_bytes())
        with serving_charts(folder, tls="server") as server:
            charts, place = ChartRepositories(), Place(server.url(), "web")
            (release,) = charts.releases(place, KNOWN)
            with pytest.raises(Unavailable):
                charts.package(place, release, KNOWN)
            assert charts.package(replace(place, pass_credentials=True), release, KNOWN).packed


def test_a_key_with_a_password_is_refused_and_asks_nobody(server: ChartServer) -> None:
    key = serialization.load_pem_private_key(KEY.encode(), None)
    way = serialization.BestAvailableEncryption(b"canary")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    given = Credentials(client_cert=CERTIFICATE, client_key=key.private_bytes(*form, way).decode())
    with pytest.raises(InvalidObject, match="no certificate and key"):
        ChartRepositories().releases(Place(server.url(), "web"), given)
