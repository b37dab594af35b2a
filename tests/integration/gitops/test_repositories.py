"""`argosy repo` and `argosy repocreds` on a real API server, for a Git server that asks for a password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from support.gitops import Site, config_map
from support.gitserver import GitServer, Repo, serving
from support.up import Result, Up, in_process

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

PASSWORD = "between-us"
HEADING = ["TYPE", "NAME", "REPO", "INSECURE", "OCI", "LFS", "CREDS", "STATUS", "MESSAGE", "PROJECT"]


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[GitServer]:
    """A server that lets nobody in without the password, with a repository `apps`."""
    root = tmp_path / "closed"
    Repo(root / "apps").commit({"app/all.yaml": json.dumps(config_map("from-a-closed-repository"))})
    with serving(root, PASSWORD) as server:
        yield server


class Commands:
    """`argosy` in a control namespace; whatever Secrets it leaves there are removed."""

    def __init__(self, kubeconfig: Path, control: str) -> None:
        self._env = {"KUBECONFIG": str(kubeconfig), "ARGOCD_NAMESPACE": control}

    def run(self, *words: object) -> Result:
        return in_process(*words, env=self._env)

    def does(self, *words: object) -> str:
        done = self.run(*words)
        assert done.code == 0, f"{done.out}\n{done.err}"
        assert PASSWORD not in done.out + done.err
        return done.out

    def fails(self, *words: object) -> str:
        done = self.run(*words)
        assert done.code == 20, f"{done.code}: {done.out}\n{done.err}"
        assert PASSWORD not in done.out + done.err
        return done.err

    def rows(self, *words: object) -> list[list[str]]:
        return [line.split() for line in self.does(*words).splitlines()[1:]]


@pytest.fixture
def commands(complete_cluster: ClusterInfo, cluster: DirectCluster, control: str) -> Iterator[Commands]:
    yield Commands(complete_cluster.kubeconfig, control)
    for one in cluster.list("v1", "Secret", control, label_selector="argocd.argoproj.io/secret-type"):
        cluster.delete("v1", "Secret", control, one["metadata"]["name"])


def test_from_add_to_rm(commands: Commands, closed: GitServer) -> None:
    url = closed.url("apps")
    out = commands.does("repo", "add", url, "--username", "git", "--password", PASSWORD)
    assert out == f"Repository '{url}' added\n"
    assert commands.does("repo", "list").splitlines()[0].split() == HEADING
    assert commands.rows("repo", "list") == [["git", url, "false", "false", "false", "true", "Successful"]]
    assert commands.does("repo", "list", "-o", "url") == f"{url}\n"
    shown = json.loads(commands.does("repo", "get", url.removesuffix(".git"), "-o", "json"))
    assert shown == {
        "repo": url,
        "type": "git",
        "username": "git",
        "connectionState": {"status": "Successful", "message": ""},
    }
    assert commands.does("repo", "rm", url) == f"Repository '{url}' removed\n"
    assert commands.rows("repo", "list") == []
    assert f"repository '{url}' not found" in commands.fails("repo", "rm", url)


def test_a_repository_that_lets_nobody_in_is_not_added(commands: Commands, closed: GitServer) -> None:
    url = closed.url("apps")
    assert url in commands.fails("repo", "add", url)
    assert url in commands.fails("repo", "add", url, "--username", "git", "--password", "wrong")
    assert commands.rows("repo", "list") == []


def test_one_that_is_there_is_changed_on_demand_alone(commands: Commands, closed: GitServer) -> None:
    url = closed.url("apps")
    words = ["repo", "add", url, "--username", "git", "--password", PASSWORD]
    commands.does(*words)
    commands.does(*words)
    assert "use --upsert to force an update" in commands.fails(*words, "--enable-lfs")
    commands.does(*words, "--enable-lfs", "--upsert")
    assert commands.rows("repo", "list") == [["git", url, "false", "false", "true", "true", "Successful"]]


def test_credentials_for_all_below_an_address(commands: Commands, closed: GitServer) -> None:
    url = closed.url("apps")
    below = url.partition("/apps")[0]
    out = commands.does("repocreds", "add", below, "--username", "git", "--password", PASSWORD)
    assert out == f"Repository credentials for '{below}' added\n"
    assert commands.rows("repocreds", "list") == [[below, "git", "false", "false"]]
    commands.does("repo", "add", url)
    assert commands.rows("repo", "list") == [["git", url, "false", "false", "false", "inherited", "Successful"]]
    commands.does("repocreds", "rm", below)
    (row,) = commands.rows("repo", "list")
    assert row[:7] == ["git", url, "false", "false", "false", "false", "Failed"]


def test_a_secret_of_somebody_else_keeps_all_but_its_label(
    commands: Commands, cluster: DirectCluster, control: str, closed: GitServer
) -> None:
    url = closed.url("apps")
    metadata = {"name": "ours", "namespace": control, "labels": {"argocd.argoproj.io/secret-type": "repository"}}
    cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"url": url}})
    commands.does("repo", "rm", url)
    left = cluster.get("v1", "Secret", control, "ours")
    assert "labels" not in left["metadata"]
    cluster.delete("v1", "Secret", control, "ours")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--type", "helm"], "Must specify --name for repos of type 'helm'"),
        (["--type", "cvs"], "one of git, helm, oci"),
        (["--bearer-token", "a", "--username", "u", "--password", "b"], "exclude each other"),
        (["--ssh-private-key-path", "/nowhere/key"], "/nowhere/key cannot be read"),
    ],
)
def test_flags_that_do_not_go_together(commands: Commands, closed: GitServer, words: list[str], said: str) -> None:
    assert said in commands.fails("repo", "add", closed.url("apps"), *words)


def test_an_application_of_a_closed_repository(commands: Commands, closed: GitServer, up: Up, site: Site) -> None:
    url = closed.url("apps")
    commands.does("repo", "add", url, "--username", "git", "--password", PASSWORD)
    site.app(automated={}, source={"repoURL": url, "path": "app", "targetRevision": "main"})
    site.reaches("Synced", "Healthy")
    assert site.value("from-a-closed-repository") == "1"
