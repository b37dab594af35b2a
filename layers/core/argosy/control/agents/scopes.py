"""What an agent is to watch: scopes, each with what its changes are for.

Computed by the hub from declarations, sent as `subscribe` work, kept by the agent until the next one. Two event sources on
the same kind, namespace and selector share a scope, and so do their watches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.errors import EvaluationError

__all__ = ["Purpose", "Subscription", "Wanted"]

type Purpose = str
EVENTS: Final = "events"
"""Every change counts: they feed event sources, and are reported one by one."""

DOOR: Final = "door"
"""Declarations of Argo's kinds."""

MIRROR: Final = "mirror"
"""The hub keeps a copy; only the last state counts, once a second at most."""


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """One scope: `resource` is the plural name. `namespace` "" = all; `labels` a label selector."""

    group: str
    version: str
    resource: str
    namespace: str = ""
    labels: str = ""
    purpose: Purpose = MIRROR

    @property
    def key(self) -> str:
        """What reports name it by."""
        text = "\n".join((self.group, self.version, self.resource, self.namespace, self.labels, self.purpose))
        return f"{self.resource}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def api_version(self) -> str:
        """As manifests have it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def coalesced(self) -> bool:
        """Whether only the last of several changes within a second is reported."""
        return self.purpose != EVENTS


@dataclass(frozen=True, slots=True)
class Subscription:
    """All that an agent watches. `secret_key`: what values of Secrets are hashed with before they leave the cluster."""

    scopes: tuple[Wanted, ...] = ()
    secret_key: str = ""
    http_namespaces: tuple[str, ...] = ()

    @classmethod
    def of(cls, scopes: Iterable[Wanted], secret_key: str, http_namespaces: Iterable[str] = ()) -> Subscription:
        """Scopes in one order, each once."""
        return cls(tuple(sorted(set(scopes))), secret_key, tuple(sorted(set(http_namespaces))))

    @property
    def digest(self) -> str:
        """Names exactly this subscription."""
        return hashlib.sha256(orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        """For a message."""
        scopes = [[s.group, s.version, s.resource, s.namespace, s.labels, s.purpose] for s in self.scopes]
        return {"scopes": scopes, "secretKey": self.secret_key, "httpNamespaces": list(self.http_namespaces)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Subscription:
        """The inverse. Raises EvaluationError for anything else."""
        try:
            scopes = tuple(Wanted(*scope) for scope in body["scopes"])
            return cls(scopes, str(body.get("secretKey", "")), tuple(body.get("httpNamespaces") or ()))
        except (KeyError, TypeError) as x:
            raise EvaluationError(f"not a subscription that this agent knows: {x}") from None
