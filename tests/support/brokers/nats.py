"""NATS, without and with JetStream."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import nats

from support.brokers.base import PASSWORD, TLS, USER, Broker, installed, ref

__all__ = ["JetStream", "Nats", "NatsTls"]


class Nats(Broker):
    """The core protocol, with user and password."""

    kind = "nats"

    @property
    def subject(self) -> str:
        """What is published to."""
        return f"{self.place}.created"

    def command(self) -> list[str]:
        """See `Broker`."""
        config: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "authorization": {"user": USER, "password": PASSWORD},
            "jetstream": {"store_dir": str(self.folder / "jetstream")},
        }
        if self.secure:
            config["tls"] = {"cert_file": str(TLS / "cert.pem"), "key_file": str(TLS / "key.pem")}
        path = self.folder / "nats.conf"
        path.write_text(json.dumps(config))
        return [installed("nats-server", "nats-server"), "--config", str(path)]

    @property
    def context(self) -> ssl.SSLContext:
        """With which a client trusts the server."""
        return ssl.create_default_context(cafile=str(TLS / "cert.pem"))

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        basic = {"username": ref("username"), "password": ref("password")}
        return {
            "url": f"nats://{self.host}:{self.port}",
            "subject": f"{self.place}.*",
            "jsonBody": True,
            "auth": {"basic": basic},
            **({"tls": {"caCertSecret": ref("ca")}} if self.secure else {}),
        }

    def send(self, *bodies: str) -> None:
        """See `Broker`."""

        async def work() -> None:
            tls = self.context if self.secure else None
            client = await nats.connect(f"nats://{USER}:{PASSWORD}@{self.host}:{self.port}", tls=tls)
            for body in bodies:
                await client.publish(self.subject, json.dumps(body).encode(), headers={"X-Of": "test"})
            await client.drain()

        asyncio.run(work())


class NatsTls(Nats):
    """The same by TLS."""

    secure = True


class JetStream(Nats):
    """A push consumer of a stream delivers to the subject that the entry names."""

    keeps = True
    named = True

    def prepare(self) -> None:
        """See `Broker`."""

        async def work() -> None:
            client = await nats.connect(f"nats://{USER}:{PASSWORD}@{self.host}:{self.port}")
            jetstream = client.jetstream()
            await jetstream.add_stream(name=self.place, subjects=[f"{self.place}.*"])
            await jetstream.add_consumer(
                self.place,
                durable_name="argosy",
                deliver_subject=f"to.{self.place}",
                deliver_group="argosy",
                ack_policy="explicit",
                ack_wait=1,
            )
            await client.close()

        asyncio.run(work())

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        return {**super().fields(), "subject": f"to.{self.place}", "queue": "argosy"}

    def send(self, *bodies: str) -> None:
        """See `Broker`."""

        async def work() -> None:
            client = await nats.connect(f"nats://{USER}:{PASSWORD}@{self.host}:{self.port}")
            for body in bodies:
                await client.jetstream().publish(self.subject, json.dumps(body).encode())
            await client.close()

        asyncio.run(work())
