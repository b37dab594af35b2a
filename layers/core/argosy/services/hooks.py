"""Keeps the webhooks of event sources at their Git hosts: registered when an entry asks for it, removed when it is gone.

A controller in the loop beside that of the wiring, which it follows: all webhooks of an installation are one object
to it, each is a call that stands apart and may be repeated. Every webhook that was ever registered stands in a row of
its own (pk `hooks`, sk the entry and its target at the host), written before the host is asked: `wanted` is what it
was registered as, `ids` are the hosts' own by repository, `owner` and `account` are the event source and whom its
secrets are read as, `problem` why it failed. Called by functions/reconcile_source. Argo registers them in each event
source's pod, and removes them when that ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from argosy.control.claims import Claims
from argosy.control.controller import Report
from argosy.control.effects import Call, Decision, Observation, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop
from argosy.control.state import States
from argosy.control.wakes import Wakes
from argosy.errors import ArgosyError
from argosy.events.registration import PresentHook, WantedHook, change, wanted_hooks
from argosy.ports.hookhosts import HookHosts, HookPlace
from argosy.ports.secrets import Secrets
from argosy.ports.store import Delete, Put, Row, Store
from argosy.services.declarations import Declarations, Hook
from argosy.services.queues import RECONCILE_SOURCE
from argosy.services.timing import timers_of

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["HOOKS_PK", "Registrar", "hook_problems", "hooks_loop"]

HOOKS_PK: Final = "hooks"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A webhook that is wanted, and whose it is."""

    key: str
    namespace: str
    owner: str
    account: str
    hook: WantedHook

    @property
    def data(self) -> dict[str, Any]:
        """Its row, as long as nothing is registered; as it comes back from the store."""
        data = {"wanted": asdict(self.hook), "namespace": self.namespace, "owner": self.owner, "account": self.account}
        plain: dict[str, Any] = orjson.loads(orjson.dumps(data))
        return plain


@dataclass(frozen=True, slots=True)
class Seen:
    """What is wanted and what was registered, both by the rows' keys."""

    wanted: Mapping[str, Wanted]
    known: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Register:
    """Bring the host to what is wanted; `ids` are those of what was registered before."""

    wanted: Wanted
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unregister:
    """Remove what nobody wants any more; `data` is its row."""

    key: str
    data: Mapping[str, Any]


class Registrar:
    """The controller (see `argosy.control.controller`) of an installation's webhooks at Git hosts."""

    def __init__(self, store: Store, declarations: Declarations, hosts: HookHosts, secrets: Secrets) -> None:
        self._store, self._declarations, self._hosts, self._secrets = store, declarations, hosts, secrets

    def observe(self, key: Key) -> Observation | None:
        """See `Controller.observe`. Both are read from the store, which shows what was last written."""
        del key  # there is one
        self._declarations.refresh(now=True)
        wanted = [one for hook in self._declarations.all_hooks() for one in _wanted(hook)]
        known = {row.sk: row.data for row in self._store.query(HOOKS_PK)}
        return Observation(Seen({one.key: one for one in wanted}, known))

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        """See `Controller.reconcile`: register what is declared and is not so, remove what no longer is."""
        del now
        seen: Seen = observation.object
        calls: list[Register | Unregister] = []
        for key, one in seen.wanted.items():
            row = seen.known.get(key, {})
            if not row.get("registered") or any(row.get(name) != value for name, value in one.data.items()):
                calls.append(Register(one, row.get("ids", {})))
        calls += [Unregister(key, row) for key, row in seen.known.items() if key not in seen.wanted]
        return Decision(tuple(Call(_name(what), what, repeatable=True, apart=True) for what in calls))

    def call(self, call: Call) -> bool:
        """See `Controller.call`."""
        what = call.what
        if isinstance(what, Register):
            self._register(what.wanted, dict(what.ids))
        else:
            self._unregister(what.key, what.data)
        return True

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        """See `Controller.status`. The status of an event source is made of the rows when it is asked for."""
        del observation, decision, report
        return None

    def _register(self, wanted: Wanted, ids: dict[str, str]) -> None:
        data = {**wanted.data, "ids": ids, "registered": False}
        self._put(wanted.key, data)
        try:
            place = self._place(data)
            for target in self._hosts.targets(place):
                ids[target] = self._bring(place, target, wanted.hook, ids.get(target, ""))
                self._put(wanted.key, data)
        except ArgosyError as x:
            self._put(wanted.key, {**data, "problem": str(x)})
            raise
        self._put(wanted.key, {**data, "registered": True})

    def _bring(self, place: HookPlace, target: str, hook: WantedHook, known: str) -> str:
        present = [PresentHook(one.id, one.url, one.events) for one in self._hosts.listed(place, target)]
        what = change(hook, present, known)
        if what.verb == "create":
            return self._hosts.create(place, target, hook.url, hook.events)
        if what.verb == "edit":
            self._hosts.edit(place, target, what.id, hook.url, hook.events)
        return what.id

    def _unregister(self, key: str, data: Mapping[str, Any]) -> None:
        try:
            if data["wanted"]["leaves"] and data["ids"]:
                place = self._place(data)
                for target, hook in data["ids"].items():
                    self._hosts.delete(place, target, hook)
        except ArgosyError as x:
            self._put(key, {**data, "owner": "", "problem": str(x)})
            raise
        self._store.write([Delete(HOOKS_PK, key)])

    def _place(self, data: Mapping[str, Any]) -> HookPlace:
        """Where a row's hooks are, with the secrets read as the event source's account."""
        wanted = data["wanted"]
        secrets = {
            name: self._secrets.secret(data["namespace"], secret, key, data["account"])
            for name, (secret, key) in wanted["secrets"].items()
        }
        return HookPlace(wanted["host"], wanted["base"], wanted["target"], wanted["options"], secrets)

    def _put(self, key: str, data: Mapping[str, Any]) -> None:
        self._store.write([Put(Row(HOOKS_PK, key, dict(data)))])


def _wanted(hook: Hook) -> list[Wanted]:
    owner = f"{hook.namespace}/{hook.source}"
    found = wanted_hooks(hook.kind, hook.entry)
    return [Wanted(f"{hook.key}/{one.target}", hook.namespace, owner, hook.account, one) for one in found]


def _name(what: Register | Unregister) -> str:
    key = what.key if isinstance(what, Unregister) else what.wanted.key
    return f"{type(what).__name__.lower()} {key}"


def hooks_loop(runtime: Runtime) -> Loop:
    """The loop that keeps an installation's webhooks. Raises InvalidObject where nothing asks Git hosts."""
    store, clock = runtime.store, runtime.clock
    return Loop(
        runtime.registrar,
        States(store, clock, RECONCILE_SOURCE),
        Wakes(store, runtime.queue, clock, RECONCILE_SOURCE),
        timers_of(runtime, RECONCILE_SOURCE),
        Claims(store, clock, everything=False, lease=0.0),
        clock,
    )


def hook_problems(store: Store, namespace: str, name: str) -> Mapping[str, str]:
    """Which webhooks of an event source could not be registered, and why: entry and target → reason."""
    owner = f"{namespace}/{name}"
    rows = [row for row in store.query(HOOKS_PK, f"{owner}/") if row.data.get("problem")]
    return {row.sk.removeprefix(f"{owner}/"): row.data["problem"] for row in rows}
