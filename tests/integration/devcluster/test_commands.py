"""`argosy dev cluster` as a person and a script meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from argosy.cli.dev import app
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo, Locations

pytestmark = pytest.mark.cluster


@pytest.fixture
def run(cluster_locations: Locations, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner whose environment leads to this run's clusters."""
    shared = Locations.default()
    monkeypatch.setenv("ARGOSY_KUBE_CACHE", str(shared.go.parent))
    link = cluster_locations.clusters.parent / "cache"
    link.mkdir(exist_ok=True)
    if not (link / "clusters").exists():
        (link / "clusters").symlink_to(cluster_locations.clusters)
    monkeypatch.setenv("ARGOSY_CACHE", str(link))
    return CliRunner()


def test_up_prints_the_kubeconfig_of_the_running_cluster(run: CliRunner, dev_cluster: ClusterInfo) -> None:
    result = run.invoke(app, ["cluster", "up", "--name", dev_cluster.name])
    assert result.exit_code == 0
    assert Path(result.stdout.strip()).samefile(dev_cluster.kubeconfig)
    assert f"Kubernetes {dev_cluster.version} at {dev_cluster.server}" in result.stderr


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_status_as_data(run: CliRunner, complete_cluster: ClusterInfo, output: str) -> None:
    load = json.loads if output == "json" else yaml.safe_load
    one = load(run.invoke(app, ["cluster", "status", "--name", complete_cluster.name, "-o", output]).stdout)
    assert (one["name"], one["phase"], one["server"]) == (complete_cluster.name, "complete", complete_cluster.server)
    assert set(one["components"]) == set(complete_cluster.components)
    every = load(run.invoke(app, ["cluster", "status", "-o", output]).stdout)
    assert one in every["items"]


def test_status_as_names(run: CliRunner, dev_cluster: ClusterInfo) -> None:
    assert f"cluster/{dev_cluster.name}\n" in run.invoke(app, ["cluster", "status", "-o", "name"]).stdout


@pytest.mark.parametrize("wide", [False, True])
def test_status_as_a_table(run: CliRunner, complete_cluster: ClusterInfo, wide: bool) -> None:
    arguments = ["cluster", "status", "--name", complete_cluster.name] + (["-o", "wide"] if wide else [])
    header, row = run.invoke(app, arguments).stdout.splitlines()[:2]
    assert header.split()[:5] == ["NAME", "PHASE", "VERSION", "SERVER", "COMPONENTS"]
    assert row.split()[:5] == [complete_cluster.name, "complete", "v1.34.0", complete_cluster.server, "5/5"]
    assert ("PROCESSES" in header) is wide


def test_status_of_a_cluster_that_is_not_there(run: CliRunner) -> None:
    result = run.invoke(app, ["cluster", "status", "--name", "nobody"])
    assert isinstance(result.exception, NotFound)


def test_an_image_for_a_cluster_without_a_real_node(run: CliRunner, dev_cluster: ClusterInfo, tmp_path: Path) -> None:
    result = run.invoke(app, ["cluster", "load", str(tmp_path / "image.tar"), "--name", dev_cluster.name])
    assert isinstance(result.exception, NotFound)
    assert f"argosy dev cluster up --real-node --name {dev_cluster.name}" in str(result.exception)


def test_down_of_a_cluster_that_is_not_there(run: CliRunner) -> None:
    result = run.invoke(app, ["cluster", "down", "--name", "nobody"])
    assert result.exit_code == 0
    assert "nobody was not running" in result.stderr


def test_up_merge_and_down(run: CliRunner, tmp_path: Path) -> None:
    target = tmp_path / "config"
    up = run.invoke(app, ["cluster", "up", "--name", "brief", "--kubeconfig", str(target)])
    assert up.exit_code == 0
    assert yaml.safe_load(target.read_text())["current-context"] == "argosy-brief"
    down = run.invoke(app, ["cluster", "down", "--name", "brief"])
    assert "brief stopped" in down.stderr
    assert not Path(up.stdout.strip()).exists()
