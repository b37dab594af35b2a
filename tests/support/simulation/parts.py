"""What a simulated installation is made of, and ports at each call of which something may happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argosy.control.claims import Claims
from argosy.control.loop import Loop
from argosy.control.state import States
from argosy.control.timers import Timers
from argosy.control.units import Direct, Writer
from argosy.control.wakes import Wakes
from support.simulation.scaler import Scaler


class Killed(BaseException):
    """The process is gone; no handler of errors sees it."""


@dataclass(frozen=True)
class Parts:
    """What an installation is made of."""

    loop: Callable[..., Loop] = Loop
    controller: type[Scaler] = Scaler
    states: Callable[..., States] = States
    wakes: Callable[..., Wakes] = Wakes
    timers: Callable[..., Timers] = Timers
    claims: Callable[..., Claims] = Claims
    direct: Callable[[Writer], Direct] = Direct


class Pointed:
    """A port of which every call has a chance for something to happen before and after it."""

    def __init__(self, port: Any, point: Callable[[bool], None]) -> None:
        self._port, self._point = port, point

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        def pointed(*args: Any, **more: Any) -> Any:
            self._point(True)
            answer = call(*args, **more)
            self._point(False)
            return answer

        return pointed
