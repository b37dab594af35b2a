"""The Secrets port on the Secrets and ConfigMaps of a cluster.

In: namespace, name, key, as Argo's key selectors give them, and the declaration's service account. Out: text. Every read
is made as that account, so that a Sensor sees the Secrets that its account may see. Argo Events 1.9 mounts what a
declaration names into the pod of the source or sensor, which takes no right of its account; here the account needs `get`
on it, because our own identity is nobody's deputy.
"""

from __future__ import annotations

import base64
import binascii

from argosy.errors import InvalidObject, NotFound
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.resources.homes import home_of

__all__ = ["ClusterSecrets"]


class ClusterSecrets:
    """Reads through `cluster` as the account that a call names; values are kept nowhere."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`. Raises `InvalidObject` for a value that is no UTF-8 text."""
        found = self._as(namespace, account).get("v1", "Secret", namespace, name).get("data") or {}
        if key not in found:
            raise NotFound(f"Secret/{namespace}/{name} has no key {key}")
        return _text(found[key], f"Secret/{namespace}/{name}", key)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`. Raises `InvalidObject` for binary data that is no UTF-8 text."""
        found = self._as(namespace, account).get("v1", "ConfigMap", namespace, name)
        text = (found.get("data") or {}).get(key)
        if text is not None:
            return str(text).removesuffix("\n")
        binary = (found.get("binaryData") or {}).get(key)
        if binary is None:
            raise NotFound(f"ConfigMap/{namespace}/{name} has no key {key}")
        return _text(binary, f"ConfigMap/{namespace}/{name}", key)

    def _as(self, namespace: str, account: str) -> Cluster:
        own, home = home_of(namespace)
        if home:
            raise NotFound(
                f"Secrets and ConfigMaps of namespace {own} are in cluster {home}, and not in the one that is read here"
            )
        return self._cluster.acting_as(ServiceAccount(namespace, account))


def _text(encoded: str, obj: str, key: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().removesuffix("\n")
    except (binascii.Error, UnicodeDecodeError):
        # Without the cause: its text quotes the value.
        raise InvalidObject("the value is no UTF-8 text", obj=obj, field=f"data.{key}") from None
