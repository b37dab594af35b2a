"""The Secrets port for clusters behind agents, which tell the hub what declarations name (docs/decisions/0011).

In: namespace, name, key, account, as the other adapters. What the installation itself keeps comes first, as everywhere; then
the agent's rows, of which a Secret's are opened here, at each read, and kept nowhere. Services do not know the difference:
a value that the agent cannot have is refused in the API server's words, as where the cluster is reached directly. One that
has not come yet is Unavailable and not NotFound, since it may come at any moment.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final, Protocol

import orjson

from argosy.control.agents.reports import error_of
from argosy.control.agents.values import CONFIG_MAP, SECRET, Place, Told, context_of
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, NotFound, Unavailable
from argosy.ports.sealing import Opener
from argosy.ports.secrets import Secrets
from argosy.ports.store import Store
from argosy.resources.homes import home_of
from argosy.services.agents.registry import HOME, Registry
from argosy.services.agents.values import ValueRows

__all__ = ["SealedSecrets"]

_SOON: Final = 5.0


class _Read(Protocol):
    def __call__(self, namespace: str, name: str, key: str, account: str = "default") -> str: ...


class SealedSecrets:
    """`kept`: what the installation itself keeps; `direct`: the same and the home cluster, where that is reached directly.

    `registry` tells which clusters stand behind agents.
    """

    def __init__(self, direct: Secrets, kept: Secrets, store: Store, registry: Registry, opener: Opener) -> None:
        self._direct, self._kept = direct, kept
        self._store, self._registry, self._opener = store, registry, opener

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`. Raises `InvalidObject` for a value that is no UTF-8 text."""
        return self._read(SECRET, self._first(namespace).secret, namespace, name, key, account)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`. Raises `InvalidObject` for binary data that is no UTF-8 text."""
        return self._read(CONFIG_MAP, self._first(namespace).config, namespace, name, key, account)

    def _first(self, namespace: str) -> Secrets:
        return self._kept if home_of(namespace)[1] else self._direct

    def _read(self, kind: str, first: _Read, namespace: str, name: str, key: str, account: str) -> str:
        try:
            return first(namespace, name, key, account)
        except (NotFound, Denied) as x:
            problem: ArgosyError = x
        own, home = home_of(namespace)
        try:
            behind = self._registry.way(home) == "agent"
        except Denied:
            behind = False  # a function without the table, which has nothing to do with clusters
        if not behind:
            raise problem
        try:
            place = Place.of(kind, own, name, account)
        except EvaluationError:
            raise problem from None
        return self._told(home or HOME, place, key, problem)

    def _told(self, cluster: str, place: Place, key: str, problem: ArgosyError) -> str:
        subject = f"cluster {cluster}: {place.kind}/{place.namespace}/{place.name}"
        known = ValueRows(self._store, cluster).find(place)
        if known is None:
            raise NotFound(
                f"{subject}, key {key}: its agent was not asked for it, since no EventSource or Sensor of the cluster names "
                f"it for account {place.account}; nor is it kept here: {problem}"
            )
        told = known.told
        if told is None:
            raise Unavailable(
                f"{subject}, key {key}: its agent has not told it yet (argosy cluster get {cluster}); or keep it here: "
                f"{problem}",
                delay=_SOON,
            )
        if told.problem is not None:
            raise _why(told, subject, key)
        if key not in told.keys:
            raise Unavailable(f"{subject} has no key {key} yet: once it has, it is used", delay=_SOON)
        return _text(self._values(cluster, told)[key], subject, key)

    def _values(self, cluster: str, told: Told) -> dict[str, str]:
        if told.place.kind == CONFIG_MAP:
            return dict(told.plain or {})
        found: dict[str, str] = orjson.loads(self._opener.open(told.sealed, context_of(cluster, told.place)))
        return found


def _why(told: Told, subject: str, key: str) -> ArgosyError:
    """What the agent was told when it read the object."""
    problem = error_of(told.problem or {})
    if isinstance(problem, NotFound):
        return Unavailable(f"{subject}, key {key}: not there yet: {problem}", delay=_SOON)
    if isinstance(problem, Denied):
        return Denied(f"{subject}, key {key}, as service account {told.place.account}: {problem}")
    return InvalidObject(str(problem), obj=subject, field=f"data.{key}")


def _text(encoded: str, obj: str, key: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().removesuffix("\n")
    except (binascii.Error, UnicodeDecodeError):
        # Without the cause: its text quotes the value.
        raise InvalidObject("the value is no UTF-8 text", obj=obj, field=f"data.{key}") from None
