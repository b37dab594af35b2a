"""The tools that render, pinned: a new version of one is a change of this file alone.

Helm is the one that Argo CD 3.6 brings, Kustomize the newest that Go 1.26 builds (3.6 brings 5.8.3, which asks for 1.27). A
release's checksum is that of the archive which its project publishes, as Argo CD's `hack/installers/checksums` has it too.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HELM", "KUSTOMIZE", "RELEASES", "VERSIONS"]

HELM: Final = "4.3.1"
KUSTOMIZE: Final = "5.8.1"
JSONNET: Final = "0.22.0"

VERSIONS: Final = {"helm": HELM, "kustomize": KUSTOMIZE, "jsonnet": JSONNET}

_GITHUB = "https://github.com/kubernetes-sigs/kustomize/releases/download"

RELEASES: Final[dict[tuple[str, str, str], tuple[str, str]]] = {
    (name, system, architecture): (address, checksum)
    for name, system, architecture, address, checksum in (
        (
            "helm",
            "linux",
            "amd64",
            f"https://get.helm.sh/helm-v{HELM}-linux-amd64.tar.gz",
            "0403a88ae20913d11b10a2467b50087721fea7581736da6b9d3992f5357fe54b",
        ),
        (
            "helm",
            "linux",
            "arm64",
            f"https://get.helm.sh/helm-v{HELM}-linux-arm64.tar.gz",
            "8cf8f66ecbc252ac8f7f06cca68aba88508ddfde3a6a34feb1678ad1694b4f88",
        ),
        (
            "helm",
            "darwin",
            "amd64",
            f"https://get.helm.sh/helm-v{HELM}-darwin-amd64.tar.gz",
            "34bec4eba761ba5c16d1965ee6b8f5b0abe5993974a802274e2a4f0418893d89",
        ),
        (
            "helm",
            "darwin",
            "arm64",
            f"https://get.helm.sh/helm-v{HELM}-darwin-arm64.tar.gz",
            "6b4e61c8cd27d99e5a801e63ff25dd5c70b36875c2cd659d3e9ce6b76fc23198",
        ),
        (
            "kustomize",
            "linux",
            "amd64",
            f"{_GITHUB}/kustomize/v{KUSTOMIZE}/kustomize_v{KUSTOMIZE}_linux_amd64.tar.gz",
            "029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d",
        ),
        (
            "kustomize",
            "linux",
            "arm64",
            f"{_GITHUB}/kustomize/v{KUSTOMIZE}/kustomize_v{KUSTOMIZE}_linux_arm64.tar.gz",
            "0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142",
        ),
        (
            "kustomize",
            "darwin",
            "amd64",
            f"{_GITHUB}/kustomize/v{KUSTOMIZE}/kustomize_v{KUSTOMIZE}_darwin_amd64.tar.gz",
            "ee7cf0c1e3592aa7bb66ba82b359933a95e7f2e0b36e5f53ed0a4535b017f2f8",
        ),
        (
            "kustomize",
            "darwin",
            "arm64",
            f"{_GITHUB}/kustomize/v{KUSTOMIZE}/kustomize_v{KUSTOMIZE}_darwin_arm64.tar.gz",
            "8886f8a78474e608cc81234f729fda188a9767da23e28925802f00ece2bab288",
        ),
    )
}
"""(tool, system, architecture) → address of the release's archive and its SHA-256."""
