"""What entries of several event source types share: the webhook, filter, TLS and login parts, and how parts are checked.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go`, `pkg/eventsources/common/webhook/validate.go` and
`pkg/apis/events/v1alpha1/common.go` (TLS, basic auth, SASL) of Argo Events 1.9. Only fields that a rule or a source looks
at are modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from argosy.errors import ArgosyError
from argosy.lang import duration, regex
from argosy.resources.base import KeyRef, Model, Problem

__all__ = [
    "BasicAuth",
    "Check",
    "Filter",
    "NatsAuth",
    "Sasl",
    "Tls",
    "WatchPath",
    "WebhookSource",
    "check_basic",
    "check_duration",
    "check_hook",
    "check_path",
    "check_present",
    "check_set",
    "check_tls",
    "check_webhook",
]

Check = Callable[[Any, str], Iterator[Problem]]
"""(entry, its path in the manifest) → what is wrong with it."""

_MISSING: Final = "required, but missing"


class Filter(Model):
    """`filter.expression`: expr over the event's payload; false or an error drops the event."""

    expression: str = ""


class WebhookSource(Model):
    """One entry of `spec.webhook`, and the `webhook` part of every other source that comes by HTTP."""

    endpoint: str = ""
    method: str = ""
    port: str = ""
    url: str = ""
    auth_secret: KeyRef | None = None
    server_cert_secret: KeyRef | None = None
    server_key_secret: KeyRef | None = None
    metadata: Mapping[str, str] = {}
    max_payload_size: int | None = None
    filter: Filter = Filter()


class BasicAuth(Model):
    """User name and password."""

    username: KeyRef | None = None
    password: KeyRef | None = None


class Tls(Model):
    """`tls` of an entry."""

    enabled: bool = False
    insecure_skip_verify: bool = False
    ca_cert_secret: KeyRef | None = None
    client_cert_secret: KeyRef | None = None
    client_key_secret: KeyRef | None = None


class Sasl(Model):
    """`sasl` of what speaks with Kafka; no mechanism is PLAIN."""

    mechanism: str = ""
    user_secret: KeyRef | None = None
    password_secret: KeyRef | None = None


class NatsAuth(Model):
    """`auth` of what speaks with NATS: one of them. `nkey` is a seed, `credential` the text of a credentials file."""

    basic: BasicAuth | None = None
    token: KeyRef | None = None
    nkey: KeyRef | None = None
    credential: KeyRef | None = None


class WatchPath(Model):
    """Which files of a directory are watched: one `path`, or those whose names match `pathRegexp`."""

    directory: str = ""
    path: str = ""
    path_regexp: str = ""


def check_set(path: str, **fields: str) -> Iterator[Problem]:
    """Texts that may not be empty, by their names in manifests."""
    for name, value in fields.items():
        if not value:
            yield Problem(f"{path}.{name}", "required, but empty")


def check_present(path: str, **fields: object) -> Iterator[Problem]:
    """Fields that must be given, were it as an empty list."""
    for name, value in fields.items():
        if value is None:
            yield Problem(f"{path}.{name}", _MISSING)


def check_webhook(entry: WebhookSource, path: str) -> Iterator[Problem]:
    """The rules of a webhook."""
    if not entry.endpoint:
        yield Problem(f"{path}.endpoint", "required, but empty; it is the path that callers use, such as /example")
    if not entry.port:
        yield Problem(f"{path}.port", "required, but empty; it is a port number in quotes")
    elif not entry.port.isascii() or not entry.port.removeprefix("-").isdigit():
        yield Problem(f"{path}.port", f"{entry.port!r} is not a port number")


def check_hook(hook: WebhookSource | None, path: str) -> Iterator[Problem]:
    """The `webhook` part of the entry at `path`."""
    if hook is None:
        yield Problem(f"{path}.webhook", f"{_MISSING}; it says at which endpoint and port events come in")
    else:
        yield from check_webhook(hook, f"{path}.webhook")


def check_tls(tls: Tls | None, path: str) -> Iterator[Problem]:
    """The `tls` part of the entry at `path`, if it has one."""
    if tls is None or tls.insecure_skip_verify:
        return
    pair = (tls.client_cert_secret, tls.client_key_secret)
    if not (tls.enabled or tls.ca_cert_secret or any(pair)):
        yield Problem(
            f"{path}.tls", "says nothing: give caCertSecret, the client's certificate and key, or enabled: true"
        )
    elif (pair[0] is None) != (pair[1] is None):
        yield Problem(f"{path}.tls", "clientCertSecret and clientKeySecret go together; one of them is missing")


def check_basic(auth: BasicAuth | None, path: str) -> Iterator[Problem]:
    """The `auth` part of the entry at `path`, if it has one."""
    if auth is not None:
        yield from check_present(f"{path}.auth", username=auth.username, password=auth.password)


def check_path(watched: WatchPath, path: str) -> Iterator[Problem]:
    """Which files are watched; `path` leads to the object that says so."""
    if not watched.directory.startswith("/"):
        yield Problem(f"{path}.directory", "required, and an absolute path such as /data/")
    if bool(watched.path) == bool(watched.path_regexp):
        yield Problem(path, "needs either path or pathRegexp, and not both")
    if watched.path.startswith("/"):
        yield Problem(f"{path}.path", f"{watched.path!r} is absolute; it is taken from the directory on")
    if watched.path_regexp:
        try:
            regex.compile(watched.path_regexp)
        except ArgosyError as x:
            yield Problem(f"{path}.pathRegexp", str(x))


def check_duration(text: str, path: str) -> Iterator[Problem]:
    """A Go duration, or nothing."""
    if text:
        try:
            duration.parse(text)
        except ArgosyError as x:
            yield Problem(path, str(x))
