"""Whether this machine can carry a real node, and what it needs for that.

In: the machine. Out: nothing when it can, else an error that names the way out; missing programs are installed from
Debian's packages where there is apt-get. Called by `lifecycle` before anything is started.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from argosy.errors import Unavailable, Unsupported
from argosy.local.devcluster.progress import QUIET, Progress

__all__ = ["PACKAGES", "PATH", "cni_plugins", "program", "provide", "require_root_on_linux"]

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where a node's programs are looked for; a user's own PATH often lacks the sbin folders."""

PACKAGES: Final = {
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    "busybox": "busybox-static",
    "ip": "iproute2",
    "openssl": "openssl",
}
"""Debian's package of each program."""

_PLUGINS_PACKAGE: Final = "containernetworking-plugins"
_PLUGINS: Final = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
_NEEDED_PLUGINS: Final = ("bridge", "host-local", "loopback")
_INSTEAD: Final = "leave --real-node away, or use a cluster of your own: argosy up --cluster CONTEXT"


def require_root_on_linux(system: str | None = None, uid: int | None = None) -> None:
    """Raises `Unsupported` for a machine (`system` as the platform module calls it) or a user that cannot run containers."""
    system = system or platform.system()
    if system != "Linux":
        raise Unsupported(f"a real node needs Linux, this is {system}; {_INSTEAD}")
    uid = os.geteuid() if uid is None else uid
    if uid != 0:
        raise Unsupported(f"a real node needs root, this is user {uid}; run the command as root (sudo -E), {_INSTEAD}")


def program(name: str, path: str = PATH) -> Path:
    """Where `name` is. Raises `Unavailable` with its package when it is missing."""
    found = shutil.which(name, path=path)
    if found is None:
        raise Unavailable(f"a real node needs {name}, of the package {PACKAGES[name]} in Debian; {_INSTEAD}")
    return Path(found)


def cni_plugins(places: tuple[Path, ...] = _PLUGINS) -> Path | None:
    """The folder with the network plugins that a node needs."""
    return next((place for place in places if all((place / one).is_file() for one in _NEEDED_PLUGINS)), None)


def provide(progress: Progress = QUIET, path: str = PATH, places: tuple[Path, ...] = _PLUGINS) -> None:
    """See to it that everything is there; install what is missing. Raises `Unavailable` when that fails."""
    missing = _missing(path, places)
    if not missing:
        return
    apt = shutil.which("apt-get", path=path)
    if apt is None:
        raise Unavailable(
            f"a real node needs what Debian packages as {', '.join(missing)}; install that, or {_INSTEAD}"
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with progress.step(f"apt-get install {' '.join(missing)}", 30):
        # Another apt may be at work, for instance that of a second start.
        locked = ("-o", "DPkg::Lock::Timeout=120")
        _run([apt, *locked, "update"], environment)
        _run([apt, *locked, "install", "--yes", "--no-install-recommends", *missing], environment)
    if missing := _missing(path, places):
        raise Unavailable(f"a real node needs {', '.join(missing)}, and they are not there after their installation")


def _missing(path: str, places: tuple[Path, ...]) -> list[str]:
    packages = {package for name, package in PACKAGES.items() if shutil.which(name, path=path) is None}
    if cni_plugins(places) is None:
        packages.add(_PLUGINS_PACKAGE)
    return sorted(packages)


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.strip()][-3:]
        raise Unavailable(
            f"{' '.join(command)} failed with exit code {done.returncode}: {' | '.join(said)}; {_INSTEAD}"
        )
