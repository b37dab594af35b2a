"""The lines of an agent: connections of event sources that are declared in its cluster, on the agent's own event loop.

In: the lines of the subscription. Out: `events` reports, one for each batch, which are in the hub's queue before the broker
is told that they were taken, and `connections` reports, each with the state of all lines. Secrets are read in the cluster,
as the service account that the event source names, and stay there. Nothing here is imported before there is a line.
"""

from __future__ import annotations

import asyncio
import uuid
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from argosy.control.lines import Line, Taken
from argosy.ports.brokers import Brokers
from argosy.ports.secrets import Secrets
from argosy.services.connecting import Connecting

__all__ = ["AgentConnectors"]

_SHARDS: Final = 16
_GATHER_SECONDS: Final = 0.1

type Report = Callable[[Mapping[str, Any], str, str], Awaitable[None]]
"""Sends a report in a group, with an id of the sending, for as long as it takes."""


class AgentConnectors:
    """See the module; made and used on the agent's loop."""

    def __init__(self, brokers: Brokers, secrets: Secrets, report: Report) -> None:
        self._report = report
        self._problems: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._connecting = Connecting(brokers, secrets, self._deliver, self._tell)

    def want(self, lines: Iterable[Sequence[str]]) -> None:
        """Run these lines and no others, as a subscription has them."""
        wanted = [Line.from_json(list(one)) for one in lines]
        self._connecting.want(wanted)
        keys = {line.key for line in wanted}
        self._problems = {key: problem for key, problem in self._problems.items() if key in keys}
        self._changed.set()

    async def run(self) -> None:
        """Tell the hub how the lines fare, until cancelled; then all of them end."""
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(_GATHER_SECONDS)
                self._changed.clear()
                body = {"report": "connections", "problems": dict(self._problems)}
                await self._report(body, "connections", uuid.uuid4().hex)
        finally:
            await self._connecting.close()

    async def _deliver(self, line: Line, events: Sequence[Taken]) -> None:
        body = {"report": "events", "line": line.key, "events": [[one.origin, one.data] for one in events]}
        await self._report(body, f"line-{zlib.crc32(line.key.encode()) % _SHARDS}", uuid.uuid4().hex)

    def _tell(self, line: Line, problem: str) -> None:
        if self._problems.get(line.key) != problem:
            self._problems[line.key] = problem
            self._changed.set()
