"""Trigger `http`: the request that a firing sends.

Follows `pkg/sensors/triggers/http/http.go` of Argo Events 1.9: parameters on the http object, then the payload (sent
with every method), then headers, dynamic headers and secure headers, the later winning.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import HttpCall, Reference
from argosy.events.parameters import build_payload, resolve
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised
from argosy.resources.base import KeyRef
from argosy.resources.sensor import ParameterSource

__all__ = ["build"]

_DEFAULT_TIMEOUT = 60.0


def build(context: FiringContext) -> HttpCall:
    """The request of one firing. Raises EvaluationError."""
    http = context.template.http
    if http is None:
        raise EvaluationError("the template has no http trigger")
    http = parameterised(http, "http", context.body["http"], http.parameters, context.events)
    headers = dict(http.headers)
    for dynamic in http.dynamic_headers:
        value = resolve(dynamic.src or ParameterSource(), context.events)
        if value is None:
            raise EvaluationError(f"dynamic header {dynamic.dest!r}: its dependency took no part in this firing")
        headers[dynamic.dest] = value.text
    secure = context.secure(http.secure_headers)
    status = context.policy.status if context.policy else None
    tls = http.tls
    return HttpCall(
        url=http.url,
        method=http.method or "POST",
        headers={name: value for name, value in headers.items() if name not in secure},
        secure_headers=secure,
        username=_reference(http.basic_auth.username, context.service_account) if http.basic_auth else None,
        password=_reference(http.basic_auth.password, context.service_account) if http.basic_auth else None,
        basic_auth=http.basic_auth is not None,
        host=http.host,
        body=build_payload(http.payload, context.events),
        timeout=float(http.timeout) if http.timeout > 0 else _DEFAULT_TIMEOUT,
        allow=tuple(status.allow) if status and status.allow is not None else None,
        insecure=bool(tls and tls.insecure_skip_verify),
        ca=_reference(tls.ca_cert_secret, context.service_account) if tls else None,
        client_cert=_reference(tls.client_cert_secret, context.service_account) if tls else None,
        client_key=_reference(tls.client_key_secret, context.service_account) if tls else None,
    )


def _reference(ref: KeyRef | None, account: str) -> Reference | None:
    return Reference("secret", ref.name, ref.key, account) if ref else None
