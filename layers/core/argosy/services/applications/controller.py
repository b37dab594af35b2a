"""The controller of Applications: reads, decides, carries operations on, and writes the status where the Application lives.

`Applications` is a `control.controller.Controller`; what it decides is `argosy.gitops.reconcile`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from argosy.control.claims import Claims
from argosy.control.controller import Controller, Report
from argosy.control.effects import Call, Decision, Observation, Patch, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop
from argosy.control.state import States
from argosy.control.wakes import Wakes, read_wake
from argosy.errors import EvaluationError, NotFound, Pending, Unavailable
from argosy.gitops.comparison import Targets
from argosy.gitops.health.verdict import Health
from argosy.gitops.reconcile import Deciding
from argosy.gitops.settings import Settings
from argosy.gitops.statuses import unreached
from argosy.services.applications import following, pullrequests, surveys
from argosy.services.applications.access import Access
from argosy.services.applications.asking import Asked
from argosy.services.applications.checking import RepositoryCheck
from argosy.services.applications.controlsecrets import ControlSecrets
from argosy.services.applications.destinations import Destinations
from argosy.services.applications.following import Following
from argosy.services.applications.fresh import Fresh
from argosy.services.applications.operating import Operating
from argosy.services.applications.progress import Progress
from argosy.services.applications.pullrequests import RequestCheck
from argosy.services.applications.reading import Look, Reading
from argosy.services.applications.recent import Recent
from argosy.services.applications.repositories import Repositories
from argosy.services.applications.served import Served
from argosy.services.applications.sources import Round, Sources
from argosy.services.applications.surveying import ClusterCheck
from argosy.services.applications.surveys import Surveys, hurry
from argosy.services.applications.waiting import Waiting
from argosy.services.queues import RECONCILE_APP
from argosy.services.timing import timers_of

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Applications", "application_loop", "handle_wake"]

_COMPARED: Final = 50_000
_PLACED: Final = 2000
_ANSWERED: Final = timedelta(seconds=10)
_SHORTEST_WAIT: Final = 2.0
_LONGEST_WAIT: Final = 20.0


class Applications:
    """See `Controller`. What one turn leaves to the next in this process is here, too."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.fresh = Fresh(runtime.clock)
        self.served = Served(runtime)
        self.secrets = ControlSecrets(runtime)
        self.repositories = Repositories(self.secrets)
        self.destinations = Destinations(runtime)
        self.following = Following(runtime.store, runtime.clock)
        self.asking = Asked(runtime.store)
        self.access = Access(runtime.store, runtime.clock, lambda: runtime.signed("credentials of repositories"))
        self.sources = Sources(runtime, self.following, self.access)
        self.waiting = Waiting(runtime.store, runtime.clock)
        self.surveys = Surveys(runtime.store, runtime.clock)
        self.progress = Progress(runtime.store, runtime.clock)
        self.compared: Recent[str, bool | tuple[Health | None]] = Recent(_COMPARED)
        self.placed: Recent[str, tuple[Sequence[object], Targets]] = Recent(_PLACED)
        self.noted: Recent[str, str] = Recent(_COMPARED)
        self.settings: Recent[str, Settings] = Recent(_COMPARED)

    @cached_property
    def operating(self) -> Operating:
        """Carries operations on."""
        return Operating(self._runtime)

    def turn(self, round_: Round) -> _Turn:
        """The controller for some Applications that are looked at together."""
        return _Turn(self, self._runtime, round_)


class _Turn:
    """See `Controller`."""

    def __init__(self, applications: Applications, runtime: Runtime, round_: Round) -> None:
        self._applications, self._runtime, self._round = applications, runtime, round_

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`. An Application whose cluster was removed is gone."""
        try:
            reading = Reading(self._runtime, key, self._round)
        except NotFound:
            self._applications.following.follow(key, [])
            return None
        return reading.observation()

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        look: Look = observation.object
        if look.skipped:
            return Decision(stands_on=())
        if look.seen is None and not look.overdue:
            # The answer may have come just before this wait was noted, and then it has woken nobody.
            wait = min(max(look.waited / 4, _SHORTEST_WAIT), _LONGEST_WAIT)
            return Decision(requeue_at=now + timedelta(seconds=wait), stands_on=())
        if look.seen is None:
            raise Unavailable(look.waits)
        decided = Deciding(look.seen, now)
        plan = decided.plan()
        goes_on = plan.carry_on or bool(plan.batch)
        effects = (Call(f"operation {now}", (decided, look, plan), repeatable=True),) if goes_on else ()
        return Decision(effects, decided, plan.due, stands_on=())

    def call(self, call: Call) -> bool | datetime:
        """See `Controller.call`: the operation of an Application, or its end.

        What an agent has not answered yet is asked again under the same name, by which its answer wakes the Application; so
        an operation that has just begun is written down meanwhile.
        """
        try:
            return self._carried_out(call)
        except Pending:
            return self._runtime.clock.now() + _ANSWERED

    def _carried_out(self, call: Call) -> bool | datetime:
        decided, look, plan = call.what
        if plan.batch:
            done = self._applications.operating.end(look.destination, plan, look.key, look.version.uid)
            decided.left([one.problem for one in done.values() if one.problem])
            return True
        due = self._applications.operating.carry_on(decided, look.key, look.destination)
        return due if due is not None else True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`; of what failed it tells that a cluster has not answered for a while."""
        del report
        look: Look = observation.object
        if decision is None and look.overdue:
            body = unreached(look.body, look.waits, self._runtime.clock.now())
            return Patch(look.key, body, look.version) if body else None
        if decision is None or not isinstance(decision.status, Deciding):
            return None
        if look.direct:
            hurry(self._runtime, look.destination, look.key, under_way=decision.status.is_under_way)
        body = decision.status.patch()
        if not body:
            self._applications.asking.done(look.key, look.asked)
            return None
        self._applications.asking.told(look.key, look.asked, decision.status.status)
        return Patch(look.key, body, look.version)


def application_loop(runtime: Runtime, key: Key, round_: Round) -> Loop:
    """The loop that turns for one Application, one repository, one pull request, or one cluster without an agent."""
    store, clock = runtime.store, runtime.clock
    controller: Controller
    if key.kind == following.KIND:
        controller = RepositoryCheck(runtime)
    elif key.kind == pullrequests.KIND:
        controller = RequestCheck(runtime)
    elif key.kind == surveys.KIND:
        controller = ClusterCheck(runtime)
    else:
        controller = runtime.applications.turn(round_)
    return Loop(
        controller,
        States(store, clock, RECONCILE_APP),
        Wakes(store, runtime.queue, clock, RECONCILE_APP),
        timers_of(runtime, RECONCILE_APP),
        Claims(store, clock, everything=False, lease=0.0),
        clock,
        None if key.group == following.GROUP else runtime.clusters.carrier(key, runtime.applications.fresh.wrote),
    )


def handle_wake(runtime: Runtime, body: str, round_: Round) -> None:
    """Look at the Application that a message of the queue names.

    Raises EvaluationError for a message that is no wake, Unavailable when our own store or queue fail.
    """
    text = read_wake(body)
    if text is None:
        raise EvaluationError("not a wake of an Application")
    key = Key.parse(text)
    application_loop(runtime, key, round_).run(key)
