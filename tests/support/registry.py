"""A real OCI registry (Debian's docker-registry) for tests: open, with a password, or with tokens of another host."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from support.brokers.base import PASSWORD, TLS, USER, installed, until_open
from support.processes import environment
from support.up import free_port

__all__ = ["PASSWORD", "USER", "Registry"]

_HASHED: Final = "argosy:$2y$05$QQt2Z.gMUe8DpsEHcEAEJOML2r9L7AEinu78DOq/KAyBMz2LOABFW"
"""PASSWORD as `htpasswd -B` writes it."""
_SERVICE, _ISSUER = "registry", "tests"


class Registry:
    """`address` is its host and port, `signing` how it is signed in at.

    `secure`: it speaks TLS, with a certificate that nobody else trusts.
    """

    def __init__(self, signing: Literal["none", "password", "token"] = "none", *, secure: bool = False) -> None:
        self.signing = signing
        self.folder = Path(tempfile.mkdtemp(prefix="argosy-registry-"))
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.tokens = _Tokens() if signing == "token" else None
        http: dict[str, Any] = {"addr": self.address}
        if secure:
            http["tls"] = {"certificate": str(TLS / "cert.pem"), "key": str(TLS / "key.pem")}
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "blobs")}},
            "http": http,
        }
        if signing == "password":
            (self.folder / "users").write_text(f"{_HASHED}\n")
            config["auth"] = {"htpasswd": {"realm": "basic-realm", "path": str(self.folder / "users")}}
        if self.tokens is not None:
            token = {"realm": self.tokens.url, "service": _SERVICE, "issuer": _ISSUER}
            config["auth"] = {"token": {**token, "rootcertbundle": str(TLS / "cert.pem")}}
        file, log = self.folder / "config.yml", self.folder / "log"
        file.write_text(yaml.safe_dump(config))
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [installed("docker-registry", "docker-registry"), "serve", str(file)],
                stdout=output,
                stderr=output,
                env=environment(),
            )
        until_open(self.port, self._process, log)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.tokens is not None:
            self.tokens.close()


class _Tokens:
    """Gives tokens to whoever has the password, for what is asked; `asked` are the scopes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, scopes: list[str]) -> str:
        access = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        claims = {"iss": _ISSUER, "aud": _SERVICE, "sub": USER, "iat": now, "nbf": now - 10, "exp": now + 300}
        certificate = x509.load_pem_x509_certificate((TLS / "cert.pem").read_bytes())
        der = certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        signed = f"{_packed(header)}.{_packed({**claims, 'jti': 'x', 'access': access})}"
        key = serialization.load_pem_private_key((TLS / "key.pem").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_based(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _packed(body: dict[str, Any]) -> str:
    return _based(json.dumps(body).encode())


def _based(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _handler(tokens: _Tokens) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization") or ""
            expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
            tokens.asked += scopes
            status = 200 if given == f"Basic {expected}" else 401
            body = json.dumps({"token": tokens.token(scopes)} if status == 200 else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            """Clients try OAuth first."""
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
