"""Ways into the clusters of Argo CD's Secrets, against a server that says how it was come to."""

from __future__ import annotations

import gc
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from argosy.adapters.kube.registered import by_access
from argosy.errors import InvalidObject, Unavailable
from argosy.gitops.clusters import Access
from support.tlsserving import CERTIFICATE, KEY, speak_tls


@contextmanager
def server(*, mutual: bool = False, pair: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the authorizations that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """Tells its version."""

        def do_GET(self) -> None:
            came.append(self.headers.get("Authorization", ""))
            body = json.dumps({"gitVersion": "v1.34.0"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    speak_tls(serving, mutual=mutual, pair=pair)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{serving.server_port}", came
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("access", "authorization"),
    [
        (Access(token="t", ca=CERTIFICATE), "Bearer t"),
        (Access(username="u", password="p", ca=CERTIFICATE), "Basic dTpw"),
        (Access(token="t", insecure=True), "Bearer t"),
        (Access(token="t", ca=CERTIFICATE, server_name="localhost"), "Bearer t"),
    ],
)
def test_who_comes_in(access: Access, authorization: str) -> None:
    with server() as (url, came):
        cluster = by_access("prod", url, access)
        try:
            assert (cluster.version(), came) == ("v1.34.0", [authorization] * 2)
            door = cluster.connection.door()
            assert (door.authorization(), door.server_name) == (authorization, access.server_name)
        finally:
            cluster.close()


def test_by_a_certificate() -> None:
    with server(mutual=True) as (url, came):
        by_access("prod", url, Access(certificate=CERTIFICATE, key=KEY, ca=CERTIFICATE)).close()
        assert came == [""]


def test_an_authority_without_key_identifiers_is_as_good_as_to_go(tmp_path: Path) -> None:
    bare = bare_pair()
    (tmp_path / "pair.pem").write_text("".join(bare))
    with server(pair=tmp_path / "pair.pem") as (url, came):
        by_access("prod", url, Access(token="t", ca=bare[0])).close()
        assert came == ["Bearer t"]


def bare_pair() -> tuple[str, str]:
    """A certificate of its own authority for 127.0.0.1, with no more in it than that, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bare")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
    text = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return text.decode(), secret.decode()


def test_who_is_not_let_in_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with server() as (url, _), pytest.raises(Unavailable):
        by_access("prod", url, Access(certificate=CERTIFICATE, key=KEY))
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".pem"] == []


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "forgotten"])
def test_the_files_of_a_key_go_with_who_signs_in_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with server(mutual=True) as (url, _):
        cluster = by_access("prod", url, Access(certificate=CERTIFICATE, key=KEY, ca=CERTIFICATE))
    if closed:
        cluster.close()
    else:
        del cluster
        gc.collect()
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".pem"] == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://x", "begins with https"),
        ("https://x", "awsAuthConfig is for"),
        ("https://127.0.0.1:1/a.eu-west-1.eks.amazonaws.com/", "awsAuthConfig is for"),
        ("https://a.eu-west-1.eks.amazonaws.com@127.0.0.1:1", "awsAuthConfig is for"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, said: str) -> None:
    with pytest.raises(InvalidObject, match=said):
        by_access("prod", url, Access(aws_cluster="main"))
