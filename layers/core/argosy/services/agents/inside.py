"""HTTP calls to names inside a cluster that stands behind an agent: the agent makes them.

In: a request, and for whom: a firing, or a purpose. Out: the status, headers and text of the answer. A sensor's `http`
trigger that names a service (`http://name.namespace.svc`) reaches it in the cluster that the sensor lives in, as it does
where Argo Events runs; an analysis reaches it where its run lives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from argosy.control.agents.work import group_of
from argosy.errors import NotFound
from argosy.ports.executor import FiringInfo
from argosy.resources.homes import home_of
from argosy.services.agents.asking import Asking

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Inside"]


class Inside:
    """The insides of one installation's clusters."""

    def __init__(self, runtime: Runtime, *, patience: float = 2.0) -> None:
        self._runtime, self._patience = runtime, patience

    def reaches(self, firing: FiringInfo) -> bool:
        """Whether an agent stands in the cluster that the firing's sensor lives in."""
        try:
            return self._runtime.registry.find(home_of(firing.namespace)[1]).way == "agent"
        except NotFound:
            return False

    def call(self, firing: FiringInfo, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a request (method, url, headers, body, timeout). Raises Denied, Unavailable, `Pending`."""
        cluster = self._runtime.registry.find(home_of(firing.namespace)[1]).name
        purpose = f"{firing.id}/{firing.attempt}"
        return self._ask(cluster, purpose, [purpose, request], request)

    def ask(self, cluster: str, purpose: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a request in a cluster; `purpose`: who asks again under it is given the answer to the first request.

        Raises Denied, Unavailable, `Pending`.
        """
        return self._ask(cluster, purpose, [purpose], request)

    def _ask(self, cluster: str, purpose: str, same: object, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """`same`: what makes two requests one."""
        text = orjson.dumps(same, option=orjson.OPT_SORT_KEYS)
        name = hashlib.sha256(text).hexdigest()[:32]
        asking = Asking(cluster, self._runtime.errands, self._runtime.clock, self._patience)
        found: Mapping[str, Any] = asking.ask(name, "http", request, group_of("http", purpose))
        return found
