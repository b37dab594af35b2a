"""Does what the hub has signed: calls of the cluster, units and batches of writes, calls to names inside the cluster.

In: the body of a message of the command queue. Out: a result for the report queue, or nothing for work that has none. What
is not signed by the hub, too old, or for another cluster is refused before anything else is looked at. Work that was done
already is not done again: its result is remembered for as long as the work is good, and given once more. After a restart
the memory is gone; what the hub sends is such that doing it twice does no harm (preconditions, applied fields, names made of
ids).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from typing import Any, Protocol

from argosy.agent.done import Done
from argosy.control.agents.batches import batch_from_json, outcomes_to_json
from argosy.control.agents.normal import pruned
from argosy.control.agents.reports import error_to_json
from argosy.control.agents.units import unit_from_json
from argosy.control.agents.work import Expired, Work, open_work
from argosy.control.applying import Applier
from argosy.control.units import carry_out
from argosy.control.writing import ClusterWriter
from argosy.errors import ArgosyError, Denied, EvaluationError, Retryable, Unavailable, Unsupported
from argosy.ports.aside import Aside, at_once
from argosy.ports.clock import SystemClock
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.ports.clusterrequests import Request, perform
from argosy.ports.signing import Verifier

__all__ = ["Http", "Watching", "Worker"]

_log = logging.getLogger("argosy.agent")


class Http(Protocol):
    """Calls names inside the cluster."""

    def call(self, body: Mapping[str, Any], namespaces: tuple[str, ...]) -> dict[str, Any]:
        """The answer (status, headers, body). Raises Denied for a name that may not be called, Unavailable."""
        ...


class Watching(Protocol):
    """The watching half of the agent, which runs on its own loop."""

    def subscribe(self, body: Mapping[str, Any]) -> None:
        """Watch this from now on."""
        ...

    def report(self, body: Mapping[str, Any]) -> None:
        """Report objects that the hub lacks."""
        ...

    @property
    def http_namespaces(self) -> tuple[str, ...]:
        """Namespaces whose services may be called."""
        ...

    @property
    def secret_key(self) -> str:
        """What values of Secrets are hashed with."""
        ...


@dataclass(slots=True)
class Refusals:
    """How many messages were refused, and why the last one was."""

    count: int = 0
    last: str = ""


class Worker:
    """Work of one cluster; `handle` may be called from several threads, for one group at a time from one of them."""

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        verifier: Verifier,
        watching: Watching,
        http: Http,
        report: Callable[[dict[str, Any], str], None],
        now: Callable[[], datetime],
        aside: Aside = at_once,
    ) -> None:
        """`report` sends a report in a group; `now` is the time that the hub would tell; `aside` for what nobody awaits."""
        self._name, self._cluster, self._verifier, self._watching, self._http = name, cluster, verifier, watching, http
        self._report, self._now, self._aside = report, now, aside
        self._writer = ClusterWriter(cluster)
        self._applier = Applier(cluster, SystemClock().sleep)
        self._done = Done()
        self._mutex = threading.Lock()
        self.refusals = Refusals()

    def handle(self, message: Any) -> None:
        """Do the work of a message (unpacked).

        Raises Unavailable when its result could not be sent, or another thread is doing it: it must come again.
        """
        try:
            work = open_work(message, self._verifier, self._name, self._now())
        except Expired as x:
            self.refuse(x)
            self._answer(x.work, error_to_json(Unavailable(str(x))))  # whoever asks anew has it done
            return
        except Denied as x:
            self.refuse(x)
            return
        result = self._done.begin(work.id)
        if result is None:
            result = self._first(work)
        if result is not None:
            self._answer(work, result)

    def refuse(self, problem: ArgosyError) -> None:
        """Count a message that is not looked at any further, and say why."""
        with self._mutex:
            self.refusals.count += 1
            self.refusals.last = str(problem)
        _log.warning("refused: %s", problem)

    def _first(self, work: Work) -> Mapping[str, Any] | None:
        """Do it; what came of it, None for work that has no result. What may be done again is not remembered."""
        again = True
        try:
            result = self._do(work)
            again = result is None or _reads(work)
        except Retryable as x:  # nothing was done
            result = error_to_json(x)
        except ArgosyError as x:
            result, again = error_to_json(x), False
        except (KeyError, TypeError, ValueError, AttributeError) as x:
            text = f"not work of this release: {work.kind}: {type(x).__name__} {x}"
            result, again = error_to_json(EvaluationError(text)), False
        finally:
            if again:
                self._done.end(work.id)
        if result is not None and not again:
            self._done.keep(work.id, work.expires, result, self._now())
        return result

    def _do(self, work: Work) -> dict[str, Any] | None:
        match work.kind:
            case "request":
                request = Request.from_json(work.body)
                found = perform(self._cluster, request)
                # Who asks what a write would do asks in whose name, too.
                whole = bool(request.arguments.get("dry_run"))
                return {"value": _plain(found, self._watching.secret_key, whole=whole)}
            case "unit":
                unit = unit_from_json(work.body, work.expires)
                return {"value": carry_out(unit, self._writer, self._now(), self._aside).as_json()}
            case "batch":
                return {"value": outcomes_to_json(self._applier.carry(batch_from_json(work.body)))}
            case "batch-as":
                acting = self._cluster.acting_as(ServiceAccount(*work.body["user"]))
                applier = Applier(acting, SystemClock().sleep)
                return {"value": outcomes_to_json(applier.carry(batch_from_json(work.body)))}
            case "http":
                return {"value": self._http.call(work.body, self._watching.http_namespaces)}
            case "subscribe":
                self._watching.subscribe(work.body)
            case "report":
                self._watching.report(work.body)
            case _:
                raise Unsupported(f"this agent does no {work.kind!r}: update it")
        return None

    def _answer(self, work: Work, result: Mapping[str, Any]) -> None:
        self._report({"report": "result", "id": work.id, **result}, f"result-{work.id}")


def _reads(work: Work) -> bool:
    return work.kind == "request" and not Request.from_json(work.body).writes


def _plain(value: Any, secret_key: str, *, whole: bool = False) -> Any:
    """What a call returned, as JSON takes it and as it may leave the cluster: a Secret's values only as hashes."""
    if isinstance(value, list | tuple):
        return [_plain(one, secret_key, whole=whole) for one in value]
    if isinstance(value, dict):
        return pruned(value, secret_key, whole=whole)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: sorted(one) if isinstance(one, frozenset) else one for name, one in asdict(value).items()}
    return value
