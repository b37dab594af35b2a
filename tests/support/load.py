"""Senders that post numbered events as fast as they are accepted, and remember which were answered."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field

from support.processes import DEADLINE


@dataclass
class Load:
    """`senders` threads that post `{"id": n}` to a path until `stop` is called or the port is gone."""

    port: int
    path: str
    senders: int = 4
    answered: set[int] = field(default_factory=set)
    refused: list[int] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> Load:
        """Begin."""
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(self.senders)]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> set[int]:
        """End; the ids that were answered with 200."""
        self._stop.set()
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive()
        return self.answered

    def _send(self, first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        number = first
        try:
            while not self._stop.is_set():
                connection.request("POST", self.path, json.dumps({"id": number}))
                response = connection.getresponse()
                response.read()
                if response.status == 200:
                    self.answered.add(number)
                else:
                    self.refused.append(response.status)
                number += self.senders
        except (OSError, http.client.HTTPException):
            pass  # the other side was killed: what was not answered may be lost
        finally:
            connection.close()
