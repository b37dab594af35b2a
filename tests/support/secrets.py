"""Secrets of a control namespace."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

__all__ = ["repository_secret"]


def repository_secret(name: str, kind: str = "repository", **data: str) -> dict[str, Any]:
    """A Secret of the namespace `argocd` that is for repositories; `data` are texts."""
    metadata = {"name": name, "namespace": "argocd", "labels": {"argocd.argoproj.io/secret-type": kind}}
    encoded = {key: b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}
