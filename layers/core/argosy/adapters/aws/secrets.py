"""Secrets port on Secrets Manager and the parameters of Systems Manager.

A Secret's key is looked for in two places, in this order: the secret `argosy/<stage>/<namespace>/<name>` of Secrets Manager,
a JSON object of keys and values, and the parameter `/argosy/<stage>/<namespace>/<name>/<key>`. A ConfigMap's key is the
parameter `/argosy/<stage>/configs/<namespace>/<name>/<key>`. (The service account of a declaration means nothing here: what
the function's role may read is what its declarations may name.) The namespace of a cluster that is not the home one is
`<namespace>@<cluster>` in a secret, and `<namespace>.at.<cluster>` in a parameter, whose names have no @.

What was read is remembered for a minute, what was not there for five seconds; a rotated value is used a minute later.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.errors import ArgosyError, Denied, NotFound

__all__ = ["AwsSecrets", "sealing_keys"]

_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]+(?:@[a-z0-9-]+)?\Z")
_FRESH: Final = 60.0
_AGAIN: Final = 5.0
_MOST: Final = 1_000

type Values = Mapping[str, Any]


def sealing_keys(stage: str, clients: Clients) -> str:
    """What opens values of clusters behind agents; only functions that need a value may read it."""
    name = f"argosy/{stage}/agent-seal"
    with telling(f"the keys that open values of agents, secret {name} (argosy cluster add --agent makes it)"):
        return str(clients.secretsmanager.get_secret_value(SecretId=name)["SecretString"])


class AwsSecrets:
    """Values below `prefix`, such as `argosy/prod`; `clock` counts seconds."""

    def __init__(self, prefix: str, clients: Clients, clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix, self._clients, self._clock = prefix, clients, clock
        self._known: dict[str, tuple[float, Values | None]] = {}
        self._mutex = threading.Lock()

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        place = _place("secret", namespace, name, key)
        document, parameter = f"{self._prefix}/{namespace}/{name}", f"/{self._prefix}/{place}"
        value, denied = self._first(
            (document, key, lambda: self._document(document)), (parameter, key, lambda: self._parameter(parameter, key))
        )
        if value is not None:
            return value
        text = f"secret {namespace}/{name} has no key {key}: neither Secrets Manager's {document} nor parameter {parameter}"
        raise Denied(f"{text}: {denied}") if denied else NotFound(text)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        parameter = f"/{self._prefix}/configs/{_place('config map', namespace, name, key)}"
        value, denied = self._first((parameter, key, lambda: self._parameter(parameter, key)))
        if value is not None:
            return value
        text = f"config map {namespace}/{name} has no key {key}: there is no parameter {parameter}"
        raise Denied(f"{text}: {denied}") if denied else NotFound(text)

    def _first(self, *places: tuple[str, str, Callable[[], Values]]) -> tuple[str | None, ArgosyError | None]:
        """The value in the first place that has it, and why a place could not be looked at."""
        denied: ArgosyError | None = None
        for place, key, read in places:
            try:
                values = self._remembered(place, read)
            except Denied as x:
                denied = x
                continue
            if values is not None and key in values:
                value = values[key]
                text = value if isinstance(value, str) else orjson.dumps(value).decode()
                return text.removesuffix("\n"), None
        return None, denied

    def _remembered(self, place: str, read: Callable[[], Values]) -> Values | None:
        now = self._clock()
        with self._mutex:
            until, values = self._known.get(place, (0.0, None))
        if now < until:
            return values
        try:
            values = read()
        except NotFound:
            values = None
        with self._mutex:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[place] = (now + (_AGAIN if values is None else _FRESH), values)
        return values

    def _document(self, name: str) -> Values:
        with telling(f"secret {name} of Secrets Manager"):
            answer = self._clients.secretsmanager.get_secret_value(SecretId=name)
        try:
            values = orjson.loads(answer.get("SecretString", ""))
        except orjson.JSONDecodeError:
            values = None  # what cannot be read may hold a value, so its text is not told
        if not isinstance(values, dict):
            raise NotFound(f"secret {name} of Secrets Manager is no JSON object of keys and values")
        return values

    def _parameter(self, name: str, key: str) -> Values:
        with telling(f"parameter {name}"):
            answer = self._clients.ssm.get_parameter(Name=name, WithDecryption=True)
        return {key: answer["Parameter"]["Value"]}


def _place(kind: str, *parts: str) -> str:
    if not all(_NAME.match(part) for part in parts):
        raise NotFound(f"{kind} {'/'.join(parts)} is not a name that Kubernetes allows")
    return "/".join(parts).replace("@", ".at.")
