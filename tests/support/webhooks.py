"""Deliveries of GitHub to an `argosy up`, signed."""

from __future__ import annotations

import hmac
import http.client
from collections.abc import Mapping
from typing import Final

from support.up import Up

__all__ = ["SECRET", "deliver"]

SECRET: Final = "of the test"


def deliver(up: Up, body: bytes, secret: str = SECRET, **headers: str) -> tuple[int, str]:
    """Status and text of the answer."""
    signature = hmac.digest(secret.encode(), body, "sha256").hex()
    given: Mapping[str, str] = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}", **headers}
    connection = http.client.HTTPConnection("127.0.0.1", up.api, timeout=30)
    connection.request("POST", "/api/webhook", body, {"Content-Type": "application/json", **given})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found
