"""`argosy cluster` and `argosy agent` on a data directory, with nothing running on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from argosy.adapters.signing.rotation import announced, finished
from argosy.cli.agents import Proof, identity_of
from argosy.cli.main import app
from argosy.cli.options import hoisted
from argosy.errors import ArgosyError, Conflict, InvalidObject, NotFound, Unsupported
from argosy.local.assembly import assemble
from argosy.local.datadir import DataDir
from argosy.services.agents.identities import Identity, access_key, pod_identity, roles_anywhere, web_identity
from argosy.services.applications.surveys import Survey

ARN = "arn:aws:eks:eu-central-1:210987654321:cluster/Main_1"
HEARTBEAT = {
    "report": "heartbeat",
    "version": "0.1.0",
    "kubernetes": "v1.34.0",
    "objects": 7,
    "waiting": 0,
    "refused": 2,
    "refusal": "the work is for cluster 'x'",
    "offset": -3.0,
    "counts": {"lists": 2, "expired": 1},
    "scopes": {},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's contexts, and a data directory of this test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ARGOSY_DATA", str(tmp_path / "data"))
    return tmp_path


def argosy(*words: str, stdin: str = "") -> Result:
    result = CliRunner().invoke(app, hoisted(words), input=stdin)
    if isinstance(result.exception, ArgosyError):
        raise result.exception
    return result


def shown(*words: str) -> Any:
    result = argosy(*words, "-o", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def add_eks(*words: str) -> Result:
    return argosy("cluster", "add", "--eks", ARN, *words)


def heard(home: Path) -> None:
    """A heartbeat of the agent of cluster `main-1`."""
    embedded = assemble(DataDir(home / "data"))
    embedded.runtime.inbox.handle("main-1", json.dumps(HEARTBEAT))
    embedded.close()


def test_a_cluster_of_eks() -> None:
    add_eks("--role-arn", "arn:aws:iam::210987654321:role/argosy", "--external-id", "x", "--management")
    (found,) = shown("cluster", "list")["items"]
    assert (found["kind"], found["name"], found["way"], found["management"]) == ("Cluster", "main-1", "eks", True)
    assert found["settings"] == {
        "arn": ARN,
        "role_arn": "arn:aws:iam::210987654321:role/argosy",
        "external_id": "x",
    }


def test_what_is_shown() -> None:
    add_eks("--name", "main")
    assert argosy("cluster", "list").stdout.split()[:3] == ["NAME", "WAY", "AGENT"]
    assert ARN in argosy("cluster", "list", "-o", "wide").stdout
    assert argosy("cluster", "list", "-o", "name").stdout == "cluster.argoproj.io/main\n"
    assert shown("cluster", "get", "main")["name"] == "main"
    assert "name: main" in argosy("cluster", "get", "main", "-o", "yaml").stdout


def test_all_that_an_agent_tells(home: Path) -> None:
    add_eks()
    heard(home)
    told = argosy("cluster", "get", "main-1").stdout
    for text in ("v1.34.0", "0.1.0", "last heartbeat", "-3.0 s", "2, last: the work is for cluster 'x'", "1 expired"):
        assert text in told
    assert "sensors.argoproj.io" in told, "what it is to watch"


def test_how_the_last_check_of_one_without_an_agent_went(home: Path) -> None:
    add_eks()
    assert "none: no Application goes there" in argosy("cluster", "get", "main-1").stdout
    embedded = assemble(DataDir(home / "data"))
    embedded.runtime.applications.surveys.put("main-1", Survey(at=1.0, tried=61.0, failed=2, problem="no route"))
    embedded.close()
    told = argosy("cluster", "get", "main-1").stdout
    for text in (
        "last check           1970-01-01T00:01:01",
        "last answer          1970-01-01T00:00:01",
        "2 times: no route",
    ):
        assert text in told
    assert shown("cluster", "get", "main-1")["check"]["failed"] == 2


def test_a_name_that_is_taken() -> None:
    add_eks()
    with pytest.raises(ArgosyError, match="--upsert"):
        add_eks()
    assert add_eks("--upsert", "--management").exit_code == 0
    assert shown("cluster", "get", "main-1")["management"] is True


def test_what_can_be_set() -> None:
    add_eks()
    argosy("cluster", "set", "main-1", "--management", "--http-namespace", "a", "--http-namespace", "b")
    found = shown("cluster", "get", "main-1")
    assert (found["management"], found["httpNamespaces"]) == (True, ["a", "b"])
    argosy("cluster", "set", "main-1", "--no-management", "--http-namespace", "")
    found = shown("cluster", "get", "main-1")
    assert (found["management"], found["httpNamespaces"]) == (False, [])


def test_removing_asks_first() -> None:
    add_eks()
    assert argosy("cluster", "rm", "main-1", stdin="n\n").exit_code == 1
    assert argosy("cluster", "rm", "main-1", stdin="y\n").exit_code == 0
    with pytest.raises(NotFound, match="known: none"):
        argosy("cluster", "rm", "main-1", "-y")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["cluster", "add"], InvalidObject, "name one way"),
        (["cluster", "add", "--eks", ARN, "--agent", "a"], InvalidObject, "name one way"),
        (["cluster", "add", "--eks", "main"], InvalidObject, "ARN"),
        (["cluster", "add", "--agent", "edge"], InvalidObject, "CONTEXT"),
        (["cluster", "add", "nowhere", "-y", "--kubeconfig", "/nowhere"], NotFound, "nowhere"),
        (["cluster", "add", "x", "-y", "--server", "https://argosy.example"], Unsupported, "keeps no token"),
        (["cluster", "add", "--eks", ARN, "--gitops"], InvalidObject, "--gitops is about the account"),
        (["cluster", "set", "main"], InvalidObject, "nothing to change"),
        (["cluster", "get", "main"], NotFound, "main"),
        (["agent", "manifests", "--cluster", "edge"], Unsupported, "--stack"),
        (["agent", "keys", "rotate", "--server", "https://argosy.example"], Unsupported, "where they lie"),
        (["agent", "run"], InvalidObject, "ARGOSY_CLUSTER"),
    ],
)
def test_what_is_refused(words: list[str], error: type[ArgosyError], said: str, home: Path) -> None:
    DataDir(home / "data")
    with pytest.raises(error, match=said):
        argosy(*words)


# Who an agent is

TOLD = {"Principal": "arn:role", "TrustAnchorArn": "arn:anchor", "ProfileArn": "arn:profile"}


@pytest.mark.parametrize(
    ("kind", "proof", "made"),
    [
        ("PodIdentity", Proof(), pod_identity()),
        ("PodIdentity", Proof("arn:other"), web_identity("arn:other")),
        ("IRSA", Proof(), web_identity("arn:role")),
        ("Keys", Proof(keys="key"), access_key("key")),
        (
            "RolesAnywhere",
            Proof(certificate="tls", helper="image"),
            roles_anywhere("arn:anchor", "arn:profile", "arn:role", "tls", "image"),
        ),
    ],
)
def test_the_agents_stack_says_who_it_is(kind: str, proof: Proof, made: Identity) -> None:
    assert identity_of({**TOLD, "Identity": kind}, proof) == made


@pytest.mark.parametrize(
    ("kind", "said"), [("Keys", "--keys-secret"), ("RolesAnywhere", "--certificate-secret, --helper-image")]
)
def test_what_the_stack_cannot_know_is_asked_for(kind: str, said: str) -> None:
    with pytest.raises(InvalidObject, match=said):
        identity_of({**TOLD, "Identity": kind}, Proof())


# Keys


def test_a_new_key_is_announced_before_it_signs(home: Path) -> None:
    DataDir(home / "data")
    path = home / "data" / "agent-keys"

    def kept() -> list[str]:
        found: list[str] = orjson.loads(path.read_bytes())["keys"]
        return found

    argosy("agent", "keys", "rotate")
    old, new = kept()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="--finish"):
        argosy("agent", "keys", "rotate")
    argosy("agent", "keys", "rotate", "--finish")
    assert kept() == [new] != [old]
    with pytest.raises(Conflict, match="without --finish"):
        argosy("agent", "keys", "rotate", "--finish")


def test_a_sealing_key_is_renewed_and_the_old_one_opens_until_the_end(home: Path) -> None:
    DataDir(home / "data")
    path = home / "data" / "agent-seal"

    def kept() -> list[str]:
        found: list[str] = orjson.loads(path.read_bytes())["keys"]
        return found

    argosy("agent", "keys", "rotate", "--seal")
    new, old = kept()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="--finish"):
        argosy("agent", "keys", "rotate", "--seal")
    assert kept() == [new, old]
    argosy("agent", "keys", "rotate", "--seal", "--finish")
    assert kept() == [new]
    with pytest.raises(Conflict, match="without --finish"):
        argosy("agent", "keys", "rotate", "--seal", "--finish")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys":[]}', "secret-canary"])
@pytest.mark.parametrize("change", [announced, finished])
def test_what_holds_no_keys_is_not_quoted(text: str, change: Any) -> None:
    with pytest.raises(InvalidObject, match="holds no signing keys") as caught:
        change(text)
    assert "canary" not in str(caught.value)
