"""How a metric provider's request is authenticated, as data for whoever sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["oauth2", "sigv4"]

type Body = Mapping[str, Any]


def oauth2(config: Body) -> Mapping[str, Any]:
    """The client-credentials flow of `authentication.oauth2`, {} where none is asked for."""
    found = (config.get("authentication") or {}).get("oauth2") or {}
    if not found.get("tokenUrl"):
        return {}
    return {
        "url": str(found["tokenUrl"]),
        "id": str(found.get("clientId", "")),
        "secret": str(found.get("clientSecret", "")),
        "scopes": list(found.get("scopes") or ()),
    }


def sigv4(config: Body) -> Mapping[str, str]:
    """Region, role and profile of `authentication.sigv4`, {} where none is asked for."""
    found = (config.get("authentication") or {}).get("sigv4") or {}
    return {name: str(found[name]) for name in ("region", "roleArn", "profile") if found.get(name)}
