"""Helm and Kustomize obtained: from releases, from Go, for another machine; and one version of each, wherever it stands."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from argosy.adapters.render.versions import HELM, KUSTOMIZE, RELEASES, VERSIONS
from argosy.errors import Unavailable
from argosy.local import rendertools
from argosy.local.devcluster.binaries import BinaryCache
from argosy.local.devcluster.gobuild import GoBuild

ROOT = Path(__file__).parents[3]
TARGET = ("linux", "arm64")


def packed(name: str, content: bytes = b"binary") -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        info = tarfile.TarInfo(f"linux-arm64/{name}")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


@pytest.fixture
def published() -> Iterator[dict[str, bytes]]:
    """What a server gives, by path; `url` is where."""
    given: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = given.get(self.path)
            self.send_response(200 if data is not None else 404)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    given["url"] = f"http://127.0.0.1:{server.server_address[1]}".encode()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield given
    server.shutdown()
    server.server_close()


def releases(published: dict[str, bytes], archive: bytes, checksum: str = "") -> rendertools.Releases:
    published["/helm.tar.gz"] = archive
    known = checksum or hashlib.sha256(archive).hexdigest()
    return rendertools.Releases(TARGET, {("helm", *TARGET): (published["url"].decode() + "/helm.tar.gz", known)})


def test_a_release(tmp_path: Path, published: dict[str, bytes]) -> None:
    source = releases(published, packed("helm"))
    assert (source.offers("helm"), source.offers("kustomize")) == (True, False)
    assert source.obtain("helm", tmp_path) == ["helm"]
    assert (tmp_path / "helm").read_bytes() == b"binary"


@pytest.mark.parametrize(
    ("archive", "checksum", "says"),
    [
        (packed("helm"), "0" * 64, "it was thrown away"),
        (packed("other"), "", "does not hold it"),
        (b"nonsense", "", "cannot be read"),
    ],
)
def test_a_release_that_is_not_taken(
    tmp_path: Path, published: dict[str, bytes], archive: bytes, checksum: str, says: str
) -> None:
    with pytest.raises(Unavailable, match=says):
        releases(published, archive, checksum).obtain("helm", tmp_path)


def test_what_cannot_be_downloaded_is_built_for_the_target(tmp_path: Path, published: dict[str, bytes]) -> None:
    go = tmp_path / "go"
    go.write_text(
        '#!/bin/sh\necho "$GOOS $GOARCH $CGO_ENABLED $*" >> "$(dirname "$0")/diary"\n'
        '[ "$1" = build ] || exit 0\nwhile [ "$1" != -o ]; do shift; done\necho built > "$2"\n'
    )
    go.chmod(0o755)
    build = GoBuild(
        tmp_path / "caches", go=str(go), binaries=rendertools.BINARIES, modules=rendertools.MODULES, target=TARGET
    )
    gone = releases(published, packed("helm"), "0" * 64)
    found = BinaryCache(tmp_path / "cache", [gone, build]).obtain(rendertools.TOOLS)
    assert {name: path.read_text() for name, path in found.items()} == {"helm": "built\n", "kustomize": "built\n"}
    built = [line for line in (tmp_path / "diary").read_text().splitlines() if " build " in line]
    assert all(line.startswith("linux arm64 0 build -trimpath -ldflags -s -w") for line in built)
    assert [line.rsplit(" ", 1)[1] for line in built] == [one.package for one in rendertools.BINARIES.values()]


def test_every_tool_has_a_release_and_a_build_of_its_version() -> None:
    assert set(rendertools.TOOLS) == set(rendertools.BINARIES) == {name for name, _, _ in RELEASES}
    for (name, system, architecture), (url, checksum) in RELEASES.items():
        assert f"v{VERSIONS[name]}" in url
        assert re.search(rf"{system}[-_]{architecture}", url)
        assert re.fullmatch(r"[0-9a-f]{64}", checksum)
    versions = {name: rendertools.MODULES[one.module].version for name, one in rendertools.BINARIES.items()}
    assert versions == {"helm": f"v{HELM}", "kustomize": f"v{KUSTOMIZE}"}


def test_the_layer_has_the_same_versions() -> None:
    makefile = (ROOT / "layers/render/Makefile").read_text()
    assert re.findall(r"^(?:HELM|KUSTOMIZE) := (.+)$", makefile, re.MULTILINE) == [HELM, KUSTOMIZE]
    pins = (ROOT / "layers/render/requirements.txt").read_text().split()
    assert f"gojsonnet=={VERSIONS['jsonnet']}" in pins
    assert {pin.partition("==")[0] for pin in pins} == {"dulwich", "gojsonnet", "pysequoia", "urllib3"}
