"""Envtest archives from a server that behaves, lies, stops early or is slow."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from argosy.errors import Unavailable
from argosy.local.devcluster.envtest import EnvtestArchives, Limits
from argosy.local.devcluster.versions import platform_tag

Answer = Callable[[BaseHTTPRequestHandler], None]
ARCHIVE = "/download/envtest.tar.gz"


class Releases:
    """A web server with an index and an archive; `routes` can be changed by a test."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer] = {}
        self.over = threading.Event()
        releases = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = releases.routes.get(self.path)
                if answer is None:
                    self.send_error(404)
                else:
                    answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def serve(
        self, archive: bytes, *, checksum: str | None = None, link: str | None = None, version: str = "v9.9.9"
    ) -> None:
        entry = {"hash": checksum or hashlib.sha512(archive).hexdigest(), "selfLink": link or self.url + ARCHIVE}
        system, arch = platform_tag()
        index = {"releases": {version: {f"envtest-{version}-{system}-{arch}.tar.gz": entry}}}
        self.routes = {"/index.yaml": whole(yaml.safe_dump(index).encode()), ARCHIVE: whole(archive)}

    def source(self, **limits: float) -> EnvtestArchives:
        chosen = Limits(
            connect=limits.get("connect", 5.0), total=limits.get("total", 60.0), size=int(limits.get("size", 1 << 20))
        )
        return EnvtestArchives("9.9.9", index=f"{self.url}/index.yaml", archives=f"{self.url}/download/", limits=chosen)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def whole(body: bytes, *, promised: int | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body) if promised is None else promised))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def archive_of(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"controller-tools/envtest/{name.replace('_', '-')}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


GOOD = archive_of(etcd=b"etcd!", kube_apiserver=b"api!", kubectl=b"ctl!", README=b"not wanted")


@pytest.fixture
def releases() -> Iterator[Releases]:
    server = Releases()
    yield server
    server.close()


def test_all_three_come_from_one_archive(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD)
    assert releases.source().obtain("etcd", tmp_path) == ["etcd", "kube-apiserver", "kubectl"]
    assert (tmp_path / "kube-apiserver").read_bytes() == b"api!"
    assert not (tmp_path / "README").exists()


def test_only_what_the_archives_hold_is_offered() -> None:
    source = EnvtestArchives()
    assert [name for name in ("etcd", "kube-apiserver", "kube-scheduler", "kwok") if source.offers(name)] == [
        "etcd",
        "kube-apiserver",
    ]


def test_a_wrong_checksum_is_refused_before_anything_is_unpacked(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD, checksum="0" * 128)
    with pytest.raises(Unavailable, match=r"SHA-512 .* the index says 000000000000…"):
        releases.source().obtain("etcd", tmp_path)
    assert not (tmp_path / "etcd").exists()


def test_a_truncated_archive_is_refused(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD)
    releases.routes[ARCHIVE] = whole(GOOD[:-20], promised=len(GOOD))
    with pytest.raises(Unavailable, match="20 bytes too early"):
        releases.source().obtain("etcd", tmp_path)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (archive_of(etcd=b"e", kubectl=b"c"), "lacks kube-apiserver"),
        (GOOD[:-20], "cannot be read"),
        (b"no archive at all", "cannot be read"),
    ],
)
def test_an_archive_with_the_right_checksum_that_is_no_good(
    releases: Releases, tmp_path: Path, archive: bytes, reason: str
) -> None:
    releases.serve(archive)
    with pytest.raises(Unavailable, match=reason):
        releases.source().obtain("etcd", tmp_path)


def test_links_in_the_archive_are_not_followed(releases: Releases, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("controller-tools/envtest/etcd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    releases.serve(buffer.getvalue())
    with pytest.raises(Unavailable, match="lacks etcd, kube-apiserver, kubectl"):
        releases.source().obtain("etcd", tmp_path)
    assert not (tmp_path / "etcd").exists()


def test_a_silent_server_costs_the_connect_limit_only(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD)

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        releases.over.wait(30)

    releases.routes["/index.yaml"] = silent
    with pytest.raises(Unavailable, match="timed out"):
        releases.source(connect=0.2).obtain("etcd", tmp_path)


def test_a_server_that_trickles_runs_into_the_total_limit(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD)
    with pytest.raises(Unavailable, match="too slow"):
        releases.source(total=0).obtain("etcd", tmp_path)


def test_an_endless_archive_runs_into_the_size_limit(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD)
    with pytest.raises(Unavailable, match="more than 10 bytes"):
        releases.source(size=10).obtain("etcd", tmp_path)


def test_nobody_listens(releases: Releases, tmp_path: Path) -> None:
    source = EnvtestArchives("9.9.9", index="http://127.0.0.1:1/index.yaml", limits=Limits(connect=1))
    with pytest.raises(Unavailable, match="refused"):
        source.obtain("etcd", tmp_path)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b": : :", "not in the form"), (b"[]", "not in the form"), (b"releases: {}", "has no Kubernetes v9.9.9")],
)
def test_an_index_that_does_not_help(releases: Releases, tmp_path: Path, body: bytes, reason: str) -> None:
    releases.routes["/index.yaml"] = whole(body)
    with pytest.raises(Unavailable, match=reason):
        releases.source().obtain("etcd", tmp_path)


def test_a_link_that_leads_elsewhere_is_not_followed(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD, link="file:///etc/passwd")
    with pytest.raises(Unavailable, match="points outside"):
        releases.source().obtain("etcd", tmp_path)


def test_an_error_page_is_a_failure(releases: Releases, tmp_path: Path) -> None:
    releases.serve(GOOD)
    del releases.routes[ARCHIVE]
    with pytest.raises(Unavailable, match=r"404|Not Found"):
        releases.source().obtain("etcd", tmp_path)
