"""Keeps the agent small: two settings of the C library and one of asyncio's TLS, and giving back what lists have used.

glibc keeps an arena for each thread and returns little of what was freed; elsewhere (musl, macOS) nothing is done. asyncio
gives each TLS connection a buffer of 256 KB, sixteen times what a TLS record can hold; with seventy watches that is a fifth
of what the agent may use (docs/decisions/0009).
"""

from __future__ import annotations

import ctypes
from asyncio import sslproto
from functools import cache
from typing import Final

__all__ = ["bound_memory", "trim"]

_ARENA_MAX: Final = -8
_ARENAS: Final = 2
_TLS_BUFFER: Final = 32 * 1024


def bound_memory() -> None:
    """To be called before anything else is done."""
    sslproto.SSLProtocol.max_size = _TLS_BUFFER
    library = _c_library()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)


def trim() -> None:
    """Give freed memory back to the system: half a millisecond where there is little of it."""
    library = _c_library()
    if library is not None:
        library.malloc_trim(0)


@cache
def _c_library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim  # noqa: B018 - raises where the C library has none
    except (OSError, AttributeError):
        return None
    return library
