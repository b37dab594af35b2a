"""RabbitMQ, with a user of its own, and a durable queue."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import time
from collections.abc import Mapping
from typing import Any

import aio_pika

from support.brokers.base import PASSWORD, TLS, USER, Broker, installed, ref
from support.processes import DEADLINE
from support.up import free_port

__all__ = ["Amqp", "AmqpTls"]


class Amqp(Broker):
    """A durable queue on a topic exchange, whose messages have ids."""

    kind = "amqp"
    keeps = True
    named = True

    def __init__(self) -> None:
        super().__init__()
        self._distribution, self._names = free_port(), free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        self._sent = 0

    def command(self) -> list[str]:
        """See `Broker`. The script of Debian's package changes the user; the server's own does not."""
        installed("rabbitmq-server", "rabbitmq-server")
        (self.folder / "rabbitmq.conf").write_text(
            f"{self._listener()}\ndefault_user = {USER}\ndefault_pass = {PASSWORD}\n"
            "log.console = true\nlog.file = false\n"
        )
        (self.folder / "enabled_plugins").write_text("[].\n")
        # The server would start one that outlives it.
        self._epmd = subprocess.Popen([installed("epmd", "erlang-base"), "-port", str(self._names)])
        return ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

    def _listener(self) -> str:
        if not self.secure:
            return f"listeners.tcp.1 = 127.0.0.1:{self.port}"
        options = {"certfile": TLS / "cert.pem", "keyfile": TLS / "key.pem", "cacertfile": TLS / "cert.pem"}
        listed = "".join(f"ssl_options.{name} = {path}\n" for name, path in options.items())
        return f"listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{self.port}\n{listed}"

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Broker`."""
        return {
            **os.environ,
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_NODENAME": f"argosy-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }

    def settle(self) -> None:
        """See `Broker`."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                asyncio.run(self._publish([]))
            except (aio_pika.exceptions.AMQPError, OSError):
                assert time.monotonic() < end, (self.folder / "log").read_text()
                time.sleep(0.2)
            else:
                return

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        return {
            "url": f"amqp://127.0.0.1:{self.port}/",
            **({"tls": {"caCertSecret": ref("ca")}} if self.secure else {}),
            "exchangeName": self.place,
            "exchangeType": "topic",
            "routingKey": "orders.*",
            "jsonBody": True,
            "queueDeclare": {"name": self.place, "durable": True, "arguments": "x-max-length: 10000"},
            "auth": {"username": ref("username"), "password": ref("password")},
        }

    async def _publish(self, bodies: list[str]) -> None:
        tls = ssl.create_default_context(cafile=str(TLS / "cert.pem")) if self.secure else None
        url = f"amqp{'s' if tls else ''}://{USER}:{PASSWORD}@127.0.0.1:{self.port}/"
        connection = await aio_pika.connect(url, ssl_context=tls)
        async with connection:
            channel = await connection.channel()
            exchange = await channel.declare_exchange(self.place, "topic", durable=True)
            for body in bodies:
                self._sent += 1
                data = json.dumps(body).encode()
                message = aio_pika.Message(data, message_id=f"m-{self._sent}", delivery_mode=2)
                await exchange.publish(message, "orders.created")

    def send(self, *bodies: str) -> None:
        """See `Broker`."""
        asyncio.run(self._publish(list(bodies)))

    def stop(self) -> None:
        """See `Broker`: its launcher ends at once, the runtime a moment later."""
        super().stop()
        beam = f"argosy-{self.port}@localhost"
        end = time.monotonic() + DEADLINE
        while subprocess.run(["pgrep", "-f", beam], capture_output=True, check=False).returncode == 0:
            assert time.monotonic() < end, "the server goes on"
            time.sleep(0.1)
        if self._epmd is not None:
            self._epmd.terminate()
            self._epmd.wait()
            self._epmd = None


class AmqpTls(Amqp):
    """The same by TLS."""

    secure = True
