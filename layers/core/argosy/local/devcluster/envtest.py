"""Release binaries from the archives that Kubernetes publishes for its own envtest.

In: the index `envtest-releases.yaml` of kubernetes-sigs/controller-tools and one .tar.gz per version and platform.
Out: etcd, kube-apiserver and kubectl. Called by `binaries.BinaryCache` before it thinks of building. Short limits,
because behind a closed firewall the answer is "no" and a person waits for it: seconds to connect, a budget for the
whole, a cap on the size. The archive counts only if its SHA-512 is the one in the index; nothing is extracted,
single members are read by name.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import yaml

from argosy.errors import Unavailable
from argosy.local.devcluster.versions import KUBERNETES, platform_tag

__all__ = ["EnvtestArchives", "Limits"]

_REPOSITORY = "kubernetes-sigs/controller-tools"
_INDEX = f"https://raw.githubusercontent.com/{_REPOSITORY}/HEAD/envtest-releases.yaml"
_ARCHIVES = f"https://github.com/{_REPOSITORY}/releases/download/"
_MEMBERS = ("etcd", "kube-apiserver", "kubectl")
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds until a connection must stand or the next bytes must come, seconds for everything, bytes of one file."""

    connect: float = 3.0
    total: float = 300.0
    size: int = 600 << 20


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

            self._fetch(link, end, self._limits.size, keep)
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
        self._fetch(url, end, cap, chunks.append)
        return b"".join(chunks)

    def _fetch(self, url: str, end: float, cap: int, take: Callable[[bytes], object]) -> None:
        try:
            _resolve(url, self._limits.connect)
            # The addresses are the two constants above, and links that begin with the second.
            with urllib.request.urlopen(url, timeout=self._limits.connect) as answer:  # noqa: S310 - https constants, see above
                _pump(answer, end, cap, take)
                if answer.length:  # what Content-Length promised and did not come
                    raise Unavailable(f"{url} ended {answer.length} bytes too early")
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{url}: {getattr(error, 'reason', None) or error or type(error).__name__}") from error


def _pump(answer: http.client.HTTPResponse, end: float, cap: int, take: Callable[[bytes], object]) -> None:
    size = 0
    while chunk := answer.read1(_CHUNK):
        size += len(chunk)
        if size > cap:
            raise OSError(f"more than {cap} bytes")
        if time.monotonic() > end:
            raise OSError("too slow: the time limit is over")
        take(chunk)


def _resolve(url: str, seconds: float) -> None:
    """Fail after `seconds` when the name server does not answer.

    The resolver's own patience (tens of seconds) cannot be set.
    """
    host = urlsplit(url).hostname or ""
    if urllib.request.getproxies().get(urlsplit(url).scheme) and not urllib.request.proxy_bypass(host):
        return  # the proxy resolves
    failure: list[OSError] = []

    def look() -> None:
        try:
            socket.getaddrinfo(host, None)
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no address for {host} within {seconds:g} s")
    if failure:
        raise failure[0]


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
    while chunk := source.read(_CHUNK):
        target.write(chunk)
