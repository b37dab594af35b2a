"""Secrets on the fake, on files and environment variables, and in a chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.adapters.files.secrets import ChainedSecrets, FileSecrets
from argosy.errors import ArgosyError, Denied, NotFound, Unavailable
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.secrets import Secrets
from contracts.secrets import Make, SecretsContract, Values


def written(root: Path, secrets: Values, configs: Values) -> Secrets:
    for folder, values in (("secrets", secrets), ("configs", configs)):
        for namespace, named in values.items():
            for name, keys in named.items():
                for key, value in keys.items():
                    path = root / folder / namespace / name / key
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(value)
    return FileSecrets(root, {})


class TestFake(SecretsContract):
    """On the fake."""

    @pytest.fixture
    def make(self) -> Make:
        return FakeSecrets


class TestFiles(SecretsContract):
    """On files."""

    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        return lambda secrets, configs: written(tmp_path, secrets, configs)


class TestChain(SecretsContract):
    """In a chain whose first member has nothing."""

    @pytest.fixture
    def make(self) -> Make:
        return lambda secrets, configs: ChainedSecrets([FakeSecrets(), FakeSecrets(secrets, configs)])


@pytest.mark.parametrize(
    ("kind", "variable"),
    [
        ("secret", "ARGOSY_SECRET__ARGO_EVENTS__MY_TOKEN__TLS_KEY"),
        ("config", "ARGOSY_CONFIG__ARGO_EVENTS__MY_TOKEN__TLS_KEY"),
    ],
)
def test_environment_variables(tmp_path: Path, kind: str, variable: str) -> None:
    secrets = FileSecrets(tmp_path, {variable: "from the environment\n"})
    assert getattr(secrets, kind)("argo-events", "my-token", "tls.key") == "from the environment"
    with pytest.raises(NotFound):
        getattr(secrets, "config" if kind == "secret" else "secret")("argo-events", "my-token", "tls.key")


def test_a_file_goes_before_a_variable(tmp_path: Path) -> None:
    written(tmp_path, {"ns": {"a": {"k": "file"}}}, {})
    assert FileSecrets(tmp_path, {"ARGOSY_SECRET__NS__A__K": "variable"}).secret("ns", "a", "k") == "file"


def test_the_refusal_names_file_and_variable(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refusal:
        FileSecrets(tmp_path, {}).secret("ns", "a", "k")
    assert str(tmp_path / "secrets" / "ns" / "a" / "k") in str(refusal.value)
    assert "ARGOSY_SECRET__NS__A__K" in str(refusal.value)


def test_a_key_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("x")
    secrets = FileSecrets(tmp_path / "data", {})
    for name in ("..", ".", "a/b", "/", "a\0"):
        with pytest.raises(NotFound):
            secrets.secret("ns", name, "outside")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "ns" / "a" / "k"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(NotFound):
        FileSecrets(tmp_path, {}).secret("ns", "a", "k")


class Refusing:
    """Raises the same for everything."""

    def __init__(self, problem: ArgosyError) -> None:
        self._problem = problem

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        raise self._problem

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        raise self._problem


def test_the_first_of_a_chain_answers() -> None:
    values = [FakeSecrets({"ns": {"a": {"k": number}}}) for number in ("first", "second")]
    assert ChainedSecrets(values).secret("ns", "a", "k") == "first"


@pytest.mark.parametrize("problem", [Denied("forbidden"), Unavailable("the cluster is down")])
def test_a_member_that_fails_does_not_hide_another(problem: ArgosyError) -> None:
    chain = ChainedSecrets([Refusing(problem), FakeSecrets({"ns": {"a": {"k": "v"}}})])
    assert chain.secret("ns", "a", "k") == "v"


@pytest.mark.parametrize("problem", [Denied("forbidden"), Unavailable("the cluster is down")])
def test_a_chain_that_has_nothing_tells_every_reason(problem: ArgosyError) -> None:
    with pytest.raises(type(problem)) as refusal:
        ChainedSecrets([FakeSecrets(), Refusing(problem), FakeSecrets()]).secret("ns", "a", "k")
    assert str(problem) in str(refusal.value)
    assert "ns/a" in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "reader"),
    [
        ("ARGOSY_SECRET__PROD_DB__PASS__K", ("prod-db", "pass")),
        ("ARGOSY_SECRET__PROD__DB_PASS__K", ("prod", "db-pass")),
        ("ARGOSY_SECRET__PROD__DB__PASS__K", None),
    ],
)
def test_a_variable_has_one_reader(tmp_path: Path, variable: str, reader: tuple[str, str] | None) -> None:
    secrets = FileSecrets(tmp_path, {variable: "value"})
    for place in [
        ("prod-db", "pass"),
        ("prod", "db-pass"),
        ("prod.db", "pass"),
        ("prod--db", "pass"),
        ("prod", "db.pass"),
    ]:
        if place == reader:
            assert secrets.secret(*place, "k") == "value"
        else:
            with pytest.raises(NotFound):
                secrets.secret(*place, "k")
