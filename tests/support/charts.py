"""Charts made by the real Helm, and a Helm repository over HTTP: a plain file server that may ask for a password."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Literal

from argosy.local.rendertools import find
from support.tlsserving import speak_tls

__all__ = ["USER", "ChartServer", "Helm", "chart_files", "serving_charts"]

USER: Final = "bot"
_TEMPLATE: Final = """apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-{{ .Chart.Name }}"}
data: {v: {{ .Values.v | quote }}, version: {{ .Chart.Version | quote }}}
"""


def chart_files(name: str, version: str, more: str = "", *, value: str = "1") -> dict[str, str]:
    """The files of a chart with one ConfigMap; `more` is added to its Chart.yaml."""
    return {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}",
        "values.yaml": f"v: '{value}'\n",
        "templates/cm.yaml": _TEMPLATE,
    }


class Helm:
    """The real Helm, with a home of its own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = folder / "home"
        self._home.mkdir(parents=True)

    def run(self, *arguments: str, cwd: Path | None = None, fails: bool = False) -> str:
        """What it prints."""
        done = subprocess.run(
            [str(find("helm")), *arguments],
            cwd=cwd or self.folder,
            env={"HOME": str(self._home), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert fails or done.returncode == 0, f"helm {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout if not fails else done.stderr

    def write(self, name: str, files: Mapping[str, str]) -> Path:
        """Files in a folder of that name."""
        for path, text in files.items():
            place = self.folder / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return self.folder / name

    def package(self, files: Mapping[str, str], into: Path, name: str = "made") -> Path:
        """A chart's package in a folder."""
        before = set(into.glob("*.tgz")) if into.exists() else set()
        self.run("package", str(self.write(name, files)), "--destination", str(into))
        (made,) = set(into.glob("*.tgz")) - before
        return made

    def index(self, folder: Path, *more: str) -> None:
        """Make the index of a folder of packages."""
        self.run("repo", "index", str(folder), *more)


class ChartServer:
    """Serves the files below `root`; `asked` are (path, header Authorization, status).

    `redirects` lead elsewhere, `answers` stand in for files, `scripted` are whole answers: status, headers, body.
    """

    def __init__(self, root: Path, password: str = "", *, tls: Literal["", "server", "mutual"] = "") -> None:
        self.root, self.password, self._tls = root, password, tls
        self.asked: list[tuple[str, str, int]] = []
        self.redirects: dict[str, str] = {}
        self.answers: dict[str, bytes] = {}
        self.scripted: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.etags = True
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        if tls:
            speak_tls(self._server, mutual=tls == "mutual")
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path: str = "", host: str = "127.0.0.1") -> str:
        """An address of it."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/{path}".rstrip("/")

    def paths(self) -> list[str]:
        """What was asked for."""
        return [path for path, _, _ in self.asked]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving_charts(
    root: Path, password: str = "", *, tls: Literal["", "server", "mutual"] = ""
) -> Iterator[ChartServer]:
    """A server for the length of a `with`; `tls`: it speaks that, "mutual" with who shows a certificate alone."""
    root.mkdir(parents=True, exist_ok=True)
    server = ChartServer(root, password, tls=tls)
    try:
        yield server
    finally:
        server.close()


def _handler(server: ChartServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = self._answer()
            server.asked.append((self.path, self.headers.get("Authorization") or "", status))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _answer(self) -> tuple[int, dict[str, str], bytes]:
            path = self.path.partition("?")[0]
            expected = base64.b64encode(f"{USER}:{server.password}".encode()).decode()
            if server.password and self.headers.get("Authorization") != f"Basic {expected}":
                return 401, {"WWW-Authenticate": 'Basic realm="charts"'}, b""
            if path in server.scripted:
                return server.scripted[path]
            if path in server.redirects:
                return 302, {"Location": server.redirects[path]}, b""
            file = server.root / path.lstrip("/")
            body = server.answers.get(path) or (file.read_bytes() if file.is_file() else None)
            if body is None:
                return 404, {}, b"no"
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if server.etags and self.headers.get("If-None-Match") == etag:
                return 304, {"ETag": etag}, b""
            return 200, {"ETag": etag} if server.etags else {}, body

    return Handler
