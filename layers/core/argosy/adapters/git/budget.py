"""What one fetch may take, submodules included: bytes over the wire, time, files, and bytes of all files together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from argosy.errors import EvaluationError, Unavailable

__all__ = ["Budget", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`wire` and `size` in bytes, `seconds` for the whole and `quiet` seconds until the next bytes must come.

    `memory`: up to so many bytes are kept there, and not on a disk.
    """

    wire: int = 128_000_000
    size: int = 256_000_000
    objects: int = 200_000
    files: int = 50_000
    submodules: int = 100
    seconds: float = 90.0
    quiet: float = 20.0
    memory: int = 16_000_000


class Budget:
    """Counts what one call takes; every method raises when it is too much."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._ends = clock() + limits.seconds
        self._wire = self._submodules = 0

    @property
    def left(self) -> float:
        """Seconds until it must be over."""
        return self._ends - self._clock()

    def received(self, count: int) -> None:
        """Bytes have come."""
        self._wire += count
        if self._wire > self.limits.wire:
            raise EvaluationError(f"the repository sends more than {self.limits.wire} bytes for this commit")
        self.in_time()

    def in_time(self) -> None:
        """Time goes by."""
        if self.left < 0:
            raise Unavailable(f"the repository did not send the commit within {self.limits.seconds:g} s")

    def submodule(self) -> None:
        """One more repository is asked."""
        self._submodules += 1
        if self._submodules > self.limits.submodules:
            raise EvaluationError(f"the commit holds more than {self.limits.submodules} submodules, theirs included")
