"""`argosy gpg` on a real API server, and a project that asks for signatures of real commits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.git.signatures import keys_in
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo
from support.gitops import API, Site, config_map
from support.gpg import Key
from support.up import Result, in_process

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

GNUPG = Path(__file__).parents[2] / "functional" / "git" / "data" / "gnupg.key"


@pytest.fixture
def gpg(complete_cluster: ClusterInfo, cluster: DirectCluster, control: str) -> Iterator[Gpg]:
    yield Gpg(complete_cluster.kubeconfig, control)
    try:
        cluster.delete("v1", "ConfigMap", control, "argocd-gpg-keys-cm")
    except NotFound:
        return


class Gpg:
    """`argosy gpg` in a control namespace."""

    def __init__(self, kubeconfig: Path, control: str) -> None:
        self._env = {"KUBECONFIG": str(kubeconfig), "ARGOCD_NAMESPACE": control}

    def run(self, *words: object, group: str = "gpg") -> Result:
        return in_process(group, *words, env=self._env)

    def does(self, *words: object, group: str = "gpg") -> str:
        done = self.run(*words, group=group)
        assert done.code == 0, f"{done.out}\n{done.err}"
        return done.out


def test_from_add_to_rm(gpg: Gpg, tmp_path: Path) -> None:
    (known,) = keys_in(GNUPG.read_text())
    assert gpg.does("list").split() == ["KEYID", "TYPE", "IDENTITY"]
    assert gpg.does("add", "--from", GNUPG) == "Created 1 key(s) from input file.\n"
    both = tmp_path / "both.asc"
    both.write_text(GNUPG.read_text() + Key().public)
    said = "Created 1 key(s) from input file, and 1 key(s) were skipped because they exist already.\n"
    assert gpg.does("add", "-f", both) == said
    rows = [line.split() for line in gpg.does("list").splitlines()]
    assert [known.id, "RSA2048", "Good", "<g@g>"] in rows
    assert len(rows) == 3
    shown = gpg.does("get", known.id)
    assert shown.startswith(
        f"Key ID:          {known.id}\nKey fingerprint: {known.fingerprint}\nKey subtype:     RSA2048\n"
        "Key owner:       Good <g@g>\nKey data follows until EOF:\n-----BEGIN PGP PUBLIC KEY BLOCK-----"
    )
    assert json.loads(gpg.does("get", known.fingerprint, "-o", "json"))["keyID"] == known.id
    assert gpg.does("rm", known.id) == f"Deleted key with key ID {known.id}\n"
    assert f"no such key: {known.id}" in gpg.run("rm", known.id).err


def test_what_is_no_key(gpg: Gpg, tmp_path: Path) -> None:
    (tmp_path / "none.asc").write_text("none")
    assert "holds no public key" in gpg.run("add", "--from", tmp_path / "none.asc").err
    assert "cannot be read" in gpg.run("add", "--from", tmp_path / "gone.asc").err
    assert "neither the ID" in gpg.run("get", "x").err


def test_signed_commits_and_no_others(gpg: Gpg, cluster: DirectCluster, site: Site, tmp_path: Path) -> None:
    key = Key()
    (tmp_path / "key.asc").write_text(key.public)
    project = f"{site.namespace}-signed"
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    metadata = {"name": project, "namespace": site.control}
    cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": metadata, "spec": spec})
    gpg.does("add-signature-key", project, key.id, group="proj")
    gpg.does("add", "--from", tmp_path / "key.asc")
    unsigned = site.commit(config_map("a"))
    site.app(project=project, automated={}, syncPolicy={"retry": {"limit": 0}})
    status = site.reaches("OutOfSync", revision=unsigned)
    said = f"Target revision {unsigned} in Git is not signed, but a signature is required"
    assert [one["message"] for one in status["conditions"] if one["type"] == "ComparisonError"] == [said]
    assert site.names("v1", "ConfigMap") == []
    signed = key.commit(site.repo)
    site.refresh()
    site.reaches("Synced", revision=signed)
    assert site.names("v1", "ConfigMap") == ["a"]
    cluster.delete(API, "AppProject", site.control, project)
