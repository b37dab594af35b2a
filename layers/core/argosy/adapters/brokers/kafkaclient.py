"""What all that speaks with Kafka shares: the login, meeting the first broker, what aiokafka raises as errors of ours."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

from argosy.adapters.brokers.common import address, check_host, tls_context
from argosy.errors import Denied, Unavailable
from argosy.ports.brokers import SecretOf
from argosy.resources.sensor import KafkaTrigger
from argosy.resources.sources.brokers import KafkaSource

__all__ = ["greet", "login", "told"]

# It logs each try to reach a broker that is away as an error; what is wrong stands in the status, once.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

_PORT: Final = 9092
_REQUEST_MILLISECONDS: Final = 10_000
_REFUSED: Final = (
    AuthenticationFailedError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
)


def login(entry: KafkaSource | KafkaTrigger, secret: SecretOf) -> dict[str, Any]:
    """A client's options: where the brokers are, TLS and who we are. Raises InvalidObject."""
    servers = [address(one.strip(), _PORT) for one in entry.url.split(",")]
    context = tls_context(entry.tls, secret)
    options: dict[str, Any] = {
        "bootstrap_servers": [f"{host}:{port}" for host, port in servers],
        "request_timeout_ms": _REQUEST_MILLISECONDS,
        "ssl_context": context,
    }
    if entry.sasl is None:
        return {**options, "security_protocol": "SSL" if context is not None else "PLAINTEXT"}
    return {
        **options,
        "security_protocol": "SASL_SSL" if context is not None else "SASL_PLAINTEXT",
        "sasl_mechanism": entry.sasl.mechanism or "PLAIN",
        "sasl_plain_username": secret(entry.sasl.user_secret),
        "sasl_plain_password": secret(entry.sasl.password_secret),
    }


async def greet(options: dict[str, Any]) -> None:
    """Log in at the first server that answers: a client would say only that none of them would have it."""
    problem: Exception = Unavailable("no server is named")
    rest = {name: value for name, value in options.items() if name != "bootstrap_servers"}
    for host, port in (address(one, _PORT) for one in options["bootstrap_servers"]):
        try:
            await check_host(host, port)
            connection = await create_conn(host, port, **rest)
        except (KafkaError, OSError, Unavailable, TimeoutError) as x:
            if isinstance(x, _REFUSED):
                raise
            problem = x
        else:
            connection.close()
            return
    raise problem


@contextlib.asynccontextmanager
async def told(url: str) -> AsyncIterator[None]:
    """What aiokafka raises, as ours."""
    try:
        yield
    except _REFUSED as x:
        raise Denied(f"{url}: {x or type(x).__name__}") from x
    except (KafkaError, OSError, TimeoutError) as x:
        raise Unavailable(f"{url}: {x or type(x).__name__}") from x
