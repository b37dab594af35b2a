"""Executor of `http` effects.

Every request carries the firing's id as `Idempotency-Key`, the same in each attempt, so that a receiver can tell a
repetition, and its trace; a manifest that sets such a header itself keeps its own.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import httptools

from argosy.adapters.http.client import HttpClient, parse_url
from argosy.adapters.http.deadlines import Deadlines
from argosy.adapters.http.inside import service_of
from argosy.errors import EvaluationError, Unavailable
from argosy.events.effects import HttpCall, Reference
from argosy.events.tracing import trace_headers
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets

__all__ = ["HttpExecutor"]

IDEMPOTENCY_KEY = "Idempotency-Key"


class Insides(Protocol):
    """Names inside clusters, which agents call for us."""

    def reaches(self, firing: FiringInfo) -> bool:
        """Whether an agent stands in the firing's cluster."""
        ...

    def call(self, firing: FiringInfo, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a request; `status` is in it. Raises Denied, Unavailable, Pending."""
        ...


class HttpExecutor:
    """Sends requests on kept connections; to names inside a cluster that stands behind an agent, through `insides`."""

    def __init__(self, secrets: Secrets, insides: Callable[[], Insides] | None = None) -> None:
        self._secrets, self._insides = secrets, insides
        self._client = HttpClient()
        self._deadlines = Deadlines()

    async def execute(self, effect: HttpCall, firing: FiringInfo) -> str:
        """See `Executor.execute`.

        Raises Permanent for a URL that cannot be used or may not be reached and for a secret that is not there;
        Unavailable for everything on the way and for a status that the policy does not allow, `Pending` while an agent is
        at it.
        """
        what = f"{effect.method} {parse_url(effect.url).shown}"
        insides = self._insides() if self._insides is not None and service_of(effect.url) else None
        if insides is not None and insides.reaches(firing):
            status = await asyncio.to_thread(self._through, insides, effect, firing)
        else:
            status = await self._directly(effect, firing, what)
        if effect.allow is not None and status not in effect.allow:
            allowed = ", ".join(str(code) for code in effect.allow)
            raise Unavailable(f"{what}: answered {status}; policy.status allows {allowed}")
        return f"{what}: {status}"

    def _through(self, insides: Insides, effect: HttpCall, firing: FiringInfo) -> int:
        """The status of a call that the agent makes. The cluster's own certificates are checked as the agent's pod does."""
        headers = self.request_headers(effect, firing)
        request = {
            "method": effect.method,
            "url": effect.url,
            "headers": headers | ({"Host": effect.host} if effect.host else {}),
            "body": effect.body,
            "timeout": effect.timeout,
        }
        return int(insides.call(firing, request)["status"])

    async def _directly(self, effect: HttpCall, firing: FiringInfo, what: str) -> int:
        headers, tls = self.request_headers(effect, firing), self._tls(effect, firing.namespace)
        body = effect.body.encode() if effect.body is not None else None
        try:
            with self._deadlines.within(effect.timeout):
                return await self._client.send(effect.method, effect.url, headers, body, tls, effect.host)
        except TimeoutError as x:
            raise Unavailable(f"{what}: no answer within {effect.timeout:g} s") from x
        except (OSError, httptools.HttpParserError) as x:
            raise Unavailable(f"{what}: {x or type(x).__name__}") from x

    def request_headers(self, effect: HttpCall, firing: FiringInfo) -> dict[str, str]:
        """The headers that go out, secrets filled in; Host is apart. Raises NotFound, Denied or Unavailable for a secret."""
        headers = dict(effect.headers)
        for name, ref in effect.secure_headers.items():
            headers[name] = self._read(firing.namespace, ref)
        if effect.basic_auth:
            user = self._read(firing.namespace, effect.username) if effect.username else ""
            password = self._read(firing.namespace, effect.password) if effect.password else ""
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        given = {name.lower() for name in headers}
        ours = {
            "Content-Type": "application/json",
            IDEMPOTENCY_KEY: firing.id,
            **trace_headers(firing.trace, firing.id),
        }
        for name, value in ours.items():
            if name.lower() not in given:
                headers[name] = value
        return headers

    def _read(self, namespace: str, ref: Reference) -> str:
        read = self._secrets.secret if ref.kind == "secret" else self._secrets.config
        return read(namespace, ref.name, ref.key, ref.account)

    def _tls(self, effect: HttpCall, namespace: str) -> ssl.SSLContext | None:
        if not (effect.insecure or effect.ca or effect.client_cert):
            return None
        ca = self._read(namespace, effect.ca) if effect.ca else ""
        cert = self._read(namespace, effect.client_cert) if effect.client_cert else ""
        key = self._read(namespace, effect.client_key) if effect.client_key else ""
        return _context(effect.insecure, ca, cert, key)


@lru_cache(maxsize=64)
def _context(insecure: bool, ca: str, cert: str, key: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=ca or None)
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert:
            with tempfile.TemporaryDirectory() as folder:
                chain = Path(folder) / "chain.pem"
                chain.touch(mode=0o600)
                chain.write_text(cert.rstrip() + "\n" + key)
                context.load_cert_chain(chain)
    except (ssl.SSLError, ValueError) as x:
        raise EvaluationError(f"the trigger's TLS certificates cannot be used: {x}") from x
    return context
