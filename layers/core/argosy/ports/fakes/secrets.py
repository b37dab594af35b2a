"""Secrets in memory."""

from __future__ import annotations

from collections.abc import Mapping

from argosy.errors import NotFound

__all__ = ["FakeSecrets"]

Values = Mapping[str, Mapping[str, Mapping[str, str]]]


class FakeSecrets:
    """Holds `{namespace: {name: {key: value}}}` for Secrets and for ConfigMaps; any account may read."""

    def __init__(self, secrets: Values | None = None, configs: Values | None = None) -> None:
        self._secrets = secrets or {}
        self._configs = configs or {}

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        return _pick(self._secrets, "secret", namespace, name, key)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        return _pick(self._configs, "config map", namespace, name, key)


def _pick(values: Values, what: str, namespace: str, name: str, key: str) -> str:
    try:
        return values[namespace][name][key].removesuffix("\n")
    except KeyError:
        raise NotFound(f"{what} {namespace}/{name} has no key {key}") from None
