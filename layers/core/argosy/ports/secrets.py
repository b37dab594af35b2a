"""Secrets port: values that a declaration names, and config map values beside them.

Both are read for a namespace, never across one. Values are handed to the one who needs them and appear nowhere else.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Secrets"]


class Secrets(Protocol):
    """Reads one key of a Secret or ConfigMap by name, as Argo's key selectors `{name, key}` mean it.

    `account` is the service account of the declaration that names it; where values lie in a cluster they are read as that
    account, elsewhere it has no meaning.
    """

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """Value of a Secret's key, one trailing newline dropped. Raises NotFound, Denied or Unavailable."""
        ...

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """Value of a ConfigMap's key, one trailing newline dropped. Raises NotFound, Denied or Unavailable."""
        ...
