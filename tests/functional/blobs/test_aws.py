"""Blobs on S3, and what is S3's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.errors import Denied, NotFound, Unavailable
from argosy.ports.blobs import Blobs
from contracts.blobs import Aged
from support.aws import S3Contract, Wire, make_bucket, mocked

BUCKET = "argosy-blobs"


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mocked() as clients:
        make_bucket(clients.s3, BUCKET)
        yield clients


@pytest.fixture
def blobs(clients: Clients) -> Blobs:
    return S3Blobs(BUCKET, clients)


class TestMoto(S3Contract):
    """On moto."""

    @pytest.fixture
    def aged(self) -> Aged:
        return lambda seconds: datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "error"), [(403, Denied), (503, Unavailable), (500, Unavailable), (429, Unavailable), (404, NotFound)]
)
def test_refusals_name_call_blob_and_reason(
    clients: Clients, blobs: Blobs, status: int, error: type[Exception]
) -> None:
    wire = Wire(clients.s3)
    for operation, call in (
        ("GetObject", lambda: blobs.get("a/b")),
        ("PutObject", lambda: blobs.put("a/b", b"x")),
        ("DeleteObject", lambda: blobs.delete("a/b")),
    ):
        wire.answer_xml(operation, status, times=3)
        with pytest.raises(error, match=f"blob a/b of bucket argosy-blobs: {operation}"):
            call()


def test_what_passes_is_tried_again(clients: Clients, blobs: Blobs) -> None:
    wire = Wire(clients.s3)
    wire.answer_xml("PutObject", 503, times=2)
    blobs.put("a", b"x" * 1000)
    assert wire.calls["PutObject"] == 3
    assert blobs.get("a") == b"x" * 1000


def test_a_bucket_that_is_not_there(clients: Clients) -> None:
    with pytest.raises(NotFound, match="NoSuchBucket"):
        S3Blobs("no-bucket-of-ours", clients).get("a")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_an_address_is_signed_as_of_today_and_ends(clients: Clients, region: str) -> None:
    """In S3's oldest regions botocore would sign as it did in 2006, which buckets with KMS keys refuse."""
    address = S3Blobs(BUCKET, Clients({"AWS_REGION": region})).share("answers/a", 300)
    query = parse_qs(urlsplit(address).query)
    assert (query["X-Amz-Algorithm"], query["X-Amz-Expires"]) == (["AWS4-HMAC-SHA256"], ["300"])
    assert f"/{region}/s3/aws4_request" in query["X-Amz-Credential"][0]
    assert "answers/a" in urlsplit(address).path
