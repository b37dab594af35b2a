"""Tells at a pull request what merging it would change: each Application that follows its branch is rendered twice.

In: pull requests that webhooks have told of. Out: one comment and the status `argosy/diff` of the commit at the Git host. A
row for each (pk `pull-requests`, sk its key) with the newest commit; it goes once that has been told. `RequestCheck` is a
`control.controller.Controller` whose objects are these rows. Argo CD has nothing like it.

Commits of forks are left alone: what a stranger writes would be rendered with what private repositories hold, and shown to
everybody.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Write
from argosy.control.keys import Key
from argosy.errors import ArgosyError, Conflict, Retryable
from argosy.gitops import pullrequests
from argosy.gitops.observed import Made
from argosy.gitops.pullrequests import Change
from argosy.gitops.refresh.needs import RECENT
from argosy.gitops.webhooks.matching import merged_into
from argosy.gitops.webhooks.pullrequests import PullRequest, token_setting
from argosy.ports.pullrequests import PullRequestHosts, RequestPlace
from argosy.ports.store import Delete, Put, Row
from argosy.resources.application import Application
from argosy.services.agents.registry import Entry
from argosy.services.applications.controlplane import ControlPlane
from argosy.services.applications.declared import declared
from argosy.services.applications.making import Making
from argosy.services.applications.sources import For, Round

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["GROUP", "KIND", "RequestCheck", "Requests"]

GROUP: Final = "argosy.dev"
KIND: Final = "PullRequest"
_PK: Final = "pull-requests"
_MOST_APPS: Final = 50
_log = logging.getLogger("argosy.pullrequests")


class Requests:
    """The rows."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def put(self, entry: Entry, request: PullRequest) -> None:
        """Have a pull request looked at, if the cluster has a token for its host and an Application that it changes."""
        if request.fork or not self._runtime.applications.secrets.setting(entry, token_setting(request.host)):
            return
        if not any(merged_into(app, request) for _, app in declared(self._runtime, entry)):
            return
        name = hashlib.sha256(f"{request.url}\n{request.number}".encode()).hexdigest()[:32]
        key = Key(entry.name, GROUP, KIND, "", name)
        self._runtime.store.write([Put(Row(_PK, str(key), request.as_json()))])
        self._runtime.app_wakes.wake(str(key))

    def get(self, key: Key) -> tuple[PullRequest, int] | None:
        """A pull request and the version of its row, None once it has been told."""
        row = self._runtime.store.get(_PK, str(key))
        return (PullRequest.from_json(row.data), row.version) if row is not None else None

    def done(self, key: Key, version: int) -> None:
        """It has been told; a newer commit of it stays."""
        try:
            self._runtime.store.write([Delete(_PK, str(key), expect=version)])
        except Conflict:
            return


@dataclass(frozen=True, slots=True)
class _Read:
    key: Key
    request: PullRequest
    version: int


class RequestCheck:
    """See `Controller`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._requests = runtime, Requests(runtime)

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`."""
        found = self._requests.get(key)
        return Observation(_Read(key, *found)) if found is not None else None

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`."""
        read: _Read = observation.object
        return Decision((Call(f"{read.request.head} {now}", read, repeatable=True),))

    def call(self, call: Call) -> bool:
        """See `Controller.call`: render, and tell. What will not go better the next time is logged and done with."""
        read: _Read = call.what
        try:
            self._tell(self._runtime.registry.find(read.key.cluster), read.request)
        except Retryable:
            raise
        except ArgosyError as x:
            _log.warning("pull request %s of %s: %s", read.request.number, read.request.url, x)
        self._requests.done(read.key, read.version)
        return True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`: a pull request has none in any cluster."""
        del observation, decision, report
        return None

    def _tell(self, home: Entry, request: PullRequest) -> None:
        hosts, secrets = self._runtime.pull_requests, self._runtime.applications.secrets
        token = secrets.setting(home, token_setting(request.host))
        if hosts is None or not token:
            return
        place = RequestPlace(request.host, request.api, request.place, request.number, token)
        try:
            self._shown(hosts, place, home, request)
        except Retryable:
            raise
        except ArgosyError as x:
            hosts.judge(place, request.head, "failure", pullrequests.CONTEXT, pullrequests.brief(str(x)))
            raise

    def _shown(self, hosts: PullRequestHosts, place: RequestPlace, home: Entry, request: PullRequest) -> None:
        base = hosts.base(place, request.base, request.head)
        together, plane = Round(), ControlPlane(self._runtime, home.name)
        # What its project does not permit is rendered for nobody.
        apps = [
            (app, whom)
            for key, app in declared(self._runtime, home)
            if merged_into(app, request)
            and (whom := Making(self._runtime, key, plane, together).rendered_for(app)) is not None
        ]
        changed = [self._change(app, whom, request, base, together) for app, whom in apps[:_MOST_APPS]]
        left = len(apps) - len(changed)
        if left:
            changed.append(
                Change("others", problem=f"{left} more applications follow this branch; these are not shown")
            )
        marked = pullrequests.marker(home.name)
        hosts.say(place, marked, pullrequests.comment(request.head, marked, changed))
        verdict = pullrequests.verdict(changed)
        hosts.judge(place, request.head, verdict.state, pullrequests.CONTEXT, verdict.description)

    def _change(self, app: Application, whom: For, request: PullRequest, base: str, together: Round) -> Change:
        places, to = merged_into(app, request), app.spec.destination.namespace
        name = f"{app.metadata.namespace}/{app.metadata.name}"

        def at(commit: str) -> Made:
            revisions = [commit if place in places else "" for place in range(len(app.spec.all_sources))]
            sources = self._runtime.applications.sources
            return sources.made(app.spec.all_sources, revisions, whom, together, RECENT)

        after = at(request.head)
        if after.problems:
            return Change(name, problem="; ".join(after.problems))
        before = at(base)
        # What could not be rendered before is all new.
        return pullrequests.change_of(name, to, () if before.problems else before.objects, after.objects)
