"""Life and death of development clusters, with real processes."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.errors import NotFound, Unavailable
from argosy.local.devcluster import ClusterInfo, Locations, ensure_up, export_kubeconfig, list_clusters, status, stop
from argosy.local.devcluster.processes import Process, ports_are_free, wait_until
from argosy.local.devcluster.progress import QuietProgress
from argosy.local.devcluster.state import Folder, State

pytestmark = pytest.mark.cluster


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Locations]:
    """Locations of one test; whatever it leaves running is stopped."""
    shared = Locations.default()
    own = Locations(clusters=tmp_path / "clusters", binaries=shared.binaries, go=shared.go)
    yield own
    for info in list_clusters(locations=own):
        stop(info.name, locations=own)


def folder(places: Locations, name: str) -> Folder:
    return Folder(places.cluster(name))


def state(places: Locations, name: str) -> State:
    found = folder(places, name).read_state()
    assert found is not None
    return found


def supervisor(places: Locations, name: str) -> Process:
    found = folder(places, name).supervisor()
    assert found is not None
    return found


def processes(info: ClusterInfo) -> list[Process]:
    found = [Process.from_json(entry) for entry in info.components.values()]
    return [one for one in found if one is not None]


def all_gone(info: ClusterInfo, ports: list[int]) -> bool:
    return wait_until(lambda: not any(one.alive() for one in processes(info)) and ports_are_free(ports), 30)


def test_two_clusters_stand_side_by_side(places: Locations, dev_cluster: ClusterInfo) -> None:
    other = ensure_up("other", owner_pid=os.getpid(), locations=places)
    assert other.server != dev_cluster.server
    assert other.running
    assert stop("other", locations=places) is True
    assert not places.cluster("other").exists()
    assert wait_until(lambda: not any(one.alive() for one in processes(other)), 30)
    assert all(one.alive() for one in processes(dev_cluster))


def test_up_twice_finds_the_running_cluster(dev_cluster: ClusterInfo, cluster_locations: Locations) -> None:
    again = ensure_up(dev_cluster.name, locations=cluster_locations)
    assert (again.server, again.kubeconfig) == (dev_cluster.server, dev_cluster.kubeconfig)
    assert processes(again)[:2] == processes(dev_cluster)[:2]


def test_secrets_are_private_and_appear_in_no_log(dev_cluster: ClusterInfo) -> None:
    home = dev_cluster.kubeconfig.parent
    token = yaml.safe_load(dev_cluster.kubeconfig.read_text())["users"][0]["user"]["token"]
    files = [path for path in home.rglob("*") if path.is_file()]
    open_to_others = {path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077}
    assert open_to_others <= {"apiserver.crt"}  # a certificate is public
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    holders = {path.name for path in files if token.encode() in path.read_bytes()}
    assert holders == {"kubeconfig", "tokens.csv"}


def test_a_complete_cluster_has_everything_running(complete_cluster: ClusterInfo) -> None:
    assert complete_cluster.phase == "complete"
    assert complete_cluster.version == "v1.34.0"
    assert {entry["state"] for entry in complete_cluster.components.values()} == {"running"}
    assert all(one.alive() for one in processes(complete_cluster))


def test_killing_the_supervisor_leaves_nothing_and_the_next_up_starts_afresh(places: Locations) -> None:
    first = ensure_up("crash", owner_pid=os.getpid(), wait_all=True, locations=places)
    ports = state(places, "crash").ports
    supervisor(places, "crash").signal(signal.SIGKILL)
    assert all_gone(first, ports)
    assert status("crash", locations=places).phase == "crashed"
    second = ensure_up("crash", owner_pid=os.getpid(), locations=places)
    assert second.running
    assert not set(processes(second)) & set(processes(first))


def test_the_cluster_ends_with_its_owner(places: Locations) -> None:
    program = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as owner:
        info = ensure_up("owned", owner_pid=owner.pid, locations=places)
        ports = state(places, "owned").ports
        owner.kill()
    assert all_gone(info, ports)
    assert wait_until(lambda: not places.cluster("owned").exists(), 30)
    assert list_clusters(locations=places) == []


def test_a_component_that_dies_at_start_ends_the_whole_with_its_last_words(places: Locations, tmp_path: Path) -> None:
    broken = tmp_path / "kube"
    broken.mkdir()
    (broken / "etcd").symlink_to(places.binaries / "etcd")
    (broken / "kube-apiserver").write_text("#!/bin/sh\necho no flags today\nexit 3\n")
    (broken / "kube-apiserver").chmod(0o755)
    faulty = Locations(clusters=places.clusters, binaries=broken, go=tmp_path / "go")
    with pytest.raises(Unavailable, match="kube-apiserver ended with exit code 3: no flags today"):
        ensure_up("faulty", owner_pid=os.getpid(), locations=faulty)
    info = status("faulty", locations=faulty)
    assert info.phase == "failed"
    assert all_gone(info, state(faulty, "faulty").ports)
    assert stop("faulty", locations=faulty) is True


@pytest.fixture
def lonely(places: Locations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    """Only etcd and the API server are cached; `go` is the script `tmp_path/bin/go`, which a test writes."""
    partial = tmp_path / "kube"
    partial.mkdir()
    for name in ("etcd", "kube-apiserver"):
        (partial / name).symlink_to(places.binaries / name)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return Locations(clusters=places.clusters, binaries=partial, go=tmp_path / "go")


def write_go(tmp_path: Path, script: str) -> None:
    go = tmp_path / "bin" / "go"
    go.write_text(f"#!/bin/sh\n{script}\n")
    go.chmod(0o755)


def test_the_api_serves_while_the_rest_cannot_be_had(lonely: Locations, tmp_path: Path) -> None:
    write_go(tmp_path, "echo proxy is closed; exit 1")
    assert ensure_up("lonely", owner_pid=os.getpid(), locations=lonely).running
    with pytest.raises(Unavailable, match=r"not complete: cannot get kube-controller-manager: .*proxy is closed"):
        ensure_up("lonely", wait_all=True, locations=lonely)
    assert status("lonely", locations=lonely).phase == "partial"


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_build_in_the_background_ends_with_the_cluster(lonely: Locations, tmp_path: Path, how: str) -> None:
    told = tmp_path / "compiler"
    # env answers the version; the build starts a compiler of its own, as go does.
    write_go(tmp_path, f'[ "$1" = env ] && exit 0; sleep 600 & echo $! > {told}.new; mv {told}.new {told}; wait')
    info = ensure_up("building", owner_pid=os.getpid(), locations=lonely)
    ports = state(lonely, "building").ports
    assert wait_until(told.exists, 30)
    compiler = Process.of(int(told.read_text()))
    assert compiler is not None
    if how == "killed":
        supervisor(lonely, "building").signal(signal.SIGKILL)
    else:
        stop("building", locations=lonely)
    assert wait_until(lambda: not compiler.alive(), 30)
    assert all_gone(info, ports)


def test_what_is_left_of_a_start_that_was_cut_off_is_cleaned(places: Locations) -> None:
    left = places.cluster("stale")
    left.mkdir(parents=True)
    (left / "etcd").mkdir()
    (left / "plan.json").write_text("{")
    (left / "supervisor.pid").write_text(json.dumps({"pid": os.getpid(), "started": "long ago"}))
    info = ensure_up("stale", owner_pid=os.getpid(), locations=places)
    assert info.running


def test_a_second_start_waits_for_the_first(places: Locations) -> None:
    code = (
        "import sys; from pathlib import Path; from argosy.local.devcluster import Locations, ensure_up\n"
        "places = Locations(*map(Path, sys.argv[1:4]))\n"
        "print(ensure_up('race', owner_pid=int(sys.argv[4]), locations=places).server)"
    )
    arguments = [str(places.clusters), str(places.binaries), str(places.go), str(os.getpid())]
    command = [sys.executable, "-c", code, *arguments]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as two,
    ):
        told = [process.communicate() for process in (one, two)]
    server = status("race", locations=places).server
    assert told == [(f"{server}\n", "")] * 2


def test_a_merged_kubeconfig_is_taken_back_by_down(places: Locations, tmp_path: Path) -> None:
    target = tmp_path / "config"
    ensure_up("merged", owner_pid=os.getpid(), locations=places)
    export_kubeconfig("merged", target, locations=places)
    assert yaml.safe_load(target.read_text())["current-context"] == "argosy-merged"
    stop("merged", progress=QuietProgress(), locations=places)
    assert yaml.safe_load(target.read_text())["contexts"] == []


def test_status_of_nothing(places: Locations) -> None:
    with pytest.raises(NotFound):
        status("nothing", locations=places)


def call(dev_cluster: ClusterInfo, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """The supervisor's own client, with the kubeconfig's token."""
    from argosy.local.devcluster.apiserver import Api

    token = yaml.safe_load(dev_cluster.kubeconfig.read_text())["users"][0]["user"]["token"]
    port = int(dev_cluster.server.rpartition(":")[2])
    return Api(port, token, dev_cluster.kubeconfig.parent / "certs" / "apiserver.crt").call(method, path, body)


def test_a_pod_is_scheduled_and_plays_running(complete_cluster: ClusterInfo) -> None:
    pods = "/api/v1/namespaces/default/pods"
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "actor"},
        "spec": {"containers": [{"name": "main", "image": "none"}]},
    }
    assert call(complete_cluster, "POST", pods, pod)[0] == 201

    def phase() -> str:
        return str(call(complete_cluster, "GET", f"{pods}/actor")[1]["status"].get("phase"))

    assert wait_until(lambda: phase() == "Running", 60, 0.1)
    call(complete_cluster, "DELETE", f"{pods}/actor")


@pytest.mark.parametrize(
    ("plural", "kind"), [("workflows", "Workflow"), ("sensors", "Sensor"), ("eventbus", "EventBus")]
)
def test_argos_kinds_are_served_and_keep_every_field(dev_cluster: ClusterInfo, plural: str, kind: str) -> None:
    path = f"/apis/argoproj.io/v1alpha1/namespaces/default/{plural}"
    spec = {"anything": {"at": ["all"]}}
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": "kept"}, "spec": spec}
    assert call(dev_cluster, "POST", path, manifest)[0] == 201
    assert call(dev_cluster, "GET", f"{path}/kept")[1]["spec"] == spec
    assert call(dev_cluster, "DELETE", f"{path}/kept")[0] == 200
