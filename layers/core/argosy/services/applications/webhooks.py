"""Deliveries of Git hosts and registries: which Applications follow what has changed, and are compared anew.

In: headers and body of a request. Out: a status and a text, once the Applications are marked and woken; they look for the
commit themselves. Called by functions/git_webhook. Follows `Handler` and `HandleEvent` of `util/webhook/webhook.go` in Argo
CD 3.6; each cluster whose Applications count has secrets of its own in `argocd-secret`, and a delivery concerns those
clusters whose secret it knows.

On purpose different: of many Applications those are woken at once whose own files have changed, and the rest by the check of
the repository, which tells them apart by what their folders hold (`checking`). Only those are read that are known to follow
such an address (`following`). Where a cluster has no secret for a host, anybody may say that a repository has changed, so
such a delivery is taken once in ten seconds for each repository, and one of an unknown repository leaves nothing behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from argosy.control.keys import Key
from argosy.errors import ArgosyError, Conflict, Denied, EvaluationError, Unavailable
from argosy.gitops.refresh.needs import LATEST_RESOLVED
from argosy.gitops.revisions import bare_address
from argosy.gitops.settings import Settings
from argosy.gitops.webhooks import receiving
from argosy.gitops.webhooks.delivery import MOST_BYTES, Artifact, Delivery, Push
from argosy.gitops.webhooks.matching import Concern, concern, concern_of_artifact, is_near, means
from argosy.gitops.webhooks.pullrequests import is_pull_request, pull_request_of
from argosy.gitops.webhooks.receiving import host_of, received
from argosy.ports.store import ABSENT, Put, Row
from argosy.resources.application import Application
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import Entry
from argosy.services.applications.checking import FEW
from argosy.services.applications.controlplane import settings_of
from argosy.services.applications.declared import those_of
from argosy.services.applications.following import Place, place_of, repository_key
from argosy.services.applications.pullrequests import Requests

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["GitWebhooks"]

_OPEN_SECONDS: Final = 10.0
_PK: Final = "git-webhooks"
_MOST_ADDRESSES: Final = 20


class GitWebhooks:
    """Deliveries to one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def receive(self, delivery: Delivery) -> tuple[int, str]:
        """Answer a delivery. Raises Unavailable when a cluster cannot tell whether to take it; the others are served."""
        if len(delivery.body) > MOST_BYTES:
            return 413, f"at most {MOST_BYTES} bytes are taken"
        refusals: list[ArgosyError] = []
        untold: Unavailable | None = None
        known: dict[str, Sequence[Key]] = {}
        entries = [one for one in self._runtime.registry.all() if one.watched and one.door]
        for entry in entries:
            try:
                self._of_cluster(entry, delivery, known)
            except (Denied, EvaluationError) as x:
                refusals.append(x)
            except Unavailable as x:
                untold = untold or x
        if untold is not None:
            raise untold
        if refusals and len(refusals) == len(entries):
            registry = isinstance(refusals[0], Denied) and _is_of_registry(delivery)
            return (401 if registry else 400), f"Webhook processing failed: {refusals[0]}"
        return 200, ""

    def _of_cluster(self, entry: Entry, delivery: Delivery, known: dict[str, Sequence[Key]]) -> None:
        """Wake the Applications of a cluster that it concerns; `known`: who follows what. Raises Denied, EvaluationError."""
        secrets = self._secrets(entry, delivery)
        if is_pull_request(delivery, secrets):
            request = pull_request_of(delivery, secrets)
            if request is not None:
                Requests(self._runtime).put(entry, request)
            return
        said = received(delivery, secrets)
        if said is None:
            return
        named: dict[Key, str] = {}
        for address in means(said)[:_MOST_ADDRESSES]:
            if address not in known:
                known[address] = self._runtime.applications.following.named(address)
            named |= {key: address for key in known[address] if key.cluster == entry.name and key not in named}
        turn = _Turn(self._runtime, entry, min(named.values(), default=""))
        if not named or (not secrets and not turn.is_due()):
            return
        concerned = {key: app for key, app in those_of(self._runtime, entry, named) if _concern(app, said).refresh}
        if not concerned or (not secrets and not turn.take()):
            return
        is_checked = len(concerned) > FEW and self._settings(entry).soft
        near = [key for key, app in concerned.items() if not is_checked or is_near(app, said)]
        self._runtime.applications.asking.put_all(near, LATEST_RESOLVED)
        self._runtime.app_wakes.wake_all([str(key) for key in near])
        self._check({place_of(one) for key in concerned.keys() - near for one in concerned[key].spec.all_sources}, said)

    def _check(self, places: Iterable[Place], said: Push | Artifact) -> None:
        """Have the repository asked for what is followed there."""
        meant = set(means(said))
        followed = [place for place in places if bare_address(place[0]) in meant]
        for place in followed:
            self._runtime.applications.following.doubt(place)
        self._runtime.app_wakes.wake_all(sorted({str(repository_key(url)) for url, *_ in followed}))

    def _settings(self, entry: Entry) -> Settings:
        scopes = Mirror(self._runtime.store, self._runtime.blobs, entry.name).scopes()
        return settings_of(self._runtime, entry.name, scopes)

    def _secrets(self, entry: Entry, delivery: Delivery) -> Mapping[str, str]:
        """What `argocd-secret` says of the sender's host."""
        found = {key: self._runtime.applications.secrets.setting(entry, key) for key in receiving.settings_of(delivery)}
        return {key: value for key, value in found.items() if value}


class _Turn:
    """When an unproven delivery about a repository was taken last."""

    def __init__(self, runtime: Runtime, entry: Entry, address: str) -> None:
        self._store, self._now = runtime.store, runtime.clock.now().timestamp()
        self._name = hashlib.sha256(f"{entry.name}\n{address}".encode()).hexdigest()[:32]
        self._version = ABSENT

    def is_due(self) -> bool:
        """Whether another one may be taken."""
        row = self._store.get(_PK, self._name)
        self._version = row.version if row is not None else ABSENT
        return row is None or self._now - row.data["at"] >= _OPEN_SECONDS

    def take(self) -> bool:
        """Take it, unless somebody else was faster."""
        change = Row(_PK, self._name, {"at": self._now}, expires_at=self._now + 3600)
        try:
            self._store.write([Put(change, expect=self._version)])
        except Conflict:
            return False
        return True


def _concern(app: Application, said: Push | Artifact) -> Concern:
    return concern(app, said) if isinstance(said, Push) else concern_of_artifact(app, said)


def _is_of_registry(delivery: Delivery) -> bool:
    try:
        return host_of(delivery, {}) == "ghcr"
    except EvaluationError:
        return True
