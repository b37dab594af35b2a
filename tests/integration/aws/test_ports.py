"""The port contract suites on LocalStack: DynamoDB Local, and LocalStack's own SQS, S3, Secrets Manager and SSM."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue
from argosy.adapters.aws.secrets import AwsSecrets
from argosy.adapters.aws.store import DynamoStore
from argosy.ports.blobs import Blobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.queue import Queue
from argosy.ports.secrets import Secrets
from argosy.ports.store import Store
from contracts.blobs import Aged
from contracts.queue import SPECS, texts
from contracts.secrets import Make, SecretsContract, Values
from contracts.store import StoreContract
from support.aws import EmulatedSqsContract, S3Contract, make_bucket, make_queues, make_table
from support.localstack import LocalStack

_names = itertools.count()
_MILLISECOND = 0.001  # what SQS tells of a time is no finer


@pytest.fixture(scope="module")
def clients(environment: None, localstack: LocalStack) -> Clients:
    del environment
    return Clients(localstack.environment)


@pytest.fixture
def unique() -> str:
    return f"ports-{next(_names)}"


class TestStore(StoreContract):
    """On DynamoDB Local."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock(datetime.now(UTC))

    @pytest.fixture
    def store(self, clients: Clients, clock: FakeClock, unique: str) -> Iterator[Store]:
        bucket = make_bucket(clients.s3, unique, "us-east-1")
        yield DynamoStore(make_table(clients.dynamodb, unique), clients, clock, S3Blobs(bucket, clients))
        clients.dynamodb.delete_table(TableName=unique)


class Ahead(FakeClock):
    """The machine's time when it was made, and SQS's with it when it is put forward."""

    def __init__(self, localstack: LocalStack) -> None:
        super().__init__(datetime.now(UTC))
        self._file = localstack.sqs_ahead

    def advance(self, seconds: float) -> None:
        """See `FakeClock.advance`."""
        super().advance(seconds)
        before = float(self._file.read_text()) if self._file.exists() else 0.0
        staged = self._file.with_suffix(".new")
        staged.write_text(str(before + seconds))
        staged.replace(self._file)


class TestQueue(EmulatedSqsContract):
    """On LocalStack's SQS, whose time goes on."""

    def test_what_was_sent_arrives_oldest_first(self, queue: Queue, clock: FakeClock) -> None:
        """Without the time of sending, which nobody can know to the millisecond."""
        ids = queue.send("plain", texts("one", "two", "three"))
        got = queue.receive("plain", 10)
        assert [(delivery.id, delivery.body, delivery.receive_count) for delivery in got] == [
            (ids[0], "one", 1),
            (ids[1], "two", 1),
            (ids[2], "three", 1),
        ]
        assert all(delivery.sent_at >= clock.now().timestamp() - _MILLISECOND for delivery in got)

    @pytest.fixture
    def clock(self, localstack: LocalStack) -> FakeClock:
        return Ahead(localstack)

    @pytest.fixture
    def queue(self, clients: Clients, unique: str) -> Iterator[Queue]:
        urls = make_queues(clients.sqs, SPECS, f"{unique}-")
        yield SqsQueue(SPECS, urls, clients, wait=0)
        for url in urls.values():
            clients.sqs.delete_queue(QueueUrl=url)


class TestBlobs(S3Contract):
    """On LocalStack's S3."""

    @pytest.fixture
    def blobs(self, clients: Clients, unique: str) -> Blobs:
        return S3Blobs(make_bucket(clients.s3, unique, "us-east-1"), clients)

    @pytest.fixture
    def aged(self) -> Aged:
        return lambda seconds: datetime.now(UTC) + timedelta(seconds=seconds)


class TestSecretsManager(SecretsContract):
    """On LocalStack's Secrets Manager; config values are always parameters."""

    @pytest.fixture
    def make(self, clients: Clients, unique: str) -> Make:
        def made(secrets: Values, configs: Values) -> Secrets:
            for namespace, named in secrets.items():
                for secret, keys in named.items():
                    clients.secretsmanager.create_secret(
                        Name=f"{unique}/{namespace}/{secret}", SecretString=json.dumps(keys)
                    )
            _parameters(clients, f"{unique}/configs", configs)
            return AwsSecrets(unique, clients)

        return made


class TestParameters(SecretsContract):
    """On LocalStack's parameters."""

    @pytest.fixture
    def make(self, clients: Clients, unique: str) -> Make:
        def made(secrets: Values, configs: Values) -> Secrets:
            _parameters(clients, unique, secrets)
            _parameters(clients, f"{unique}/configs", configs)
            return AwsSecrets(unique, clients)

        return made


def _parameters(clients: Clients, prefix: str, values: Values) -> None:
    for namespace, named in values.items():
        for name, keys in named.items():
            for key, value in keys.items():
                clients.ssm.put_parameter(
                    Name=f"/{prefix}/{namespace}/{name}/{key}",
                    Value=value or "\n",  # a parameter cannot be empty
                    Type="SecureString",
                )
