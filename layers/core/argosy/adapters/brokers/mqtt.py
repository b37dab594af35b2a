"""The connector of `mqtt`, on paho-mqtt, whose network loop is a thread of its own.

Follows `pkg/eventsources/sources/mqtt/start.go` of Argo Events 1.9 (MQTT 3.1.1; wildcards are MQTT's own).

On purpose different: Argo subscribes with quality 0 and a clean session, so that whatever comes while its pod is away is
gone. Here the subscription has quality 1 and the session lasts: what is published with quality 1 or 2 is kept by the broker
and acknowledged once its event is durable. A packet that is delivered twice is two events, since packets have no names.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from argosy.adapters.brokers.common import address, check_host, drain, shown, tls_context
from argosy.errors import Denied, Unavailable
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.brokers import MqttSource
from argosy.resources.sources.common import Tls

__all__ = ["MqttConnector"]

_PORTS: Final = {(False, False): 1883, (False, True): 8883, (True, False): 80, (True, True): 443}
"""Of addresses that name none, by whether they are of websockets and whether by TLS."""

_TLS_SCHEMES: Final = ("ssl", "tls", "mqtts", "tcps", "wss")
_QUALITY: Final = 1
_KEEPALIVE: Final = 30
_REFUSED: Final = frozenset({"Bad user name or password", "Not authorized", "Banned", "Bad authentication method"})


class MqttConnector:
    """See `Connector`."""

    def __init__(self, entry: MqttSource) -> None:
        self._entry = entry
        self._queue: asyncio.Queue[Delivery | Exception] = asyncio.Queue()
        self._client: Client | None = None
        self._where = shown(entry.url)

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        entry, self._queue = self._entry, asyncio.Queue()
        scheme = urlsplit(entry.url).scheme
        secure = entry.tls is not None or scheme in _TLS_SCHEMES
        web = scheme in ("ws", "wss")
        host, port = address(entry.url, _PORTS[web, secure])
        await check_host(host, port)
        client = self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=entry.client_id,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            transport="websockets" if web else "tcp",
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if web:
            client.ws_set_options(path=urlsplit(entry.url).path or "/")
        if secure:
            context = tls_context(entry.tls or Tls(enabled=True), secret)
            if context is not None:
                context.sslsocket_class = _Socket
            client.tls_set_context(context)
        if entry.auth is not None:
            client.username_pw_set(secret(entry.auth.username), secret(entry.auth.password))
        hearing = _Hearing(client, entry.topic, self._where, self._queue)
        try:
            await asyncio.to_thread(client.connect, host, port, _KEEPALIVE)
        except (OSError, ValueError) as x:
            raise Unavailable(f"{self._where}: {x}") from x
        client.loop_start()
        problem = await hearing.ready
        if problem is not None:
            raise problem

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        return await drain(self._queue)

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`."""
        if self._client is None:
            raise Unavailable("not connected")
        for one in deliveries:
            number, quality = one.handle
            if quality and self._client.ack(number, quality) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise Unavailable(f"{self._where}: not acknowledged: the connection is lost")

    async def close(self) -> None:
        """See `Connector.close`. The session stays with the broker, which keeps for it what comes meanwhile."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.to_thread(_end, client)


class _Socket(ssl.SSLSocket):
    """Closed when the server's certificate is refused, which the client forgets."""

    def do_handshake(self, block: bool = False) -> None:
        """See `ssl.SSLSocket`."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class _Hearing:
    """What a client's thread hears, taken to the loop; `ready` is done once it has subscribed, or with why it could not."""

    def __init__(self, client: Client, topic: str, where: str, queue: asyncio.Queue[Delivery | Exception]) -> None:
        self._client, self._topic, self._where, self._queue = client, topic, where, queue
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[Exception | None] = self._loop.create_future()
        client.on_connect, client.on_subscribe = self._connected, self._subscribed
        client.on_message, client.on_disconnect = self._came, self._lost

    def _connected(self, _: Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        if reason.is_failure:
            self._say((Denied if str(reason) in _REFUSED else Unavailable)(f"{self._where}: {reason}"))
        else:
            self._client.subscribe(self._topic, _QUALITY)

    def _subscribed(self, _: Client, __: Any, ___: int, reasons: Any, ____: Any) -> None:
        failed = [one for one in reasons if one.is_failure]
        self._say(Denied(f"{self._where}: topic {self._topic}: {failed[0]}") if failed else None)

    def _came(self, _: Client, __: Any, message: MQTTMessage) -> None:
        found = {"topic": message.topic, "messageId": message.mid, "payload": bytes(message.payload)}
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for it
            self._loop.call_soon_threadsafe(self._queue.put_nowait, Delivery(found, (message.mid, message.qos)))

    def _lost(self, _: Client, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        self._say(Unavailable(f"{self._where}: the connection is lost: {reason}"))

    def _say(self, problem: Exception | None) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._told, problem)

    def _told(self, problem: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_result(problem)
        elif problem is not None:
            self._queue.put_nowait(problem)


def _end(client: Client) -> None:
    client.disconnect()
    client.loop_stop()
