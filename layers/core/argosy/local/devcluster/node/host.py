"""What the supervisor holds of a real node, from before the API server starts until after it ended.

In: the cluster's folder. Out: the network (the API server listens in it), command lines of containerd and kubelet, when
each is ready, and the end of it all, which also comes when the supervisor is killed: a process of its own waits for
that.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO, Final

from argosy.errors import Unavailable
from argosy.local.devcluster.components import REAL_NODE_NAME
from argosy.local.devcluster.files import private_directory
from argosy.local.devcluster.node import images, kernel
from argosy.local.devcluster.node.machine import PATH
from argosy.local.devcluster.node.network import Claim, Network
from argosy.local.devcluster.node.settings import LABEL, PAUSE_IMAGE, NodeFiles, write_settings

__all__ = ["NodeHost"]

_FOREVER: Final = ("sleep", "2147483647")
_SWEEP_SECONDS: Final = 60.0


class NodeHost:
    """The node of one cluster. `network` is there once it is prepared."""

    network: Network

    def __init__(self, folder: Path, log: IO[bytes]) -> None:
        """Start the sweeper, before there is anything to sweep; `log` is for what goes wrong at the end."""
        self.files = NodeFiles(folder)
        private_directory(self.files.home)
        # In a session of its own: whoever kills our process group must not kill it.
        self._sweeper = subprocess.Popen(
            [sys.executable, "-m", "argosy.local.devcluster.node.sweeper", str(folder)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
        self._claim: Claim | None = None

    def prepare(self, kubelet_port: int) -> None:
        """Make the network and write all files. Raises `Unavailable` when the machine refuses."""
        self._claim = Claim(self.files.folder)
        self.network = self._claim.network
        write_settings(self.files, self.network, kubelet_port)
        kernel.remember(self.files)

    def arguments(self, name: str) -> list[str]:
        """Arguments for containerd or the kubelet."""
        if name == "containerd":
            return ["--config", str(self.files.containerd), "--log-level", "warn"]
        return [
            f"--config={self.files.kubelet}",
            f"--kubeconfig={self.files.folder / 'kubeconfig'}",
            f"--root-dir={self.files.home / 'kubelet'}",
            f"--cert-dir={self.files.home / 'certs'}",
            f"--hostname-override={REAL_NODE_NAME}",
            f"--node-ip={self.network.node}",
            f"--node-labels={LABEL}=real",
        ]

    def environment(self) -> dict[str, str]:
        """What both see of the environment: a home of their own, and where the programs are that they call."""
        return {"HOME": str(self.files.home), "PATH": PATH}

    def listening(self) -> bool:
        """Whether containerd takes images."""
        return self.files.socket.exists()

    def load_own_images(self) -> None:
        """What every pod's sandbox runs, and a busybox for pods that need no more than a shell."""
        for name, command in ((PAUSE_IMAGE, _FOREVER), (images.BUSYBOX_IMAGE, ("sh",))):
            archive = self.files.home / "image.tar"
            images.write_busybox_image(archive, name, command)
            images.load(self.files.socket, archive)
            archive.unlink()

    def close(self) -> None:
        """Remove the node. Raises `Unavailable` when something is left."""
        if self._sweeper.stdin is not None:
            self._sweeper.stdin.close()
        try:
            failed = self._sweeper.wait(_SWEEP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"the node in {self.files.home} is still being removed") from error
        if failed:
            raise Unavailable(f"something of the node in {self.files.home} is left")
