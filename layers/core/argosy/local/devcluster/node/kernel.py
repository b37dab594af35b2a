"""The kernel's settings that a kubelet changes on the machine it runs on, and that get their old values back.

In: the node's files. Out: a note there, and the settings. Called by `host` before the kubelet starts and by `sweep`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argosy.local.devcluster.files import read_json, write_json
from argosy.local.devcluster.node.settings import NodeFiles

__all__ = ["remember", "restore"]

_ROOT: Final = Path("/proc/sys")
_KUBELETS: Final = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What every kubelet sets (kubernetes v1.34, component-helpers/node/util/sysctl)."""


def remember(files: NodeFiles, root: Path = _ROOT) -> None:
    """Note the settings that the kubelet is going to change.

    One that has the kubelet's value already is not noted: another node may have given it, and will take it back.
    """
    settings = {name: (root / name).read_text().strip() for name in _KUBELETS}
    write_json(_noted(files), {name: now for name, now in settings.items() if now != _KUBELETS[name]})


def restore(files: NodeFiles, root: Path = _ROOT) -> None:
    """Give back what was noted, if anything was."""
    for name, value in (read_json(_noted(files)) or {}).items():
        (root / name).write_text(value)


def _noted(files: NodeFiles) -> Path:
    return files.home / "kernel.json"
