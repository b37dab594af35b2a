"""The hash FNV-1a of 32 bits, which Argo and Kubernetes name things by (Go's `hash/fnv`)."""

from __future__ import annotations

from typing import Final

__all__ = ["fnv32a"]

_BASIS: Final = 0x811C9DC5
_PRIME: Final = 0x01000193


def fnv32a(data: bytes, value: int = _BASIS) -> int:
    """The hash of the bytes; `value` goes on with that of what came before."""
    for byte in data:
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value
