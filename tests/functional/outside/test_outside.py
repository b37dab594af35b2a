"""The Outside port over HTTP: certificates, visits, and the way of callers that may not wait."""

from __future__ import annotations

import datetime
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

from argosy.adapters.http.outside import HttpOutside, Later, fetch
from argosy.errors import ArgosyError, Denied, Permanent, Unavailable
from support.plainserver import plain_server

URL = "https://sns.eu-central-1.amazonaws.com/x.pem"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
AT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(AT).not_valid_after(AT + datetime.timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("digest", "algorithm"), [("sha1", hashes.SHA1()), ("sha256", hashes.SHA256())])  # noqa: S303
def test_what_the_certificate_vouches_for(digest: str, algorithm: hashes.HashAlgorithm) -> None:
    asked: list[str] = []

    def get(url: str) -> bytes:
        asked.append(url)
        return certificate(KEY)

    outside, signature = HttpOutside(get), KEY.sign(b"text", PKCS1v15(), algorithm)
    assert outside.vouches(URL, b"text", signature, digest)
    assert not outside.vouches(URL, b"texT", signature, digest)
    assert not outside.vouches(URL, b"text", signature[:-1], digest)
    assert not outside.vouches(URL, b"text", signature, {"sha1": "sha256", "sha256": "sha1"}[digest])
    assert asked == [URL], "a certificate is fetched once"


@pytest.mark.parametrize("body", [b"", b"not a certificate", certificate(ec.generate_private_key(ec.SECP256R1()))])
def test_what_is_no_certificate_of_that_kind_vouches_for_nothing(body: bytes) -> None:
    assert not HttpOutside(lambda _: body).vouches(URL, b"text", b"sig", "sha256")


def test_those_who_may_not_wait_are_told_later() -> None:
    done = threading.Event()

    def get(url: str) -> bytes:
        assert url == URL
        done.set()
        return b"body"

    later = Later(get)
    with pytest.raises(Unavailable, match="being fetched"):
        later(URL)
    assert done.wait(10)
    assert settled(later) == b"body"
    assert later(URL) == b"body"


@pytest.mark.parametrize(("problem", "asked"), [(Permanent("no"), 1), (Denied("no"), 1), (Unavailable("no"), 2)])
def test_what_failed_for_a_moment_is_asked_again(problem: ArgosyError, asked: int) -> None:
    seen: list[str] = []

    def get(url: str) -> bytes:
        seen.append(url)
        raise problem

    later = Later(get)
    for _ in range(2):
        with pytest.raises(type(problem), match="no"):
            settled(later)
    assert len(seen) == asked


def settled(later: Later) -> bytes:
    """What is known once it is no longer being fetched."""
    while True:
        try:
            return later(URL)
        except Unavailable as x:
            if "being fetched" not in str(x):
                raise
            for thread in threading.enumerate():
                if thread.name == "outside":
                    thread.join(10)


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"body", None),
        (302, b"", Permanent),
        (404, b"", Permanent),
        (200, b"x" * 65_537, Permanent),
        (503, b"", Unavailable),
    ],
)
def test_fetching(status: int, body: bytes, problem: type[ArgosyError] | None) -> None:
    with plain_server(lambda _: (status, body)) as url:
        if problem is None:
            assert fetch(url) == body
            assert HttpOutside().visit(url)
            return
        with pytest.raises(problem) as x:
            fetch(url + "?Token=s3cret")
        assert "s3cret" not in str(x.value)


def test_fetching_what_may_not_be_reached() -> None:
    with pytest.raises(Denied, match="may not be reached"):
        fetch("https://169.254.169.254/latest?Token=s3cret")
