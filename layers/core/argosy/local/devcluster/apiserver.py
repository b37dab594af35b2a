"""The few calls that the supervisor makes to its own API server.

In: address, certificate, token. Out: JSON. Standard library only: the kubernetes package takes half a second to
import, longer than everything that is asked here, and the supervisor stays resident.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

__all__ = ["Api"]

_NO_ANSWER: Final = (0, 429)


class Api:
    """A client for one API server on this machine; one connection per call."""

    def __init__(self, port: int, token: str, certificate: Path, host: str = "127.0.0.1") -> None:
        self._host, self._port, self._token, self._certificate = host, port, token, certificate

    def authority(self) -> str:
        """The certificate that the server made for itself at start, with the authority that signed it (PEM)."""
        return self._certificate.read_text()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, parsed body); status 0 while nobody answers or the certificate is not written yet."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            trust = ssl.create_default_context(cadata=self.authority())
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=5, context=trust)
            try:
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                return answer.status, _parsed(answer.read())
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return 0, None

    def insist(self, method: str, path: str, body: Any, pause: Callable[[], None]) -> tuple[int, Any]:
        """As `call`, of a server that serves: while it has no time to answer (or fails) it is asked again after `pause`.

        `pause` raises when that has gone on for too long.
        """
        while True:
            status, answer = self.call(method, path, body)
            if status not in _NO_ANSWER and status < 500:
                return status, answer
            pause()

    def ok(self, path: str) -> bool:
        """True when GET `path` answers 200."""
        return self.call("GET", path)[0] == 200


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
