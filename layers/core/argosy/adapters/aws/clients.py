"""AWS clients of one process, each made when first asked for.

Plain botocore, not boto3: import, session and the clients of SQS, DynamoDB and S3 take 205 ms in place of 239 (medians of
seven runs on this project's pins, 2 cores, warm bytecode: import 126 against 142, first client 48, second 10, S3 22 against
32). Of boto3 nothing else is used, and the functions' layer holds botocore anyway, but not boto3. The types are those of
boto3-stubs: a boto3 client is the same object.

Credentials, region and endpoint come from the environment as AWS's own tools read them, AWS_ENDPOINT_URL included.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from argosy.adapters.aws.errors import telling

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

__all__ = ["Clients"]

# A webhook must be answered within 10 s: three attempts that find nobody take 6, and one slow read may follow them.
_CONNECT_SECONDS: Final = 2
_READ_SECONDS: Final = 5
_ATTEMPTS: Final = 3
_CONNECTIONS: Final = 16
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")


class _Given:
    """What a session asks for its credentials."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Credentials:
        return self._credentials


class Clients:
    """One client for each service, shared by all threads.

    `attempts`: how often one call is tried in all, with AWS's own backoff and jitter, when it is throttled, answered with a
    server's error or not at all. `patience`: seconds that a server may take to answer, more than a long poll does. Making
    a client raises InvalidObject without a region, Denied without credentials.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        attempts: int = _ATTEMPTS,
        patience: int = _READ_SECONDS,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._attempts, self._patience = attempts, patience
        self._made: dict[str, Any] = {}
        self._session: Session | None = None
        self._mutex = threading.Lock()

    @property
    def dynamodb(self) -> DynamoDBClient:
        """Tables."""
        return cast("DynamoDBClient", self._client("dynamodb"))

    @property
    def sqs(self) -> SQSClient:
        """Queues."""
        return cast("SQSClient", self._client("sqs"))

    @property
    def s3(self) -> S3Client:
        """Buckets."""
        return cast("S3Client", self._client("s3"))

    @property
    def lambda_(self) -> LambdaClient:
        """Functions and their event source mappings."""
        return cast("LambdaClient", self._client("lambda"))

    @property
    def sns(self) -> SNSClient:
        """Topics."""
        return cast("SNSClient", self._client("sns"))

    @property
    def events(self) -> EventBridgeClient:
        """EventBridge buses and rules."""
        return cast("EventBridgeClient", self._client("events"))

    @property
    def secretsmanager(self) -> SecretsManagerClient:
        """Secrets Manager."""
        return cast("SecretsManagerClient", self._client("secretsmanager"))

    @property
    def ssm(self) -> SSMClient:
        """Systems Manager, for its parameters."""
        return cast("SSMClient", self._client("ssm"))

    def regional(self, service: str, region: str, *, patience: int = _READ_SECONDS, attempts: int | None = None) -> Any:
        """A client of `service` in another region ("" = our own) that waits `patience` seconds for an answer."""
        return self._client(service, region, patience, attempts)

    def signed(self, url: str, service: str, region: str, *, headers: Mapping[str, str], seconds: int) -> str:
        """`url` as a GET that whoever holds it may send with these headers within `seconds`; nothing is called for it.

        Raises Denied without credentials.
        """
        from botocore.auth import SigV4QueryAuth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError

        request = AWSRequest("GET", url, headers=dict(headers))
        with telling(f"signing for {service}"):
            with self._mutex:
                credentials = self._opened().get_credentials()
            if credentials is None:
                raise NoCredentialsError
            SigV4QueryAuth(credentials.get_frozen_credentials(), service, region, expires=seconds).add_auth(request)
        return str(request.url)

    def signed_headers(
        self, method: str, url: str, headers: Mapping[str, str], body: str, service: str, region: str
    ) -> dict[str, str]:
        """`headers` with a signature of the request. Raises Denied without credentials."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import NoCredentialsError

        request = AWSRequest(method, url, headers=dict(headers), data=body)
        with telling(f"signing for {service}"):
            with self._mutex:
                credentials = self._opened().get_credentials()
            if credentials is None:
                raise NoCredentialsError
            where = region or self._environ.get("AWS_REGION", "")
            SigV4Auth(credentials.get_frozen_credentials(), service, where).add_auth(request)
        return dict(request.headers.items())

    def assuming(self, role: str, external_id: str = "", region: str = "") -> Clients:
        """Clients that act as the role of that ARN; it is assumed at their first call, and again before that ends."""
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.session import Session

        with self._mutex, telling(f"role {role}"):
            session = self._opened()
            source = session.get_credentials()
        region, config = region or self._environ.get("AWS_REGION", ""), self._config("sts")
        fetcher = AssumeRoleCredentialFetcher(
            lambda service, **keys: session.create_client(service, region_name=region, config=config, **keys),
            source,
            role,
            {"RoleSessionName": "argosy"} | ({"ExternalId": external_id} if external_id else {}),
        )
        made = Clients(self._environ, attempts=self._attempts)
        made._session = Session()
        found = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        made._session.register_component("credential_provider", _Given(found))
        return made

    def _client(self, service: str, region: str = "", patience: int | None = None, attempts: int | None = None) -> Any:
        patience = patience or self._patience
        key = f"{service}/{region}/{patience}/{attempts}"
        made = self._made.get(key)
        if made is None:
            with self._mutex, telling(f"client of {service}"):
                made = self._made.get(key) or self._make(service, region, patience, attempts or self._attempts)
                self._made[key] = made
        return made

    def _make(self, service: str, region: str, patience: int, attempts: int) -> Any:
        # botocore alone reads only AWS_DEFAULT_REGION; Lambda promises AWS_REGION.
        region = region or self._environ.get("AWS_REGION", "")
        config = self._config(service, patience, attempts)
        return self._opened().create_client(service, region_name=region or None, config=config)

    def _opened(self) -> Session:
        from botocore.session import Session

        self._session = self._session or Session()
        return self._session

    def _config(self, service: str, patience: int = _READ_SECONDS, attempts: int = _ATTEMPTS) -> Config:
        from botocore.config import Config

        return Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=patience,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=_CONNECTIONS,
            tcp_keepalive=True,
            # Left alone, botocore signs addresses of S3 in its oldest regions in the manner of 2006.
            signature_version="s3v4" if service == "s3" else None,
            # An endpoint of one's own seldom answers to a host name for each bucket.
            s3={"addressing_style": "path" if any(self._environ.get(name) for name in _ENDPOINTS) else "auto"},
        )
