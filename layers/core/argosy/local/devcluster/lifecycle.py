"""Start, find and stop development clusters.

The library behind `argosy dev cluster`, `make run` and the integration tests.

In: a name. Out: `ClusterInfo`. The cluster itself lives in its supervisor; here are only the decisions around it:
is it up, is what is left of it stale, who may start it (one process at a time, by a lock beside the folder), what
is merged into a user's kubeconfig.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import argosy
from argosy.errors import AlreadyExists, InvalidObject, NotFound, Unavailable
from argosy.local.devcluster import kubeconfig
from argosy.local.devcluster.binaries import BinaryCache, Source, preset_directory
from argosy.local.devcluster.files import locked, private_directory
from argosy.local.devcluster.locations import Locations
from argosy.local.devcluster.node import images, machine
from argosy.local.devcluster.node.settings import NodeFiles
from argosy.local.devcluster.node.sweep import sweep
from argosy.local.devcluster.processes import Process, ports_are_free, wait_until
from argosy.local.devcluster.progress import QUIET, Progress
from argosy.local.devcluster.sources import default_sources
from argosy.local.devcluster.state import Folder, Plan, State
from argosy.local.devcluster.versions import BACKGROUND, BINARIES, ESSENTIAL

__all__ = ["ClusterInfo", "ensure_up", "export_kubeconfig", "list_clusters", "load_image", "status", "stop"]

_START_SECONDS = 300.0
_REST_SECONDS = 3600.0
_END_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """A cluster as it is now.

    `phase` is the supervisor's (see `state.Phase`), or `crashed` when the supervisor is gone without a word.

    `components` maps a name to a dict with `state`, `message` and, once started, `pid`.
    """

    name: str
    kubeconfig: Path
    server: str
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    phase: str = ""
    version: str = ""
    message: str = ""

    @property
    def running(self) -> bool:
        """True when the API server answers."""
        return self.phase in ("ready", "partial", "complete")


def ensure_up(
    name: str = "dev",
    *,
    progress: Progress = QUIET,
    owner_pid: int | None = None,
    wait_all: bool = False,
    real_node: bool = False,
    locations: Locations | None = None,
    sources: Sequence[Source] | None = None,
) -> ClusterInfo:
    """The cluster `name`, started if it does not run.

    Returns once its API server answers, with `wait_all` once everything runs.

    `owner_pid`: the cluster ends when that process does. It counts only for the start that it causes; a running
    cluster keeps its owner. `sources` replaces where binaries for the API server come from. Raises `Unavailable`
    with the reason when the cluster cannot start.

    `real_node`: with a node that runs containers beside those that KWOK plays. Raises `Unsupported` where this machine
    or this user cannot have one, `AlreadyExists` when the cluster runs without.
    """
    if real_node:
        machine.require_root_on_linux()
    places = locations or Locations.default()
    folder = Folder(places.cluster(name))
    owner = _owner(owner_pid)
    if not _is_running(folder):
        if real_node:
            machine.provide(progress)
        cache = BinaryCache(
            places.binaries,
            default_sources(places) if sources is None else sources,
            preset=preset_directory(),
            progress=progress,
        )
        paths = cache.obtain(ESSENTIAL)
        paths |= {one: path for one in BACKGROUND if (path := cache.find(one)) is not None}
        if real_node:
            paths |= _node_programs(cache)
        plan = Plan(
            name=name,
            clusters=str(places.clusters),
            binaries=str(places.binaries),
            go=str(places.go),
            paths={one: str(path) for one, path in paths.items()},
            owner=owner.as_json() if owner else None,
            real_node=real_node,
        )
        waiting = f"another process is starting or stopping the cluster {name}; waiting for it"
        with locked(places.lock(name), lambda: progress.note(waiting)):
            if not _is_running(folder):
                _start(folder, plan, progress)
    if real_node and not _has_real_node(folder):
        raise AlreadyExists(
            f"the cluster {name} runs without a real node; end it first: argosy dev cluster down --name {name}"
        )
    if wait_all:
        _await_rest(folder, progress)
    return _info(folder, name)


def status(name: str = "dev", *, locations: Locations | None = None) -> ClusterInfo:
    """The cluster `name` as it is. Raises `NotFound` when there is none."""
    folder = Folder((locations or Locations.default()).cluster(name))
    if folder.read_plan() is None:
        raise NotFound(f"there is no development cluster {name}; start it with: argosy dev cluster up --name {name}")
    return _info(folder, name)


def list_clusters(*, locations: Locations | None = None) -> list[ClusterInfo]:
    """All clusters that have a state folder, by name; crashed and failed ones too."""
    places = locations or Locations.default()
    if not places.clusters.is_dir():
        return []
    names = sorted(path.name for path in places.clusters.iterdir() if (path / "plan.json").is_file())
    return [_info(Folder(places.clusters / name), name) for name in names]


def stop(name: str = "dev", *, progress: Progress = QUIET, locations: Locations | None = None) -> bool:
    """End the cluster and remove its state; False when there was nothing. Returns once its ports are free."""
    places = locations or Locations.default()
    folder = Folder(places.cluster(name))
    waiting = f"another process is starting or stopping the cluster {name}; waiting for it"
    if not folder.path.exists():
        return False
    with locked(places.lock(name), lambda: progress.note(waiting)):
        if not folder.path.exists():
            return False
        _clean(folder, name)
    return True


def export_kubeconfig(name: str, target: Path, *, locations: Locations | None = None) -> None:
    """Merge the cluster's entries into the user's kubeconfig `target` and make them current.

    `stop` takes them out again.

    Raises `InvalidObject` when `target` is no kubeconfig.
    """
    folder = Folder((locations or Locations.default()).cluster(name))
    folder.add_export(
        target
    )  # before the merge: what is remembered and not there does no harm, the other way round does
    kubeconfig.merge_into(target, folder.kubeconfig)


def load_image(name: str, archive: Path, *, locations: Locations | None = None) -> None:
    """Give the image in `archive` (as `docker save` writes it) to the real node of the cluster `name`.

    Pods use it with `imagePullPolicy: Never`. Raises `NotFound` when there is no cluster with a real node or no such
    file, `Unavailable` while containerd does not run.
    """
    folder = Folder((locations or Locations.default()).cluster(name))
    if not _is_running(folder) or not _has_real_node(folder):
        raise NotFound(
            f"no cluster {name} with a real node runs; start one with: argosy dev cluster up --real-node --name {name}"
        )
    if not archive.is_file():
        raise NotFound(f"there is no image archive {archive}")
    images.load(NodeFiles(folder.path).socket, archive)


def _has_real_node(folder: Folder) -> bool:
    plan = folder.read_plan()
    return plan is not None and plan.real_node


def _node_programs(cache: BinaryCache) -> dict[str, Path]:
    """Those that are there; the kubelet may have to be built."""
    kubelet = cache.find("kubelet")
    return {"containerd": machine.program("containerd")} | ({"kubelet": kubelet} if kubelet else {})


def _owner(pid: int | None) -> Process | None:
    if pid is None:
        return None
    process = Process.of(pid)
    if process is None:
        raise InvalidObject(f"there is no process {pid} to tie the cluster to", obj="cluster", field="owner_pid")
    return process


def _is_running(folder: Folder) -> bool:
    state = folder.read_state()
    return folder.supervisor() is not None and state is not None and state.phase in ("ready", "partial", "complete")


def _info(folder: Folder, name: str) -> ClusterInfo:
    state = folder.read_state() or State(name=name)
    alive = folder.supervisor() is not None
    return ClusterInfo(
        name=name,
        kubeconfig=folder.kubeconfig,
        server=state.server,
        components=state.components,
        phase=state.phase if alive or state.phase == "failed" else "crashed",
        version=state.version,
        message=state.message,
    )


def _start(folder: Folder, plan: Plan, progress: Progress) -> None:
    """Start the supervisor and wait for the API server.

    Once more if another program took one of the ports in between.
    """
    for attempt in (1, 2):
        _clean(folder, plan.name)
        private_directory(folder.logs)
        folder.write_plan(plan)
        with progress.step(f"starting the API server of {plan.name}", 4):
            failure = _launch(folder)
        if not failure:
            return
        if attempt == 2 or "address already in use" not in failure:
            raise Unavailable(f"the development cluster {plan.name} did not start: {failure}")


def _launch(folder: Folder) -> str:
    """Empty when the cluster is ready, else the reason why not."""
    environment = dict(os.environ)
    # The package may be importable here by other means than an installation (a test's path, a wheel on PYTHONPATH).
    roots = [str(Path(argosy.__file__).parents[1]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, roots))
    command = [sys.executable, "-m", "argosy.local.devcluster.supervisor", str(folder.path)]
    try:
        folder.log("supervisor").touch(mode=0o600)
        with folder.log("supervisor").open("ab") as log:
            launched = subprocess.run(
                command, env=environment, cwd=folder.path, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )
        if launched.returncode:
            return folder.last_words("supervisor") or f"the supervisor ended with exit code {launched.returncode}"
        wait_until(lambda: _is_running(folder) or folder.supervisor() is None, _START_SECONDS)
    except BaseException:  # an interrupted start leaves nothing behind
        if (supervisor := folder.supervisor()) is not None:
            supervisor.signal(signal.SIGTERM)
        raise
    if _is_running(folder):
        return ""
    state = folder.read_state()
    return (state.message if state else "") or folder.last_words("supervisor") or "the supervisor ended"


def _await_rest(folder: Folder, progress: Progress) -> None:
    """Wait until all components run. Raises `Unavailable` when one cannot be had or the cluster ends meanwhile."""

    def component(name: str) -> dict[str, Any]:
        state = folder.read_state()
        return state.components.get(name, {}) if state else {}

    def gone() -> bool:
        return folder.supervisor() is None

    def had(name: str) -> bool:
        return gone() or component(name).get("state") not in ("waiting", "fetching")

    plan = folder.read_plan()
    for name in plan.background if plan else ():
        if plan is not None and name not in plan.paths and not had(name):
            with progress.step(f"getting {name}", BINARIES[name].cold_seconds):
                wait_until(partial(had, name), _REST_SECONDS, 0.1)
    with progress.step("starting the controller manager, the scheduler and the nodes", 4):
        wait_until(
            lambda: gone() or (folder.read_state() or State("")).phase in ("complete", "partial"), _START_SECONDS
        )
    state = folder.read_state()
    if state is None or state.phase != "complete":
        reasons = [
            one["message"]
            for one in (state.components.values() if state else ())
            if one["state"] in ("unavailable", "exited")
        ]
        raise Unavailable("the development cluster is not complete: " + ("; ".join(reasons) or "it was stopped"))


def _clean(folder: Folder, name: str) -> None:
    """End whatever still runs of the cluster in `folder` and remove the folder."""
    if (supervisor := folder.supervisor()) is not None:
        supervisor.signal(signal.SIGTERM)
        if not wait_until(lambda: not supervisor.alive(), _END_SECONDS):
            supervisor.signal(signal.SIGKILL)
            wait_until(lambda: not supervisor.alive(), _END_SECONDS)
    state = folder.read_state()
    if state is not None:  # of a supervisor that could not tidy up
        left = [one for entry in reversed(state.components.values()) if (one := Process.from_json(entry)) is not None]
        for process in left:
            process.signal(signal.SIGKILL)
        wait_until(lambda: not any(one.alive() for one in left) and ports_are_free(state.ports), _END_SECONDS)
    if NodeFiles(folder.path).home.exists():
        sweep(folder.path)
    for target in folder.exports():
        kubeconfig.remove_from(target, name)
    shutil.rmtree(folder.path, ignore_errors=True)
