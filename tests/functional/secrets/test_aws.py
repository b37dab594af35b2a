"""Secrets in Secrets Manager and in parameters, and what is AWS's own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from mypy_boto3_ssm.literals import ParameterTypeType

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.secrets import AwsSecrets
from argosy.errors import Denied, NotFound, Unavailable
from argosy.ports.secrets import Secrets
from contracts.secrets import Make, SecretsContract, Values
from support.aws import Wire, mocked

PREFIX = "argosy/prod"


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mocked() as clients:
        yield clients


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def secrets(clients: Clients, seconds: Seconds) -> AwsSecrets:
    return AwsSecrets(PREFIX, clients, seconds)


def parameter(clients: Clients, path: str, value: str, *, secure: bool = True) -> None:
    kind: ParameterTypeType = "SecureString" if secure else "String"
    clients.ssm.put_parameter(Name=f"/{PREFIX}/{path}", Value=value, Type=kind)


def document(clients: Clients, name: str, text: str) -> None:
    clients.secretsmanager.create_secret(Name=f"{PREFIX}/{name}", SecretString=text)


def every(values: Values) -> Iterator[tuple[str, str, str, str]]:
    for namespace, names in values.items():
        for name, keys in names.items():
            for key, value in keys.items():
                yield namespace, name, key, value


class TestSecretsManager(SecretsContract):
    """On moto's Secrets Manager; config values are always parameters."""

    @pytest.fixture
    def make(self, clients: Clients) -> Make:
        def made(secrets: Values, configs: Values) -> Secrets:
            for namespace, names in secrets.items():
                for name, keys in names.items():
                    document(clients, f"{namespace}/{name}", json.dumps(keys))
            for namespace, name, key, value in every(configs):
                parameter(clients, f"configs/{namespace}/{name}/{key}", value, secure=False)
            return AwsSecrets(PREFIX, clients)

        return made


class TestParameters(SecretsContract):
    """On moto's parameters."""

    @pytest.fixture
    def make(self, clients: Clients) -> Make:
        def made(secrets: Values, configs: Values) -> Secrets:
            for namespace, name, key, value in every(secrets):
                parameter(clients, f"{namespace}/{name}/{key}", value or "\n")  # a parameter cannot be empty
            for namespace, name, key, value in every(configs):
                parameter(clients, f"configs/{namespace}/{name}/{key}", value, secure=False)
            return AwsSecrets(PREFIX, clients)

        return made


# Places


def test_secrets_manager_goes_before_parameters(clients: Clients, secrets: AwsSecrets) -> None:
    document(clients, "ns/token", '{"value": "from the document"}')
    for key in ("value", "other"):
        parameter(clients, f"ns/token/{key}", f"parameter {key}")
    assert secrets.secret("ns", "token", "value") == "from the document"
    assert secrets.secret("ns", "token", "other") == "parameter other"


def test_a_namespace_named_configs(clients: Clients, secrets: AwsSecrets) -> None:
    parameter(clients, "configs/name/key", "secret")
    parameter(clients, "configs/configs/name/key", "config", secure=False)
    assert secrets.secret("configs", "name", "key") == "secret"
    assert secrets.config("configs", "name", "key") == "config"
    with pytest.raises(NotFound):
        secrets.config("name", "key", "key")


def test_the_refusal_names_both_places(secrets: AwsSecrets) -> None:
    with pytest.raises(NotFound) as refusal:
        secrets.secret("ns", "token", "value")
    assert str(refusal.value) == (
        "secret ns/token has no key value: neither Secrets Manager's argosy/prod/ns/token "
        "nor parameter /argosy/prod/ns/token/value"
    )
    with pytest.raises(NotFound, match="there is no parameter /argosy/prod/configs/ns/settings/colour"):
        secrets.config("ns", "settings", "colour")


@pytest.mark.parametrize("text", ["s3cret", '["s3cret"]', '"s3cret"', '{"value": "s3cret"'])
def test_a_document_that_is_none_tells_no_value(clients: Clients, secrets: AwsSecrets, text: str) -> None:
    document(clients, "ns/token", text)
    with pytest.raises(NotFound) as refusal:
        secrets.secret("ns", "token", "value")
    assert "s3cret" not in str(refusal.value)
    assert "s3cret" not in repr(refusal.value.__cause__)


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (True, "true"), ({"a": [1]}, '{"a":[1]}')])
def test_a_value_that_is_no_text(clients: Clients, secrets: AwsSecrets, value: object, text: str) -> None:
    document(clients, "ns/token", json.dumps({"value": value}))
    assert secrets.secret("ns", "token", "value") == text


# Memory


def test_what_was_read_is_remembered_for_a_minute(clients: Clients, secrets: AwsSecrets, seconds: Seconds) -> None:
    document(clients, "ns/token", '{"value": "old", "other": "1"}')
    wire = Wire(clients.secretsmanager)
    assert secrets.secret("ns", "token", "value") == "old"
    clients.secretsmanager.put_secret_value(SecretId=f"{PREFIX}/ns/token", SecretString='{"value": "new"}')
    seconds.now += 59
    assert secrets.secret("ns", "token", "value") == "old"
    assert secrets.secret("ns", "token", "other") == "1"
    assert wire.calls["GetSecretValue"] == 1
    seconds.now += 2
    assert secrets.secret("ns", "token", "value") == "new"


def test_what_was_not_there_is_looked_for_again(clients: Clients, secrets: AwsSecrets, seconds: Seconds) -> None:
    wire = Wire(clients.ssm)
    for _ in range(3):
        with pytest.raises(NotFound):
            secrets.secret("ns", "token", "value")
    assert wire.calls["GetParameter"] == 1
    parameter(clients, "ns/token/value", "there")
    seconds.now += 6
    assert secrets.secret("ns", "token", "value") == "there"


def test_the_memory_is_bounded(clients: Clients, secrets: AwsSecrets) -> None:
    parameter(clients, "ns/token/value", "there")
    for number in range(600):
        with pytest.raises(NotFound):
            secrets.secret("ns", "none", f"k{number}")
        assert secrets.secret("ns", "token", "value") == "there"


# Refusals


def test_one_place_that_is_forbidden_does_not_hide_the_other(clients: Clients, secrets: AwsSecrets) -> None:
    parameter(clients, "ns/token/value", "there")
    Wire(clients.secretsmanager).answer("GetSecretValue", 400, "AccessDeniedException", times=2)
    assert secrets.secret("ns", "token", "value") == "there"
    with pytest.raises(Denied, match=r"GetSecretValue: told by AWS: AccessDeniedException"):
        secrets.secret("ns", "token", "other")


def test_an_outage_is_no_absence(clients: Clients, secrets: AwsSecrets) -> None:
    parameter(clients, "ns/token/value", "there")
    Wire(clients.secretsmanager).answer("GetSecretValue", 500, "InternalServiceError", times=3)
    with pytest.raises(Unavailable):
        secrets.secret("ns", "token", "value")
    assert secrets.secret("ns", "token", "value") == "there"
