"""Where triggers' objects come from, on what serves them: files, HTTP with TLS, `git http-backend` and sshd, moto's S3."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.session import Session

from argosy.adapters.artifacts import SourceArtifacts
from argosy.adapters.git.repository import GitRepository
from argosy.errors import (
    ArgosyError,
    Denied,
    EvaluationError,
    InvalidObject,
    NotFound,
    Permanent,
    Unavailable,
    Unsupported,
)
from argosy.ports.fakes.secrets import FakeSecrets
from support.brokers.base import TLS
from support.brokers.sftp import Sftp
from support.gitserver import GitServer, Repo, serving
from support.motoserver import moto_server
from support.plainserver import Asked, plain_server

PASSWORD = "it's secret/4711"
SECRETS = {"git": {"user": "git", "password": PASSWORD, "wrong": "0815"}, "s3": {"key": "AKIA", "secret": "sesam"}}


def ref(name: str, key: str) -> dict[str, str]:
    return {"name": name, "key": key}


def read(
    artifact: Mapping[str, Any], files: Path | None = None, more: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    secrets = FakeSecrets({"ns": {**SECRETS, **(more or {})}})
    return SourceArtifacts(secrets, GitRepository(), files).read(artifact, "ns", "default")


class TestFile:
    @pytest.fixture
    def files(self, tmp_path: Path) -> Path:
        for name in ("ns/pods/a.yaml", "other/secret"):
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).write_text(name)
        (tmp_path / "ns" / "link").symlink_to("../other/secret")
        (tmp_path / "ns" / "within").symlink_to("pods/a.yaml")
        (tmp_path / "ns" / "large").write_bytes(b" " * (3 << 20 | 1))
        (tmp_path / "ns" / "binary").write_bytes(b"\xff")
        return tmp_path

    @pytest.mark.parametrize("path", ["pods/a.yaml", "/pods/a.yaml", "pods/../pods/a.yaml", "within"])
    def test_it_is_read(self, files: Path, path: str) -> None:
        assert read({"file": {"path": path}}, files) == "ns/pods/a.yaml"

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("../other/secret", Denied),
            ("/../../etc/passwd", Denied),
            ("link", Denied),
            ("gone", NotFound),
            ("pods", NotFound),
            ("large", EvaluationError),
            ("binary", EvaluationError),
        ],
    )
    def test_it_is_not(self, files: Path, path: str, kind: type[ArgosyError]) -> None:
        with pytest.raises(kind):
            read({"file": {"path": path}}, files)

    def test_where_nobody_has_files(self) -> None:
        with pytest.raises(Unsupported, match="inline"):
            read({"file": {"path": "a"}})


class Pages(BaseHTTPRequestHandler):
    """What a URL may answer."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer by the path."""
        self.seen.append(self.path)
        place, _, tail = self.path.partition("?")[0].strip("/").partition("/")
        status = int(place) if place.isdigit() else 200
        body = b"x" * (3 << 20 | 1) if place == "large" else b"kind: Pod"
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", f"/{tail}" if "://" not in tail else tail)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def https() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who does not trust it goes away
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


class TestUrl:
    @pytest.mark.parametrize("path", ["pod", "301/pod", "302/301/pod"])
    def test_it_is_read(self, https: str, path: str) -> None:
        assert read({"url": {"path": f"{https}/{path}?token=x", "verifyCert": False}}) == "kind: Pod"

    @pytest.mark.parametrize("more", [{}, {"verifyCert": True}])
    def test_certificates_are_checked_unless_told_otherwise(self, https: str, more: dict[str, Any]) -> None:
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            read({"url": {"path": f"{https}/pod", **more}})

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("404", NotFound),
            ("403", Denied),
            ("410", Permanent),
            ("204", Permanent),
            ("503", Unavailable),
            ("large", EvaluationError),
            ("301/" * 8 + "pod", Unavailable),
            ("301/http://169.254.169.254/latest", Denied),
        ],
    )
    def test_it_is_not(self, https: str, path: str, kind: type[ArgosyError]) -> None:
        with pytest.raises(kind) as caught:
            read({"url": {"path": f"{https}/{path}?token=4711", "verifyCert": False}})
        assert "4711" not in str(caught.value) or kind is Unavailable


class TestGit:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[GitServer]:
        repo = Repo(tmp_path / "repo")
        repo.commit({"pods/a.yaml": "first"}, {"link": "pods", "up.yaml": "../../etc/passwd", "loop": "loop"})
        repo.git("tag", "v1")
        repo.git("tag", "--annotate", "--message", "m", "v1a")
        repo.git("branch", "old")
        repo.commit({"pods/a.yaml": "second"})
        with serving(tmp_path, PASSWORD) as running:
            yield running

    def read(self, server: GitServer, path: str = "pods/a.yaml", **more: Any) -> str:
        creds = {"username": ref("git", "user"), "password": ref("git", "password")}
        return read(
            {"git": {"url": server.url("repo"), "creds": creds, "filePath": path, "cloneDirectory": "/x", **more}}
        )

    @pytest.mark.parametrize(
        ("more", "content"),
        [
            ({}, "second"),
            ({"branch": "main"}, "second"),
            ({"branch": "old"}, "first"),
            ({"tag": "v1"}, "first"),
            ({"tag": "v1a", "branch": "main"}, "first"),
            ({"ref": "refs/heads/old", "tag": "gone", "branch": "gone"}, "first"),
        ],
    )
    def test_which_commit(self, server: GitServer, more: dict[str, Any], content: str) -> None:
        assert self.read(server, **more) == content

    @pytest.mark.parametrize("path", ["/pods/a.yaml", "link/a.yaml", "pods/../link/a.yaml"])
    def test_which_file(self, server: GitServer, path: str) -> None:
        assert self.read(server, path) == "second"

    def test_a_remote_in_place_of_the_address(self, server: GitServer) -> None:
        remote = {"name": "up", "urls": [server.url("repo")]}
        assert self.read(server, url="https://git.invalid/repo", remote=remote) == "second"

    @pytest.mark.parametrize(
        ("path", "more", "kind"),
        [
            ("pods/b.yaml", {}, NotFound),
            ("pods", {}, NotFound),
            ("loop", {}, NotFound),
            ("../a.yaml", {}, Denied),
            ("up.yaml", {}, Denied),
            ("pods/a.yaml", {"branch": "gone"}, NotFound),
            ("pods/a.yaml", {"creds": None}, Denied),
            ("pods/a.yaml", {"creds": {"username": ref("git", "user"), "password": ref("git", "wrong")}}, Denied),
            ("pods/a.yaml", {"creds": {"password": ref("git", "gone")}}, NotFound),
            ("pods/a.yaml", {"url": "/etc"}, Denied),
            ("pods/a.yaml", {"url": "http://169.254.169.254/repo"}, Denied),
        ],
    )
    def test_what_is_refused(self, server: GitServer, path: str, more: dict[str, Any], kind: type[ArgosyError]) -> None:
        with pytest.raises(kind) as caught:
            self.read(server, path, **more)
        assert PASSWORD not in str(caught.value)

    @pytest.mark.parametrize(
        ("key", "more", "problem"),
        [
            ("client", {"insecureIgnoreHostKey": True}, None),
            ("client", {}, "known_hosts"),
            ("stranger", {"insecureIgnoreHostKey": True}, "not one of this host's"),
        ],
    )
    def test_by_ssh(self, tmp_path: Path, key: str, more: dict[str, Any], problem: str | None) -> None:
        repo = Repo(tmp_path / "repo")
        repo.commit({"a.yaml": "by ssh"})
        with Sftp.running() as sshd:
            keys = {"ssh": {"key": (sshd.folder / key).read_text()}}
            url = f"ssh://{sshd.secrets['username']}@127.0.0.1:{sshd.port}{repo.folder}"
            artifact = {"git": {"url": url, "filePath": "a.yaml", "sshKeySecret": ref("ssh", "key"), **more}}
            if problem is None:
                assert read(artifact, more=keys) == "by ssh"
            else:
                with pytest.raises(Denied, match=problem):
                    read(artifact, more=keys)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server() as url:
        client: Any = Session().create_client(
            "s3", "eu-central-1", endpoint_url=url, aws_access_key_id="AKIA", aws_secret_access_key="sesam"
        )
        client.create_bucket(Bucket="pods", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for key in ("a.yaml", "deep/with space+é.yaml"):
            client.put_object(Bucket="pods", Key=key, Body=key.encode())
        client.close()
        yield url.removeprefix("http://")


class TestS3:
    def artifact(self, where: str, **more: Any) -> dict[str, Any]:
        keys = {"accessKey": ref("s3", "key"), "secretKey": ref("s3", "secret")}
        place = {"endpoint": where, "insecure": True, "region": "eu-central-1"}
        return {"s3": {**keys, **place, "bucket": {"name": "pods", "key": "a.yaml"}, **more}}

    @pytest.mark.parametrize("key", ["a.yaml", "/a.yaml", "deep/with space+é.yaml"])
    def test_it_is_read(self, endpoint: str, key: str) -> None:
        assert read(self.artifact(endpoint, bucket={"name": "pods", "key": key})) == key.lstrip("/")

    @pytest.mark.parametrize(
        ("more", "kind"),
        [
            ({"bucket": {"name": "pods", "key": "gone"}}, NotFound),
            ({"bucket": {"name": "gone", "key": "a"}}, NotFound),
            ({"accessKey": ref("s3", "gone")}, NotFound),
            ({"endpoint": "169.254.169.254"}, Denied),
            ({"endpoint": "s3.invalid"}, Unavailable),
            ({"caCertificate": ref("s3", "key")}, InvalidObject),
        ],
    )
    def test_it_is_not(self, endpoint: str, more: dict[str, Any], kind: type[ArgosyError]) -> None:
        with pytest.raises(kind) as caught:
            read(self.artifact(endpoint, **more))
        assert "sesam" not in str(caught.value)

    def test_the_region_that_the_bucket_tells(self) -> None:
        """As S3 answers who has signed for another region."""
        signed = list[str]()

        def answer(asked: Asked) -> tuple[int, bytes]:
            signed.append(asked.headers["Authorization"].split("/")[2])
            return (200, b"there") if signed[-1] == "eu-west-3" else (400, b"")

        with plain_server(answer, {"x-amz-bucket-region": "eu-west-3"}) as url:
            assert read(self.artifact(url.removeprefix("http://").strip("/"), region="")) == "there"
        assert signed == ["us-east-1", "eu-west-3"]


def test_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, https: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.invalid:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert os.environ["HTTPS_PROXY"]
    assert read({"url": {"path": f"{https}/pod", "verifyCert": False}}) == "kind: Pod"
