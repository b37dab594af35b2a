"""Release binaries from the archives that Kubernetes publishes for its own envtest.

In: the index `envtest-releases.yaml` of kubernetes-sigs/controller-tools and one .tar.gz per version and platform.
Out: etcd, kube-apiserver and kubectl. Called by `binaries.BinaryCache` before it thinks of building. Short limits,
because behind a closed firewall the answer is "no" and a person waits for it: seconds to connect, a budget for the
whole, a cap on the size. The archive counts only if its SHA-512 is the one in the index; nothing is extracted,
single members are read by name.
"""

from __future__ import annotations

import hashlib
import tarfile
import time
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from argosy.errors import Unavailable
from argosy.local.devcluster.downloads import CHUNK, Limits, fetch
from argosy.local.devcluster.versions import KUBERNETES, platform_tag

__all__ = ["EnvtestArchives", "Limits"]

_REPOSITORY = "kubernetes-sigs/controller-tools"
_INDEX = f"https://raw.githubusercontent.com/{_REPOSITORY}/HEAD/envtest-releases.yaml"
_ARCHIVES = f"https://github.com/{_REPOSITORY}/releases/download/"
_MEMBERS = ("etcd", "kube-apiserver", "kubectl")


class EnvtestArchives:
    """The `Source` of envtest archives for one Kubernetes version.

    `archives` is the address that every archive's link must begin with.
    """

    title = "downloading envtest"

    def __init__(
        self, version: str = KUBERNETES, *, index: str = _INDEX, archives: str = _ARCHIVES, limits: Limits | None = None
    ) -> None:
        self._version, self._index, self._archives = version, index, archives
        self._limits = limits or Limits()

    def seconds(self, _name: str, /) -> float:
        """A usual download of some 100 MB."""
        return 20.0

    def offers(self, name: str) -> bool:
        """The archives hold three binaries."""
        return name in _MEMBERS

    def obtain(self, _name: str, staging: Path, /) -> list[str]:
        """Download, verify, unpack all three. Raises `Unavailable` with the reason in one line."""
        end = time.monotonic() + self._limits.total
        link, checksum = self._entry(_read_index(self._download(self._index, end, 8 << 20)))
        archive = staging / "archive.tar.gz"
        actual = hashlib.sha512()
        with archive.open("wb") as file:

            def keep(chunk: bytes) -> None:
                actual.update(chunk)
                file.write(chunk)

            fetch(link, end, self._limits.size, keep, self._limits.connect)
        if actual.hexdigest() != checksum:
            raise Unavailable(
                f"{link} has SHA-512 {actual.hexdigest()[:12]}…, the index says {checksum[:12]}…; it was thrown away"
            )
        return _unpack(archive, staging, self._limits.size)

    def _entry(self, releases: dict[str, Any]) -> tuple[str, str]:
        system, arch = platform_tag()
        version = f"v{self._version}"
        entry = (releases.get(version) or {}).get(f"envtest-{version}-{system}-{arch}.tar.gz") or {}
        link, checksum = entry.get("selfLink"), entry.get("hash")
        if not isinstance(link, str) or not isinstance(checksum, str):
            raise Unavailable(f"the index {self._index} has no Kubernetes {version} for {system}-{arch}")
        if not link.startswith(self._archives):
            raise Unavailable(f"the index {self._index} points outside {self._archives}: {link}")
        return link, checksum.lower()

    def _download(self, url: str, end: float, cap: int) -> bytes:
        chunks: list[bytes] = []
        fetch(url, end, cap, chunks.append, self._limits.connect)
        return b"".join(chunks)


def _read_index(text: bytes) -> dict[str, Any]:
    try:
        releases = yaml.safe_load(text)["releases"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise Unavailable("the index of envtest archives is not in the form that is known") from error
    return releases if isinstance(releases, dict) else {}


def _unpack(archive: Path, staging: Path, cap: int) -> list[str]:
    done = []
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = Path(member.name).name
                content = (
                    tar.extractfile(member) if name in _MEMBERS and member.isreg() and member.size <= cap else None
                )
                if content is not None:
                    with content, (staging / name).open("wb") as file:
                        _copy(content, file)
                    done.append(name)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Unavailable(f"the envtest archive cannot be read: {error}") from error
    if missing := sorted(set(_MEMBERS) - set(done)):
        raise Unavailable(f"the envtest archive lacks {', '.join(missing)}")
    return done


def _copy(source: Any, target: BinaryIO) -> None:
    while chunk := source.read(CHUNK):
        target.write(chunk)
