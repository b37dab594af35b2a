"""Redis: channels, and streams with a consumer group. With appendonly, so that a restart keeps streams."""

from __future__ import annotations

from typing import Any

import redis

from support.brokers.base import PASSWORD, TLS, USER, Broker, installed, ref

__all__ = ["Redis", "RedisStream", "RedisTls"]


class Redis(Broker):
    """Channels, with a user of its own."""

    kind = "redis"

    def command(self) -> list[str]:
        """See `Broker`."""
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "user": f"{USER} on >{PASSWORD} ~* &* +@all",
        }
        if self.secure:
            options |= {"port": "0", "tls-port": str(self.port), "tls-auth-clients": "no"}
            options |= {"tls-cert-file": str(TLS / "cert.pem"), "tls-key-file": str(TLS / "key.pem")}
        config = self.folder / "redis.conf"
        config.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        return [installed("redis-server", "redis-server"), str(config)]

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        return {**self.login(), "namespace": "ns", "channels": [self.place, f"{self.place}.returns.*"]}

    def login(self) -> dict[str, Any]:
        """Of both."""
        tls = {"tls": {"caCertSecret": ref("ca")}} if self.secure else {}
        where = {"hostAddress": f"127.0.0.1:{self.port}", "db": 0, **tls}
        return {**where, "username": USER, "password": ref("password")}

    def client(self) -> redis.Redis:
        """Ours."""
        authority = str(TLS / "cert.pem") if self.secure else None
        return redis.Redis(port=self.port, username=USER, password=PASSWORD, ssl=self.secure, ssl_ca_certs=authority)

    def settle(self) -> None:
        """See `Broker`: an append-only file is read first."""
        with self.client() as client:
            assert client.ping()

    def send(self, *bodies: str) -> None:
        """See `Broker`."""
        with self.client() as client:
            for number, body in enumerate(bodies):
                client.publish(f"{self.place}.returns.eu" if number % 2 else self.place, body)


class RedisTls(Redis):
    """The same by TLS."""

    secure = True


class RedisStream(Redis):
    """A stream."""

    kind = "redisStream"
    keeps = True
    named = True

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        return {**self.login(), "streams": [self.place], "consumerGroup": "argosy", "maxMsgCountPerRead": 7}

    def prepare(self) -> None:
        """See `Broker`."""
        self.send("from before the group")

    def send(self, *bodies: str) -> None:
        """See `Broker`."""
        with self.client() as client:
            for body in bodies:
                client.xadd(self.place, {"text": body})

    def body(self, data: Any) -> str:
        """See `Broker`."""
        return str(data["values"]["text"])
