"""Where a declaration lives, as its namespace says it (decision 0008).

Declarations of a cluster that is not the home cluster lie beside others of the same names: theirs are in `name@cluster`.
"""

from __future__ import annotations

__all__ = ["home_of", "placed"]


def home_of(namespace: str) -> tuple[str, str]:
    """(namespace, cluster): `team@edge` is namespace `team` of cluster `edge`, "" = the home cluster."""
    own, _, cluster = namespace.partition("@")
    return own, cluster


def placed(namespace: str, cluster: str) -> str:
    """The inverse; `cluster` is "" for the home cluster."""
    return f"{namespace}@{cluster}" if cluster else namespace
