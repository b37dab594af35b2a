"""Command lines of the cluster's components, and how to see that each is ready.

In: folder, ports and paths of binaries. Out: argument lists and predicates; nothing is started here. Called by the
supervisor. Flags that are not obvious:

- etcd without fsync: the data lives as long as the cluster and a start takes seconds less on a slow disk.
- no ServiceAccount admission: pods do not wait for a token controller that may still be compiling.
- the grace period for nodes is hours: on a busy machine KWOK's heartbeats come late, and nodes that turn NotReady
  stop every pod from becoming Ready.
- KWOK takes only nodes labelled `type=kwok`, so that a node with real containers can stand beside them.

With a real node there are differences: the API server listens in the node's network, pods get tokens of their service
accounts as everywhere, and their service account has to be there before them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argosy.local.devcluster.apiserver import Api
from argosy.local.devcluster.versions import REAL_NODE

if TYPE_CHECKING:
    from argosy.local.devcluster.node.host import NodeHost

__all__ = ["NODES", "REAL_NODE_NAME", "Ports", "command_line", "environment", "is_ready", "node_manifest"]

NODES = ("kwok-0", "kwok-1")
"""Those that KWOK plays."""

REAL_NODE_NAME = "real-0"


@dataclass(frozen=True, slots=True)
class Ports:
    """All on 127.0.0.1, only the API server may be at another `host`."""

    etcd: int
    etcd_peer: int
    api: int
    host: str = "127.0.0.1"

    def all(self) -> list[int]:
        """Those on 127.0.0.1, for looking whether they are free again."""
        return [self.etcd, self.etcd_peer, *([self.api] if self.host == "127.0.0.1" else [])]


def command_line(name: str, binary: Path, folder: Path, ports: Ports, node: NodeHost | None = None) -> list[str]:
    """Arguments for the component `name` of the cluster in `folder`, which may have a real node."""
    make: dict[str, Callable[[Path, Ports], list[str]]] = {
        "etcd": _etcd,
        "kube-apiserver": _apiserver,
        "kube-controller-manager": _controller_manager,
        "kube-scheduler": _scheduler,
        "kwok": _kwok,
    }
    if node is not None and name in REAL_NODE:
        return [str(binary), *node.arguments(name)]
    more = _MORE[name](folder, node) if name in _MORE else []
    return [str(binary), *make[name](folder, ports), *more]


def environment(folder: Path, name: str = "", node: NodeHost | None = None) -> dict[str, str]:
    """What components see of the environment.

    No proxies (all talk to this machine), no credentials, a home of their own.
    """
    if node is not None and name in REAL_NODE:
        return node.environment()
    return {"HOME": str(folder), "PATH": "/usr/bin:/bin", "KWOK_WORKDIR": str(folder / "kwok")}


def _etcd(folder: Path, ports: Ports) -> list[str]:
    client, peer = f"http://127.0.0.1:{ports.etcd}", f"http://127.0.0.1:{ports.etcd_peer}"
    return [
        "--name=devcluster",
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=devcluster={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(folder: Path, ports: Ports) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{ports.etcd}",
        f"--secure-port={ports.api}",
        f"--bind-address={ports.host}",
        f"--cert-dir={folder / 'certs'}",
        f"--service-account-key-file={folder / 'sa.key'}",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
        "--shutdown-delay-duration=0s",
    ]


def _more_apiserver(_folder: Path, node: NodeHost | None) -> list[str]:
    if node is None:
        return ["--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount"]
    return [
        f"--service-cluster-ip-range={node.network.services}",
        f"--kubelet-client-certificate={node.files.client}",
        f"--kubelet-client-key={node.files.client}",
    ]


def _controller_manager(folder: Path, _ports: Ports) -> list[str]:
    return [
        f"--kubeconfig={folder / 'kubeconfig'}",
        "--leader-elect=false",
        f"--service-account-private-key-file={folder / 'sa.key'}",
        "--use-service-account-credentials=false",
        "--controllers=*,-ttl",
        "--secure-port=0",
        "--node-monitor-grace-period=5h",
        "--kube-api-qps=300",
        "--kube-api-burst=600",
    ]


def _scheduler(folder: Path, _ports: Ports) -> list[str]:
    return [
        f"--kubeconfig={folder / 'kubeconfig'}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=300",
        "--kube-api-burst=600",
    ]


def _kwok(folder: Path, _ports: Ports) -> list[str]:
    return [
        f"--kubeconfig={folder / 'kubeconfig'}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-label-selector=type=kwok",
        "--enable-crds=",
        "--node-lease-duration-seconds=40",
    ]


def _more_controller_manager(folder: Path, node: NodeHost | None) -> list[str]:
    # The API server's file holds the authority that signed it, too.
    return [] if node is None else [f"--root-ca-file={folder / 'certs' / 'apiserver.crt'}"]


_MORE: dict[str, Callable[[Path, NodeHost | None], list[str]]] = {
    "kube-apiserver": _more_apiserver,
    "kube-controller-manager": _more_controller_manager,
}


def is_ready(name: str, api: Api, node: NodeHost | None = None) -> bool:
    """Whether a component that runs behind the API server has done its first work.

    The controller manager makes the default service account, KWOK makes its nodes Ready, and so does the kubelet;
    containerd listens; the scheduler leaves no trace until there is a pod.
    """
    if name == "kube-controller-manager":
        return api.ok("/api/v1/namespaces/default/serviceaccounts/default")
    if name == "kwok":
        return all(_node_ready(one, api) for one in NODES)
    if name == "kubelet":
        return _node_ready(REAL_NODE_NAME, api)
    if name == "containerd" and node is not None:
        return node.listening()
    return True


def _node_ready(name: str, api: Api) -> bool:
    status, node = api.call("GET", f"/api/v1/nodes/{name}")
    conditions = node["status"].get("conditions", []) if status == 200 else []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def node_manifest(name: str) -> dict[str, Any]:
    """A node that KWOK plays, with room for whatever a test wants to schedule."""
    room = {"cpu": "256", "memory": "1Ti", "ephemeral-storage": "10Ti", "pods": "10000"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {
                "type": "kwok",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/role": "agent",
                "node-role.kubernetes.io/agent": "",
            },
        },
        "status": {
            "allocatable": room,
            "capacity": room,
            "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": "fake"},
        },
    }
