"""The files of a real node: settings of containerd, kubelet and the pod network, and how the API server shows who it
is.

In: the cluster's folder, the network. Out: files in FOLDER/node. Called by the supervisor through `host`. What is not
obvious:

- every path that has a default elsewhere on the machine is set to one in the folder, so that removing the folder
  removes all.
- containerd: snapshots are copies, since an overlay on an overlay is refused where this machine is a container itself;
  no AppArmor profile is loaded, because it would stay; children's OOM scores are left alone where the right for it is
  missing.
- kubelet: no cgroups of its own and no limits on local storage, which need more of the kernel than tests do; no rules
  of iptables; no collection of images, which nobody could pull again.
- Only the API server may talk to the kubelet, by a certificate made for this start. Whoever may talk to a kubelet is
  root.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from argosy.errors import Unavailable
from argosy.local.devcluster.files import private_directory, write_json, write_private
from argosy.local.devcluster.node.machine import cni_plugins, program
from argosy.local.devcluster.node.network import Network

__all__ = ["LABEL", "PAUSE_IMAGE", "NodeFiles", "write_settings"]

LABEL = "argosy.dev/node"
"""`argosy.dev/node: real` is how a pod chooses the node; other pods stay away from it while there is room elsewhere."""

PAUSE_IMAGE = "localhost/pause:1"


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """Where the files of the node of the cluster in `folder` are."""

    folder: Path

    @property
    def home(self) -> Path:
        """Everything of the node, under the name that the kernel tells mounts by."""
        return self.folder.resolve() / "node"

    @property
    def socket(self) -> Path:
        """Where containerd listens."""
        return self.home / "containerd.sock"

    @property
    def containerd(self) -> Path:
        """Settings of containerd."""
        return self.home / "containerd.toml"

    @property
    def kubelet(self) -> Path:
        """Settings of the kubelet."""
        return self.home / "kubelet.yaml"

    @property
    def client(self) -> Path:
        """The certificate and key of the API server towards the kubelet, in one file."""
        return self.home / "apiserver-client.pem"

    @property
    def tasks(self) -> Path:
        """A folder for each container that containerd's shims hold."""
        return self.home / "state" / "io.containerd.runtime.v2.task" / "k8s.io"


def write_settings(files: NodeFiles, network: Network, kubelet_port: int) -> None:
    """All files, before anything is started."""
    private_directory(files.home / "cni")
    write_private(files.containerd, _containerd(files))
    write_private(files.kubelet, yaml.safe_dump(_kubelet(files, network, kubelet_port)))
    write_json(files.home / "cni" / "pods.conflist", _pod_network(files, network))
    _make_client(files.client)


def _containerd(files: NodeFiles) -> str:
    def quoted(path: Path) -> str:
        return json.dumps(str(path))  # a TOML basic string is written as a JSON string is

    return f"""version = 2
root = {quoted(files.home / "root")}
state = {quoted(files.home / "state")}
[grpc]
  address = {quoted(files.socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = {quoted(files.home / "opt")}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {quoted(cni_plugins() or Path("/usr/lib/cni"))}
    conf_dir = {quoted(files.home / "cni")}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = {quoted(program("runc"))}
        Root = {quoted(files.home / "runc")}
"""


def _kubelet(files: NodeFiles, network: Network, port: int) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": network.node,
        "port": port,
        "readOnlyPort": 0,
        "healthzPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(files.client)},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{files.socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "localStorageCapacityIsolation": False,
        "evictionHard": {"nodefs.available": "1%", "imagefs.available": "1%", "memory.available": "100Mi"},
        "imageGCHighThresholdPercent": 100,
        "podLogsDir": str(files.home / "pods"),
        "volumePluginDir": str(files.home / "volumes"),
        "registerWithTaints": [{"key": LABEL, "value": "real", "effect": "PreferNoSchedule"}],
    }


def _pod_network(files: NodeFiles, network: Network) -> dict[str, object]:
    ipam = {
        "type": "host-local",
        "subnet": network.pods,
        "gateway": network.node,
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(files.home / "addresses"),
    }
    bridge = {"type": "bridge", "bridge": network.bridge, "isGateway": False, "ipMasq": False, "ipam": ipam}
    return {"cniVersion": "0.4.0", "name": network.bridge, "plugins": [bridge]}


def _make_client(path: Path) -> None:
    """A key and a certificate that vouches for itself: the kubelet is given it as the only authority."""
    key, certificate = path.with_suffix(".key"), path.with_suffix(".crt")
    command = [
        *(str(program("openssl")), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"),
        *("-subj", "/O=system:masters/CN=kube-apiserver", "-addext", "extendedKeyUsage=clientAuth", "-days", "365"),
        *("-keyout", str(key), "-out", str(certificate)),
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"openssl made no certificate: {done.stderr.strip()[-400:]}")
    write_private(path, certificate.read_text() + key.read_text())
    key.unlink()
    certificate.unlink()
