"""Secrets of one development cluster: fresh per start, random, mode 0600, never printed.

In: the cluster's folder. Out: `tokens.csv` (the administrator's bearer token) and `sa.key` (signs service account
tokens). Called by the supervisor.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from argosy.local.devcluster.files import write_private

__all__ = ["make_service_account_key", "make_token"]

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P256_OID = bytes.fromhex("06082a8648ce3d030107")


def make_token(path: Path) -> str:
    """Write kube-apiserver's token file with one administrator; the token."""
    token = secrets.token_urlsafe(32)
    write_private(path, f"{token},admin,admin,system:masters\n")
    return token


def make_service_account_key(path: Path) -> None:
    """Write a P-256 private key as PEM.

    SEC 1 lets the public point be left out and Go computes it, so the file is 32 random bytes in a fixed frame: no
    cryptography package needed.
    """
    number = secrets.randbelow(_P256_ORDER - 1) + 1
    parameters = b"\xa0" + bytes([len(_P256_OID)]) + _P256_OID
    body = b"\x02\x01\x01" + b"\x04\x20" + number.to_bytes(32, "big") + parameters
    encoded = base64.encodebytes(b"\x30" + bytes([len(body)]) + body).decode()
    write_private(path, f"-----BEGIN EC PRIVATE KEY-----\n{encoded}-----END EC PRIVATE KEY-----\n")
