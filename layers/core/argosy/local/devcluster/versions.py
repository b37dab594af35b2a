"""What the development cluster is made of: pinned versions, where each binary comes from, how long it takes.

In: nothing. Out: constants that `gobuild`, `envtest`, `locations` and the supervisor read; a new Kubernetes version
is a change of this file only. The numbers after each binary are seconds of a cold build on two cores; they only
draw the progress bar.

Kubernetes is not made to be imported: its go.mod requires its own staging modules at v0.0.0 and replaces them by
folders, and replacements of a dependency do not count. So the generated module file repeats them against the
released staging modules (v1.34.0 is published as v0.34.0). KWOK gets a module of its own because it compiles
against an older API machinery, etcd because it is quicker alone.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

from argosy.errors import Unsupported

__all__ = [
    "BACKGROUND",
    "BINARIES",
    "ESSENTIAL",
    "KUBERNETES",
    "MODULES",
    "REAL_NODE",
    "Binary",
    "GoModule",
    "platform_tag",
]

KUBERNETES = "1.34.0"
KUBERNETES_BUILD_DATE = "2025-08-27T00:00:00Z"
ETCD = "3.6.4"
KWOK = "0.7.0"

GO_LANGUAGE = "1.24.0"
"""Language version of the generated modules; Kubernetes 1.34 asks for it."""

STAGING = (
    "api",
    "apiextensions-apiserver",
    "apimachinery",
    "apiserver",
    "cli-runtime",
    "client-go",
    "cloud-provider",
    "cluster-bootstrap",
    "code-generator",
    "component-base",
    "component-helpers",
    "controller-manager",
    "cri-api",
    "cri-client",
    "csi-translation-lib",
    "dynamic-resource-allocation",
    "endpointslice",
    "externaljwt",
    "kms",
    "kube-aggregator",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "metrics",
    "mount-utils",
    "pod-security-admission",
    "sample-apiserver",
    "sample-cli-plugin",
    "sample-controller",
)

ESSENTIAL = ("etcd", "kube-apiserver")
"""Enough for a working API; obtained first."""

BACKGROUND = ("kube-controller-manager", "kube-scheduler", "kwok")
"""Started as soon as they are there, in this order; the API server does not wait for them."""

REAL_NODE = ("containerd", "kubelet")
"""Started after these where a real node is asked for; containerd is the machine's own."""


@dataclass(frozen=True, slots=True)
class GoModule:
    """A module file to generate.

    `tools` are resolved with `go get -tool` so that the versions of all dependencies are those of the tools' own
    builds.
    """

    name: str
    version: str
    tools: tuple[str, ...]
    require: str = ""
    replace: tuple[str, ...] = ()
    ldflags: str = "-s -w"

    def text(self) -> str:
        """The go.mod before resolution."""
        lines = [f"module argosy.dev/{self.name}", "", f"go {GO_LANGUAGE}", ""]
        if self.require:
            lines += [f"require {self.require} {self.version}", ""]
        if self.replace:
            lines += ["replace (", *(f"\t{line}" for line in self.replace), ")", ""]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Binary:
    """One executable: the Go package it is built from and the cold build time in seconds."""

    name: str
    module: str
    package: str
    cold_seconds: float


def _version_flags() -> str:
    # An unstamped server calls itself v0.0.0-master, and helm and kubectl refuse it as too old.
    major, minor, _ = KUBERNETES.split(".")
    stamps = {
        "gitVersion": f"v{KUBERNETES}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "buildDate": KUBERNETES_BUILD_DATE,
    }
    return " ".join(["-s", "-w", *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamps.items())])


def _staging_replacements() -> tuple[str, ...]:
    released = "v0." + KUBERNETES.split(".", 1)[1]
    return tuple(f"k8s.io/{name} => k8s.io/{name} {released}" for name in STAGING)


MODULES: dict[str, GoModule] = {
    module.name: module
    for module in (
        GoModule(
            name="devcluster",
            version=f"v{KUBERNETES}",
            # kubelet is built only for a real node; with it in the graph it shares every version and so the build
            # cache.
            tools=tuple(
                f"k8s.io/kubernetes/cmd/{name}"
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
            ),
            require="k8s.io/kubernetes",
            replace=_staging_replacements(),
            ldflags=_version_flags(),
        ),
        GoModule(name="devcluster-etcd", version=f"v{ETCD}", tools=("go.etcd.io/etcd/server/v3",)),
        GoModule(name="devcluster-kwok", version=f"v{KWOK}", tools=("sigs.k8s.io/kwok/cmd/kwok",)),
    )
}

BINARIES: dict[str, Binary] = {
    binary.name: binary
    for binary in (
        Binary("etcd", "devcluster-etcd", "go.etcd.io/etcd/server/v3", 18),
        Binary("kube-apiserver", "devcluster", "k8s.io/kubernetes/cmd/kube-apiserver", 193),
        Binary("kube-controller-manager", "devcluster", "k8s.io/kubernetes/cmd/kube-controller-manager", 84),
        Binary("kube-scheduler", "devcluster", "k8s.io/kubernetes/cmd/kube-scheduler", 68),
        Binary("kubelet", "devcluster", "k8s.io/kubernetes/cmd/kubelet", 35),
        Binary("kwok", "devcluster-kwok", "sigs.k8s.io/kwok/cmd/kwok", 106),
    )
}

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def platform_tag() -> tuple[str, str]:
    """(os, arch) of this machine in Go's words.

    Raises `Unsupported` where Kubernetes' control plane has no build for it.
    """
    system = platform.system().lower()
    arch = _ARCHITECTURES.get(platform.machine().lower())
    if system not in ("linux", "darwin") or arch is None:
        raise Unsupported(
            f"the development cluster does not run on {platform.system()} {platform.machine()}; "
            "use a cluster of your own: argosy up --cluster CONTEXT"
        )
    return system, arch
