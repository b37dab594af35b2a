"""Git repositories for tests, and a real Git server over HTTP (`git http-backend`) that serves them.

In: files as texts; out: commits made by git itself, and addresses. The server may ask for a password, and counts requests.
"""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.plainserver import Asked
from support.tlsserving import speak_tls

__all__ = ["GitServer", "Repo", "serving"]

_IDENTITY = {
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "t"), ("EMAIL", "t@t"))
    },
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


class Repo:
    """A repository in `folder`, on the branch main."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", ".")

    @classmethod
    def of(cls, folder: Path) -> Repo:
        """The one that is in the folder already."""
        one = cls.__new__(cls)
        one.folder = folder
        return one

    def git(self, *arguments: str, given: bytes | None = None) -> str:
        """What git prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **_IDENTITY},
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> str:
        """Write files and symbolic links, commit everything; the commit's hash."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        for name, target in (links or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def submodules(self, modules: Mapping[str, tuple[str, str]], more: str = "") -> str:
        """Commit submodules: an address and a commit by each one's path; `more` stands in `.gitmodules` besides."""
        for path, (_, commit) in modules.items():
            self.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        told = (f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n' for path, (url, _) in modules.items() if url)
        (self.folder / ".gitmodules").write_text("".join(told) + more)
        self.git("add", ".gitmodules")
        self.git("commit", "--quiet", "--message", "submodules")
        return self.git("rev-parse", "HEAD")


class GitServer:
    """Serves the repositories below `root`; `requests` are their paths.

    `password` makes it ask for one, of `user`; of nobody, as a bearer token.

    `api` answers what is asked below /api/, as a Git host's does, `lfs` what is asked below a repository's /info/lfs/; with
    302 and an address it is asked for there.
    """

    def __init__(self, root: Path, password: str = "", *, secure: bool = False) -> None:
        self.root, self.password, self._secure = root, password, secure
        self.user = "git"
        self.api: Callable[[Asked], tuple[int, bytes]] = lambda _: (404, b"{}")
        self.lfs: Callable[[Asked], tuple[int, bytes]] = lambda _: (404, b"")
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        if secure:
            speak_tls(self._server)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, name: str, host: str = "127.0.0.1") -> str:
        """The address of the repository in the folder `name`."""
        return f"{'https' if self._secure else 'http'}://{host}:{self.port}/{name}/.git"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(root: Path, password: str = "", *, secure: bool = False) -> Iterator[GitServer]:
    """A server for the length of a `with`; `secure`: it speaks TLS."""
    server = GitServer(root, password, secure=secure)
    try:
        yield server
    finally:
        server.close()


def _handler(server: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        do_PATCH = do_PUT = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _answer(self, body: bytes) -> None:
            asked = Asked(self.command, self.path, dict(self.headers), body)
            if self.path.startswith("/api/"):
                _say(self, *server.api(asked))
                return
            server.requests.append(self.path)
            basic = base64.b64encode(f"{server.user}:{server.password}".encode()).decode()
            expected = f"Basic {basic}" if server.user else f"Bearer {server.password}"
            if server.password and self.headers.get("Authorization") != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if "/info/lfs/" in self.path:
                _say(self, *server.lfs(asked))
                return
            path, _, query = self.path.partition("?")
            done = subprocess.run(
                ["git", "http-backend"],
                env={
                    "PATH": os.environ["PATH"],
                    "GIT_PROJECT_ROOT": str(server.root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_CONFIG_GLOBAL": os.devnull,
                    "GIT_CONFIG_COUNT": "2",
                    "GIT_CONFIG_KEY_0": "safe.directory",
                    "GIT_CONFIG_VALUE_0": "*",
                    "GIT_CONFIG_KEY_1": "uploadpack.allowAnySHA1InWant",
                    "GIT_CONFIG_VALUE_1": "true",
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers.get("Content-Type") or "",
                    "CONTENT_LENGTH": str(len(body)),
                    "REMOTE_ADDR": "127.0.0.1",
                },
                input=body,
                capture_output=True,
                check=False,
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _say(handler: BaseHTTPRequestHandler, status: int, text: bytes) -> None:
    handler.send_response(status)
    if status == 302:
        handler.send_header("Location", text.decode())
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)
