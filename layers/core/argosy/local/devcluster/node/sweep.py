"""Takes a real node away, whatever state it is in: processes, cgroups, mounts, interfaces, kernel settings, files.

In: the cluster's folder. Out: nothing of the node is left. Called by `sweeper`, when the supervisor is done or was
killed, and by `lifecycle` for the remains of a cluster; it may run twice at the same time, and finds its work from what
is there, not from notes. Containers need this: the kernel ends the kubelet and containerd with their parent, but shims
and what they run are meant to outlive them.

A folder is only removed once nothing is mounted below it: what is mounted there may be somebody's hostPath.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from argosy.errors import Unavailable
from argosy.local.devcluster.node import kernel
from argosy.local.devcluster.node.network import remove_bridge
from argosy.local.devcluster.node.settings import NodeFiles
from argosy.local.devcluster.processes import Process, wait_until

__all__ = ["sweep"]

_ORDER: Final = ("kubelet", "containerd", "ctr", "containerd-shim-runc-v2", "runc")
_SECONDS: Final = 30.0
_DETACH_NOT_FOLLOWING: Final = 2 | 8  # MNT_DETACH | UMOUNT_NOFOLLOW, sys/mount.h

_KUBELETS_SOCKET: Final = Path("/var/lib/kubelet/device-plugins/kubelet.sock")
_SHARED_FOLDERS: Final = (
    "/run/containerd/s",
    "/run/containerd",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet",
    "/var/log/containers",
)


def sweep(folder: Path) -> None:
    """Remove the node of the cluster in `folder`. Raises `Unavailable` when something resists."""
    files = NodeFiles(folder)
    containers: set[str] = set()
    if not wait_until(lambda: not _kill(files, containers), _SECONDS):
        left = ", ".join(str(one.pid) for one in _processes(files, containers))
        raise Unavailable(f"processes of the node in {folder} do not end: {left}")
    _remove_cgroups(containers)
    _unmount(files.home)
    remove_bridge(folder)
    kernel.restore(files)
    for container in containers:
        _remove_shim_socket(files.tasks / container / "address")
    _remove_outside(files, containers)
    shutil.rmtree(files.home, ignore_errors=True)


def _kill(files: NodeFiles, containers: set[str]) -> list[Process]:
    """Kill what still runs, and add to `containers` what was there: while containerd lives there may be more of them."""
    with contextlib.suppress(FileNotFoundError):
        containers |= {task.name for task in files.tasks.iterdir()}
    found = _processes(files, containers)
    for process in found:
        process.signal(signal.SIGKILL)
    return found


def _processes(files: NodeFiles, containers: set[str]) -> list[Process]:
    """The programs that were given a file of the node, in the order to end them, then everything in its containers."""
    programs: list[tuple[int, Process]] = []
    inside: list[Process] = []
    home = f"{files.home}/".encode()
    for pid, arguments, cgroups in _running():
        name = Path(os.fsdecode(arguments[0])).name if arguments else ""
        if name in _ORDER and any(home in argument for argument in arguments[1:]):
            programs += [(_ORDER.index(name), process) for process in [Process.of(pid)] if process]
        elif any(container in cgroups for container in containers):
            inside += [process for process in [Process.of(pid)] if process]
    return [process for _, process in sorted(programs, key=lambda one: one[0])] + inside


def _running() -> Iterator[tuple[int, list[bytes], str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
                yield int(entry.name), arguments, (entry / "cgroup").read_text()


def _mounts() -> list[tuple[Path, str]]:
    """(place, type) of everything mounted, in the order of mounting."""
    lines = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [(Path(_unescaped(fields[4])), fields[fields.index("-") + 1]) for fields in lines]


def _unescaped(place: str) -> str:
    return place.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")


def _remove_cgroups(containers: set[str]) -> None:
    """Cgroups are named as their containers, below one of containerd's; an empty one is removed as a folder is."""
    for root in [place / "k8s.io" for place, kind in _mounts() if kind in ("cgroup", "cgroup2")]:
        for container in containers:
            for folder, _, _ in os.walk(root / container, topdown=False):
                _remove_if_empty(Path(folder))
        _remove_if_empty(root)


def _unmount(home: Path) -> None:
    umount = ctypes.CDLL(None, use_errno=True).umount2

    def below() -> list[Path]:
        return [place for place, _ in _mounts() if place.is_relative_to(home)]

    for place in reversed(below()):
        umount(os.fsencode(place), _DETACH_NOT_FOLLOWING)
    if left := below():
        raise Unavailable(f"still mounted: {', '.join(map(str, left))}; nothing below {home} is removed")


def _remove_outside(files: NodeFiles, containers: set[str]) -> None:
    """What containerd, the kubelet and the network plugins put where no setting reaches."""
    for link in Path("/var/log/containers").glob("*.log"):
        with contextlib.suppress(FileNotFoundError):
            if link.is_symlink() and link.readlink().is_relative_to(files.home):
                link.unlink()
    for result in Path("/var/lib/cni/results").glob("*-*-*"):
        if any(container in result.name for container in containers):
            result.unlink(missing_ok=True)
    if not _answers(_KUBELETS_SOCKET):
        _KUBELETS_SOCKET.unlink(missing_ok=True)
    for folder in _SHARED_FOLDERS:
        _remove_if_empty(Path(folder))


def _answers(address: Path) -> bool:
    """Whether a process, such as another kubelet, listens there."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _remove_shim_socket(address: Path) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        Path(address.read_text().removeprefix("unix://")).unlink(missing_ok=True)
