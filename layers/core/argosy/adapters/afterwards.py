"""What a turn need not wait for, done by a thread of its own: Kubernetes Events, which client-go's recorder sends so too.

Only for processes that live on after a turn; a function is frozen when it has answered.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Afterwards"]

_MOST = 1000
_END_SECONDS = 5.0
_log = logging.getLogger("argosy.control")


class Afterwards:
    """Calls what it is given, in that order. Of more than a thousand that wait the oldest are dropped, as in client-go."""

    def __init__(self, most: int = _MOST) -> None:
        self._waiting: deque[Callable[[], None]] = deque(maxlen=most)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def __call__(self, do: Callable[[], None]) -> None:
        """Have it done soon; at once when this was closed."""
        with self._changed:
            if not self._closing:
                self._put(do)
                return
        _call(do)

    def close(self, seconds: float = _END_SECONDS) -> bool:
        """Do what waits; False if that took longer than `seconds`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _put(self, do: Callable[[], None]) -> None:
        if len(self._waiting) == self._waiting.maxlen:
            _log.warning("more than %d things to be done later wait: the oldest is dropped", len(self._waiting))
        self._waiting.append(do)
        self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="afterwards", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                do = self._waiting.popleft()
            _call(do)


def _call(do: Callable[[], None]) -> None:
    try:
        do()
    except Exception as x:  # noqa: BLE001 - the next one is to be done whatever became of this one
        _log.error("done later: %r", x)
