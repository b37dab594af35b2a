"""Mosquitto, with a password file; it keeps sessions over a restart."""

from __future__ import annotations

import subprocess
from typing import Any

from paho.mqtt import publish

from support.brokers.base import PASSWORD, TLS, USER, Broker, installed, ref

__all__ = ["Mqtt", "MqttTls", "MqttWeb", "MqttWebTls"]


class Mqtt(Broker):
    """What is published with quality 1 is kept for the session."""

    kind = "mqtt"
    keeps = True
    web = False

    def command(self) -> list[str]:
        """See `Broker`."""
        program, passwords = installed("mosquitto", "mosquitto"), self.folder / "passwords"
        if not passwords.exists():
            command = [installed("mosquitto_passwd", "mosquitto"), "-b", "-c", str(passwords), USER, PASSWORD]
            subprocess.run(command, check=True, capture_output=True)
        tls = f"certfile {TLS}/cert.pem\nkeyfile {TLS}/key.pem\n" if self.secure else ""
        config = self.folder / "mosquitto.conf"
        # With none but a listener of websockets Debian's Mosquitto ends.
        beside = f"listener 0 {self.folder}/socket\n" if self.web else ""
        over = "protocol websockets\n" if self.web else ""
        config.write_text(
            f"{beside}listener {self.port} 127.0.0.1\n{over}{tls}allow_anonymous false\npassword_file {passwords}\n"
            f"persistence true\npersistence_location {self.folder}/\nuser root\nmax_inflight_messages 1000\n"
        )
        return [program, "-c", str(config)]

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        auth = {"username": ref("username"), "password": ref("password")}
        scheme = ("wss" if self.secure else "ws") if self.web else ("ssl" if self.secure else "tcp")
        url = f"{scheme}://127.0.0.1:{self.port}{'/any/path' if self.web else ''}"
        tls = {"tls": {"caCertSecret": ref("ca")}} if self.secure else {}
        return {"url": url, "topic": f"{self.place}/#", "clientId": self.place, "jsonBody": True, "auth": auth, **tls}

    def send(self, *bodies: str) -> None:
        """See `Broker`."""
        messages: list[Any] = [{"topic": f"{self.place}/created", "payload": f'"{body}"', "qos": 1} for body in bodies]
        tls: Any = {"ca_certs": str(TLS / "cert.pem")} if self.secure else None
        publish.multiple(
            messages,
            tls=tls,
            hostname="127.0.0.1",
            port=self.port,
            auth={"username": USER, "password": PASSWORD},
            transport="websockets" if self.web else "tcp",
        )


class MqttTls(Mqtt):
    """The same by TLS."""

    secure = True


class MqttWeb(Mqtt):
    """The same over websockets."""

    web = True


class MqttWebTls(MqttTls):
    """Over websockets by TLS."""

    web = True
