"""Blobs port on one S3 bucket."""

from __future__ import annotations

from datetime import datetime

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.errors import Denied
from argosy.ports.blobkeys import check_key

__all__ = ["S3Blobs"]


class S3Blobs:
    """Blobs as objects of `bucket`. S3 writes an object whole or not at all, and readers see it at once."""

    def __init__(self, bucket: str, clients: Clients) -> None:
        self._bucket, self._clients = bucket, clients

    def put(self, key: str, data: bytes) -> None:
        """See `Blobs.put`."""
        check_key(key)
        with telling(self._name(key)):
            self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        """See `Blobs.get`. To a role that may not list the bucket S3 says "denied" of what is not there: raises Denied."""
        check_key(key)
        try:
            with telling(self._name(key)):
                return self._clients.s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except Denied as x:
            raise Denied(f"{x}; without s3:ListBucket, S3 says so of a blob that is not there, too") from x

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        check_key(key)
        with telling(self._name(key)):
            self._clients.s3.delete_object(Bucket=self._bucket, Key=key)

    def share(self, key: str, seconds: int) -> str:
        """See `Blobs.share`: a presigned URL. With a role's credentials it ends with them, should that be sooner."""
        check_key(key)
        with telling(self._name(key)):
            place = {"Bucket": self._bucket, "Key": key}
            return self._clients.s3.generate_presigned_url("get_object", Params=place, ExpiresIn=seconds)

    def sweep(self, before: datetime) -> int:
        """Nothing, so 0: the lifecycle rules of the bucket remove what is old, each below its prefix."""
        return 0

    def _name(self, key: str) -> str:
        return f"blob {key} of bucket {self._bucket}"
