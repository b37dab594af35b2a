"""Keeps the connections of event sources up: begun when declared, anew when changed or lost, ended when retired.

In: the lines (`argosy.control.lines`) that should run. Out: events, to whom makes them durable, and what is wrong with each
line, to whom shows it. Runs on one event loop, one task for each line; a line that waits for its broker costs nothing, and
none holds up another. Called by `argosy.local.connectors` and by the agent; no function does this.

As each event source's `StartListening` of Argo Events 1.9, but for: a broker that is down is tried for ever; what was taken
is acknowledged once its events are durable, whatever the broker's client does by default; a message whose body is not what
the entry says is acknowledged and dropped, with a word in the log.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from argosy.control.lines import Line, Taken, changes, pause, secrets_of
from argosy.errors import ArgosyError, EvaluationError, Retryable, Unavailable
from argosy.events.sources.connected import connected_source, event_data
from argosy.ports.brokers import Brokers, Connector, Delivery, SecretOf
from argosy.ports.secrets import Secrets

__all__ = ["Connecting"]

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_CONNECT_SECONDS: Final = 30.0
_FINISH_SECONDS: Final = 5.0
_KNOWN: Final = 5000
_log = logging.getLogger("argosy.connectors")


type Deliver = Callable[[Line, Sequence[Taken]], Awaitable[None]]
"""Makes events durable. Raises Retryable when it cannot for now."""

type Tell = Callable[[Line, str], None]
"""Is told what is wrong with a line, "" once it is connected."""


class Connecting:
    """The lines of one process; made and used on the loop that they run on."""

    def __init__(
        self,
        brokers: Brokers,
        secrets: Secrets,
        deliver: Deliver,
        tell: Tell,
        *,
        chance: Callable[[], float] = random.random,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._brokers, self._secrets, self._deliver, self._tell = brokers, secrets, deliver, tell
        self._chance, self._wait = chance, wait
        self._lines: dict[str, Line] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, dict[str, None]] = {}

    def want(self, lines: Iterable[Line]) -> None:
        """Run these lines and no others. One that has changed begins once its former self has let go."""
        ended, begun = changes(self._lines, lines)
        former = {key: self._tasks.pop(key) for key in ended}
        for key, task in former.items():
            task.cancel()
            del self._lines[key]
        for line in begun:
            self._lines[line.key] = line
            self._tasks[line.key] = asyncio.create_task(self._run(line, former.get(line.key)), name=line.key)

    async def close(self) -> None:
        """End all."""
        tasks = list(self._tasks.values())
        self.want(())
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, line: Line, former: asyncio.Task[None] | None) -> None:
        if former is not None:
            await asyncio.wait({former})
        backoff, attempt, connector = None, 0, None
        while True:
            try:
                if connector is None:
                    entry = line.entry()
                    backoff = getattr(entry, "connection_backoff", None)
                    connector = self._brokers.connector(line.kind, entry)
                await self._connected(line, entry, connector)
                attempt = 0
                await self._listen(line, entry, connector)
            except ArgosyError as x:
                problem = str(x)
            except Exception as x:  # noqa: BLE001 - a line that ends would be silent without a word
                # Its class alone: whatever a client library says may hold what it was given.
                problem = f"the connection failed: {type(x).__name__}"
                _log.error("%s: %s", line.key, problem, exc_info=_log.isEnabledFor(logging.DEBUG))
            finally:
                if connector is not None:
                    await connector.close()
            self._tell(line, problem)
            attempt += 1
            await self._wait(pause(backoff, attempt, self._chance()))

    async def _connected(self, line: Line, entry: Any, connector: Connector) -> None:
        secret = await asyncio.to_thread(self._secrets_of, line, entry)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await connector.connect(secret)
        except TimeoutError:
            raise Unavailable(f"no connection within {_CONNECT_SECONDS:.0f} seconds") from None
        self._tell(line, "")

    def _secrets_of(self, line: Line, entry: Any) -> SecretOf:
        """All values that the entry names. Raises what `Secrets` does."""
        values = {
            (ref.name, ref.key): self._secrets.secret(line.namespace, ref.name, ref.key, line.account)
            for ref in secrets_of(entry)
        }
        return lambda ref: values[ref.name, ref.key] if ref is not None else ""

    async def _listen(self, line: Line, entry: Any, connector: Connector) -> None:
        limit = int(getattr(entry, "limit_events_per_second", 0))
        while True:
            deliveries = await connector.receive()
            taking = asyncio.ensure_future(self._take(line, entry, connector, deliveries))
            try:
                events = await asyncio.shield(taking)
            except asyncio.CancelledError:
                # What is under way is finished, so that a change of the entry makes no redelivery.
                await asyncio.wait({taking}, timeout=_FINISH_SECONDS)
                taking.cancel()
                raise
            if limit > 0:
                await self._wait(events / limit)

    async def _take(self, line: Line, entry: Any, connector: Connector, deliveries: Sequence[Delivery]) -> int:
        known = self._known.setdefault(line.key, {})
        events = list(self._events(line, entry, deliveries, known))
        if events:
            await self._durable(line, [event for event, _ in events])
            known.update(dict.fromkeys(event.origin for event, named in events if named))
            for name in list(known)[: max(0, len(known) - _KNOWN)]:
                del known[name]
        await connector.done(deliveries)
        return len(events)

    def _events(
        self, line: Line, entry: Any, deliveries: Sequence[Delivery], known: Mapping[str, None]
    ) -> Iterable[tuple[Taken, bool]]:
        """The events of deliveries, and whether the broker has a name for each; without those of `known` names.

        A broker that ended before it took an acknowledgement delivers again. Beyond this memory the event has its id, by
        which its firings are the same.
        """
        source, names = connected_source(line.kind), set[str]()
        for delivery in deliveries:
            try:
                data = event_data(line.kind, entry, delivery.message)
            except EvaluationError as x:
                _log.warning("%s: a message was dropped: %s", line.key, x)
                continue
            name = source.origin(delivery.message)
            if data is None or name in known or name in names:
                continue
            if name:
                names.add(name)
            yield Taken(name or os.urandom(16).hex(), data), bool(name)

    async def _durable(self, line: Line, events: Sequence[Taken]) -> None:
        """Deliver, for as long as it takes: meanwhile nothing more is taken, and nothing is acknowledged."""
        wait = _FIRST_PAUSE
        while True:
            try:
                await self._deliver(line, events)
            except Retryable as x:
                _log.warning("%s: events cannot be made durable: %s; trying again", line.key, x)
                await self._wait(max(wait, x.delay))
                wait = min(2 * wait, _LONGEST_PAUSE)
            else:
                return
