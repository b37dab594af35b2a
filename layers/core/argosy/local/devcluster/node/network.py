"""The addresses of a real node: a bridge on this machine that its pods, the kubelet and the API server share.

In: the cluster's folder. Out: `Network`, and the bridge. The range is 198.18.0.0/15, set aside for test benches (RFC
2544), so that nothing that a machine talks to is hidden. Pods get 198.18.N.0/24, services 198.19.N.0/24.

There is no kube-proxy. The one service that every cluster has, `kubernetes`, is always the first address of the service
range, port 443: the API server itself listens there, so a pod reaches it as it would anywhere. Pods reach this machine
and each other, and nothing outside: there is no masquerading, no rule of iptables, and no setting of the kernel is
touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argosy.errors import Unavailable
from argosy.local.devcluster.node.machine import program

__all__ = ["Claim", "Network", "bridge_name", "remove_bridge"]

_NUMBERS = 256


@dataclass(frozen=True, slots=True)
class Network:
    """The network with the number N, and the name of its bridge."""

    number: int
    bridge: str

    @property
    def pods(self) -> str:
        """The range of pods."""
        return f"198.18.{self.number}.0/24"

    @property
    def node(self) -> str:
        """The bridge's own address: the node's, and the pods' way out."""
        return f"198.18.{self.number}.1"

    @property
    def services(self) -> str:
        """The range of services."""
        return f"198.19.{self.number}.0/24"

    @property
    def api(self) -> str:
        """The address of the service `kubernetes`, where the API server listens."""
        return f"198.19.{self.number}.1"


class Claim:
    """A network that is this process's own as long as it lives.

    The number is held by the name of a socket, which the kernel gives to one process at a time and takes back from a dead
    one; what a dead cluster has not yet tidied up is seen by its addresses.
    """

    def __init__(self, folder: Path) -> None:
        """Take a free network and make its bridge. Raises `Unavailable` when none is left, or the kernel refuses."""
        self._held = socket.socket(socket.AF_UNIX)
        self.network = Network(self._number(folder), bridge_name(folder))
        bridge = self.network.bridge
        _ip("link", "add", bridge, "type", "bridge")
        _ip("address", "add", f"{self.network.node}/24", "dev", bridge)
        _ip("address", "add", f"{self.network.api}/32", "dev", bridge)
        _ip("link", "set", bridge, "up")

    def _number(self, folder: Path) -> int:
        used = _addresses()
        first = _digest(folder)[0]
        for number in ((first + step) % _NUMBERS for step in range(_NUMBERS)):
            if f"198.18.{number}.1" in used:
                continue
            try:
                self._held.bind(f"\0argosy-node-{number}")
            except OSError:
                continue
            return number
        raise Unavailable(f"all {_NUMBERS} networks for real nodes are taken (ip address, 198.18.N.1)")


def bridge_name(folder: Path) -> str:
    """The bridge of the cluster in `folder`: known before there is one, so that it is found whatever happened."""
    return f"argosy-{_digest(folder).hex()[:8]}"


def remove_bridge(folder: Path) -> None:
    """Remove the bridge of the cluster in `folder` and the interfaces of pods on it, if there are any."""
    bridge = bridge_name(folder)
    interfaces = Path(f"/sys/class/net/{bridge}/brif")
    with contextlib.suppress(FileNotFoundError):
        for interface in interfaces.iterdir():
            _ip("link", "delete", interface.name, check=False)  # may be gone by itself: its other end was
    if interfaces.is_dir():
        _ip("link", "delete", bridge, check=False)


def _digest(folder: Path) -> bytes:
    return hashlib.sha256(str(folder.resolve()).encode()).digest()


def _addresses() -> set[str]:
    shown: list[dict[str, Any]] = json.loads(_ip("-json", "-4", "address"))
    return {str(one["local"]) for link in shown for one in link.get("addr_info", ())}


def _ip(*arguments: str, check: bool = True) -> str:
    command = [str(program("ip")), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise Unavailable(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout
