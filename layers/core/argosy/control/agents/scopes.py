"""What an agent is to watch: scopes, each with what its changes are for.

Computed by the hub from declarations, sent as `subscribe` work, kept by the agent until the next one. Two event sources on
the same kind, namespace and selector share a scope, and so do their watches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.control.agents.values import Named
from argosy.errors import EvaluationError

__all__ = ["CONTROL", "DOOR", "EVENTS", "MIRROR", "Purpose", "Subscription", "Wanted"]

type Purpose = str
EVENTS: Final = "events"
"""Every change counts: they feed event sources, and are reported one by one."""

DOOR: Final = "door"
"""Declarations of Argo's kinds."""

CONTROL: Final = "control"
"""Objects that a controller decides on, and those that are theirs: it waits for each change."""

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
        """Whether only the last of several changes within `pause` is reported."""
        return self.purpose != EVENTS

    @property
    def exact(self) -> bool:
        """Whether an object is reported when nothing but its version is new.

        What a controller writes stands on a version: with an older one it would wait, or be refused, for ever.
        """
        return self.purpose != MIRROR

    @property
    def pause(self) -> float:
        """Seconds between two reports of an object."""
        return 0.05 if self.purpose == CONTROL else 1.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """All that an agent watches. `secret_key`: what values of Secrets are hashed with before they leave the cluster.

    `values` are those that it tells the hub, sealed for `seal_key`. `lines` are the connections that it keeps
    (`argosy.control.lines`, whose models an agent without any need not load).
    """

    scopes: tuple[Wanted, ...] = ()
    secret_key: str = ""
    http_namespaces: tuple[str, ...] = ()
    values: tuple[Named, ...] = ()
    seal_key: str = ""
    lines: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(
        cls,
        scopes: Iterable[Wanted],
        secret_key: str,
        http_namespaces: Iterable[str] = (),
        values: Iterable[Named] = (),
        seal_key: str = "",
        lines: Iterable[Sequence[str]] = (),
    ) -> Subscription:
        """Scopes in one order, each once."""
        named = tuple(sorted(values))
        return cls(
            tuple(sorted(set(scopes))),
            secret_key,
            tuple(sorted(set(http_namespaces))),
            named,
            seal_key if named else "",
            tuple(sorted(tuple(one) for one in lines)),
        )

    @property
    def digest(self) -> str:
        """Names exactly this subscription."""
        return hashlib.sha256(orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        """For a message."""
        scopes = [[s.group, s.version, s.resource, s.namespace, s.labels, s.purpose] for s in self.scopes]
        body = {"scopes": scopes, "secretKey": self.secret_key, "httpNamespaces": list(self.http_namespaces)}
        if self.values:
            body |= {"values": [one.as_json() for one in self.values], "sealKey": self.seal_key}
        return body | ({"lines": [list(one) for one in self.lines]} if self.lines else {})

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Subscription:
        """The inverse. Raises EvaluationError for anything else."""
        try:
            scopes = tuple(Wanted(*scope) for scope in body["scopes"])
            values = tuple(Named.from_json(one) for one in body.get("values") or ())
            hashed, sealed = str(body.get("secretKey", "")), str(body.get("sealKey", ""))
            lines = tuple(tuple(map(str, one)) for one in body.get("lines") or ())
            return cls(scopes, hashed, tuple(body.get("httpNamespaces") or ()), values, sealed, lines)
        except (KeyError, TypeError) as x:
            raise EvaluationError(f"not a subscription that this agent knows: {x}") from None
