"""The way into the cluster that we run in: the service account of our own pod, without the kubernetes package.

The agent stays below 100 MB with thousands of objects in view; the package's models alone take a third of that. The token
is bound and renewed by the kubelet (an hour, by default), so it is read again when it is a minute old and after a refusal;
as client-go does it (rest/config.go and transport/token_source.go, v0.34).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from argosy.adapters.kube.connection import Answer, Call, Connection, Door, trusting
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.wire import Wire
from argosy.errors import NotFound

__all__ = ["PodConnection", "TokenFile", "connect"]

FOLDER: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_FRESH_SECONDS: Final = 60.0


class TokenFile:
    """A token in a file that somebody else renews. Raises NotFound when it cannot be read and never could."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._token, self._read_at = "", 0.0
        self._mutex = threading.Lock()

    def get(self) -> str:
        """The token, no older than a minute; the last one while the file is away."""
        with self._mutex:
            if not self._token or self._clock() - self._read_at >= _FRESH_SECONDS:
                try:
                    self._token, self._read_at = self._path.read_text().strip(), self._clock()
                except OSError as x:
                    if not self._token:
                        raise NotFound(f"the token of the service account: {x}") from x
            return self._token

    def refuse(self, token: str) -> bool:
        """The server refused `token`: whether the file holds another by now."""
        with self._mutex:
            if self._token == token:
                self._read_at = -_FRESH_SECONDS + self._clock()
        return self.get() != token


def connect(folder: Path | None = None) -> DirectCluster:
    """Connect as the pod that we run in; `folder` holds `token` and `ca.crt` (default: where the kubelet puts them).

    The server is not asked anything yet: the agent starts, and waits, while it is away. Raises NotFound outside of a pod.
    """
    at = folder or Path(os.environ.get("ARGOSY_SERVICE_ACCOUNT_DIR") or FOLDER)
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise NotFound("not in a pod of a cluster: KUBERNETES_SERVICE_HOST is not set")
    shown = f"[{host}]" if ":" in host else host
    return DirectCluster(PodConnection(f"https://{shown}:{port}", at / "ca.crt", TokenFile(at / "token")))


class PodConnection(Connection):
    """A connection by a token that is renewed."""

    def __init__(self, host: str, ca: Path, token: TokenFile) -> None:
        super().__init__()
        self.host, self._token = host, token
        try:
            self._tls = trusting(str(ca))
        except OSError as x:
            raise NotFound(f"the cluster's CA {ca}: {x}") from x
        self._wire = Wire(self.door())

    def call(self, call: Call, subject: str) -> Answer:
        """See `Connection.call`. A token that is refused is read again, once."""
        token = self._token.get()
        answer = self._wire.send(call, subject, f"Bearer {token}")
        if answer.status == 401 and self._token.refuse(token):
            answer = self._wire.send(call, subject, f"Bearer {self._token.get()}")
        return answer

    def door(self) -> Door:
        """See `Connection.door`."""
        return Door(
            self.host,
            self._tls,
            lambda: f"Bearer {self._token.get()}",
            lambda header: self._token.refuse(header.removeprefix("Bearer ")),
        )

    def close(self) -> None:
        """See `Connection.close`."""
        self._wire.close()
