"""A trigger source of type `s3`: an object of S3, or of what speaks as S3 does.

The request is signed with the manifest's own keys and never with those of the installation. Argo's client asks a bucket for
its region when none is given; here the first answer tells it.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from argosy.adapters.artifacts.web import Answer, get
from argosy.errors import InvalidObject
from argosy.ports.brokers import SecretOf
from argosy.resources.artifacts import S3Artifact

if TYPE_CHECKING:
    from argosy.adapters.artifacts import SourceArtifacts

__all__ = ["S3Reader"]

_AMAZON: Final = ("s3.amazonaws.com", "s3.amazonaws.com:443")


class S3Reader:
    """Reads objects."""

    def __init__(self, artifacts: SourceArtifacts) -> None:
        del artifacts

    def read(self, artifact: S3Artifact, namespace: str, secret: SecretOf) -> bytes:
        """The object's content. Raises as `Artifacts.read`."""
        del namespace
        region = artifact.region or "us-east-1"
        answer = self._asked(artifact, region, secret)
        told = answer.headers.get("x-amz-bucket-region", region)
        if answer.status in (301, 307, 400) and told != region:
            answer = self._asked(artifact, told, secret)
        return answer.checked(f"s3://{artifact.bucket.name}/{artifact.bucket.key} at {artifact.endpoint}")

    def _asked(self, artifact: S3Artifact, region: str, secret: SecretOf) -> Answer:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        host = f"s3.{region}.amazonaws.com" if artifact.endpoint in _AMAZON else artifact.endpoint
        place = f"{quote(artifact.bucket.name)}/{quote(artifact.bucket.key.lstrip('/'), safe='/~')}"
        request = AWSRequest("GET", f"{'http' if artifact.insecure else 'https'}://{host}/{place}")
        who = Credentials(secret(artifact.access_key), secret(artifact.secret_key))
        S3SigV4Auth(who, "s3", region).add_auth(request)
        signed = request.prepare()
        # A redirect would carry the signature to another host.
        return get(signed.url, _context(artifact, secret), dict(signed.headers), redirect=False)


def _context(artifact: S3Artifact, secret: SecretOf) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=secret(artifact.ca_certificate) or None)
    except (ssl.SSLError, ValueError) as x:
        raise InvalidObject("the certificate cannot be used", field="s3.caCertificate") from x
