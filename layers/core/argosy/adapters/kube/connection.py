"""One API server, whatever the way to it: requests out, answers in, and what it was seen to serve.

`open` is what the ways in differ by: `client` for a kubeconfig, `eks`, `pod`. Impersonation sends the user alone: for a
service account the API server adds its three groups itself (apiserver v0.34, endpoints/filters/impersonation.go), and an
installation then needs no right to impersonate groups. Redirects are not followed and nothing is retried here: a bearer
token goes to the server that it is for only, and the callers' queues know better when to try again.
"""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final

from argosy.adapters.kube.kinds import Kinds
from argosy.adapters.kube.problems import problem
from argosy.errors import Unavailable
from argosy.ports.cluster import ServiceAccount
from argosy.records import record

__all__ = ["TIMEOUT", "Answer", "Call", "Connection", "Door", "no_answer", "trusting"]

TIMEOUT: Final = (3.0, 30.0)
"""Seconds to connect, seconds between two pieces of the answer."""


@record
class Call:
    """A request: `query` with the API's own parameter names, `body` a JSON value."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"
    accept: str = "application/json"
    user: ServiceAccount | None = None


@record
class Answer:
    """A status, with the headers, whose names are in lower case, and the whole body."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@record
class Door:
    """What a client of its own needs to come in: the server's URL, TLS, and the header to send at that moment.

    `refused` is to be told a header that the server did not take; `server_name`: that of its certificate, "" = the URL's.
    """

    host: str
    tls: ssl.SSLContext | None
    authorization: Callable[[], str]
    refused: Callable[[str], object]
    server_name: str = ""


class Connection(ABC):
    """A connection; safe to use from several threads."""

    host: str

    def __init__(self) -> None:
        self.kinds = Kinds(self._fetch)

    @abstractmethod
    def call(self, call: Call, subject: str) -> Answer:
        """Make the request. Raises `Unavailable`, which names `subject`, when there is no answer."""

    @abstractmethod
    def door(self) -> Door:
        """The way in, for a client that is not ours."""

    @abstractmethod
    def close(self) -> None:
        """Close the kept connections."""

    def _fetch(self, path: str, accept: str) -> bytes | None:
        answer = self.call(Call("GET", path, accept=accept), path)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise problem(answer.status, answer.body, answer.headers, f"discovery of {path}")
        return answer.body


def trusting(file: str | None = None, text: str | None = None) -> ssl.SSLContext:
    """TLS that trusts an authority in a file or a PEM text, else those of the system. Raises OSError, ValueError.

    Certificates may lack what Go's clients do not ask for either, such as key identifiers: many clusters' own do.
    """
    made = ssl.create_default_context(cafile=file, cadata=text)
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made


def no_answer(host: str, subject: str, cause: object) -> Unavailable:
    """The error when nobody answers."""
    return Unavailable(f"{subject}: no answer from {host}: {cause}")
