"""A cluster behind an agent, as a `Cluster`: services do not know the difference.

Reads of what the agent watches anyway are answered from the hub's mirror, as long as nobody is impersonated (whose rights
only the API server knows). Everything else is signed work whose result is waited for a moment; then `Pending` is raised,
and asking again with the same request finds the outcome. A request's id is made of `purpose`, of how many calls came
before, and of the call: the same caller that starts anew after a crash asks for the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from argosy.control.agents.scopes import EVENTS
from argosy.control.agents.work import group_of
from argosy.errors import EvaluationError
from argosy.ports.clock import Clock
from argosy.ports.cluster import ServedKind, ServiceAccount
from argosy.ports.clusterrequests import ForwardingCluster, Request
from argosy.services.agents.asking import Asking
from argosy.services.agents.errands import Errands
from argosy.services.agents.mirror import Mirror

__all__ = ["RemoteCluster"]


class RemoteCluster(ForwardingCluster):
    """One cluster. `patience`: seconds for which a call waits for its result before it is `Pending`."""

    def __init__(
        self,
        name: str,
        errands: Errands,
        mirror: Mirror,
        clock: Clock,
        purpose: str,
        *,
        patience: float = 2.0,
        user: ServiceAccount | None = None,
    ) -> None:
        self._name, self._errands, self._mirror, self._clock = name, errands, mirror, clock
        self._purpose, self._patience, self.user = purpose, patience, user
        self._calls = [0]

    def acting_as(self, user: ServiceAccount) -> RemoteCluster:
        """See `Cluster.acting_as`."""
        other = RemoteCluster(
            self._name, self._errands, self._mirror, self._clock, self._purpose, patience=self._patience, user=user
        )
        other._calls = self._calls
        return other

    def send(self, request: Request) -> Any:
        """See `ForwardingCluster.send`. Raises `Pending` as long as there is no result, for the life of the work."""
        if (known := self._mirrored(request)) is not None:
            return known
        self._calls[0] += 1
        asking = Asking(self._name, self._errands, self._clock, self._patience)
        answer = asking.ask(self._id(request), "request", request.as_json(), group_of(*request.target))
        return _value(request, answer)

    def _id(self, request: Request) -> str:
        try:
            text = orjson.dumps(request.as_json(), option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError as x:
            raise EvaluationError(f"cannot be sent to an agent: {x}") from x
        head = f"{self._name}\n{self._purpose}\n{self._calls[0]}\n".encode()
        return hashlib.sha256(head + text).hexdigest()[:32]

    def _mirrored(self, request: Request) -> Any | None:
        """The answer from the hub's copy, None when it has none that is complete."""
        given = request.arguments
        if request.user is not None or request.verb != "get" or given.get("subresource"):
            return None
        for key, (scope, listed) in self._mirror.scopes().items():
            inside = scope.namespace in ("", given["namespace"])
            if listed and inside and not scope.labels and scope.purpose != EVENTS:
                copy = self._mirror.find(key, given["namespace"], given["name"])
                found = copy.object if copy is not None else None
                if found and (found["apiVersion"], found["kind"]) == (given["api_version"], given["kind"]):
                    return found
        return None


def _value(request: Request, value: Any) -> Any:
    """What the method returns, made of what JSON brought."""
    if request.verb == "kinds":
        kinds: Sequence[ServedKind] = [ServedKind.of(one) for one in value]
        return kinds
    return value
