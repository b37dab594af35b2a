"""Kafka, one node in KRaft mode, from Maven Central; clients log in by SASL."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from support.brokers.base import PASSWORD, TLS, USER, Broker, cache, installed, locked, ref
from support.up import free_port

__all__ = ["MANY", "Kafka", "KafkaPartition", "KafkaTls"]

_POM = Path(__file__).with_name("kafka-pom.xml")
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
MANY = "in-four-partitions"


def _jars() -> str:
    """The class path of the server; fetched once for all tests of this machine."""
    folder = cache() / f"kafka-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:16]}"
    with locked("kafka"):
        if not (folder / ".done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            command = [installed("mvn", "maven"), "--quiet", "--batch-mode", "--file", str(_POM)]
            command += [f"-DoutputDirectory={folder}", "-DincludeScope=runtime", _COPY]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / ".done").touch()
    return f"{folder}/*"


class Kafka(Broker):
    """A consumer group, SCRAM."""

    kind = "kafka"
    keeps = True
    named = True
    mechanism = "SCRAM-SHA-256"

    def __init__(self) -> None:
        super().__init__()
        self._controller = free_port()
        self.secrets |= {"certificate": (TLS / "cert.pem").read_text(), "key": (TLS / "key.pem").read_text()}

    def command(self) -> list[str]:
        """See `Broker`."""
        config = self.folder / "server.properties"
        java = [installed("java", "default-jre-headless"), "-Xmx384m", "-Xshare:auto", "-XX:TieredStopAtLevel=1"]
        java += ["-cp", _jars()]
        if not config.exists():
            config.write_text(self._config())
            scram = [f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD}]" for bits in (256, 512)]
            tool = [
                "kafka.tools.StorageTool",
                "format",
                "--standalone",
                "-t",
                "YXJnb3N5LWthZmthLXRlcw",
                "-c",
                str(config),
            ]
            tool += [part for one in scram for part in ("--add-scram", one)]
            done = subprocess.run([*java, *tool], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        return [*java, "kafka.Kafka", str(config)]

    def _config(self) -> str:
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
        login = f'username="{USER}" password="{PASSWORD}"'
        options = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self._controller}",
            "listeners": f"CLIENT://{self.host}:{self.port},CONTROLLER://127.0.0.1:{self._controller}",
            "advertised.listeners": f"CLIENT://{self.host}:{self.port},CONTROLLER://127.0.0.1:{self._controller}",
            "listener.security.protocol.map": f"CLIENT:{self._protocol},CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENT",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.client.plain.sasl.jaas.config": f'{plain} required {login} user_{USER}="{PASSWORD}";',
            "listener.name.client.scram-sha-256.sasl.jaas.config": f"{scram} required;",
            "listener.name.client.scram-sha-512.sasl.jaas.config": f"{scram} required;",
            "log.dirs": str(self.folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "controlled.shutdown.enable": "false",
            **(self._tls() if self.secure else {}),
            # Started again, it waits until what it was before has run out.
            "broker.heartbeat.interval.ms": "100",
            "broker.session.timeout.ms": "500",
        }
        return "".join(f"{name}={value}\n" for name, value in options.items())

    @property
    def _protocol(self) -> str:
        return "SASL_SSL" if self.secure else "SASL_PLAINTEXT"

    def _tls(self) -> dict[str, str]:
        """Of the server, which asks its clients for a certificate, too."""
        store = self.folder / "server.pem"
        store.write_text((TLS / "key.pem").read_text() + (TLS / "cert.pem").read_text())
        return {
            "listener.name.client.ssl.client.auth": "required",  # for SASL the general one has no effect
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(store),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(TLS / "cert.pem"),
        }

    @property
    def login(self) -> dict[str, Any]:
        """Options of a client."""
        context = None
        if self.secure:
            context = ssl.create_default_context(cafile=str(TLS / "cert.pem"))
            context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
        return {
            "bootstrap_servers": f"{self.host}:{self.port}",
            "security_protocol": self._protocol,
            "ssl_context": context,
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": USER,
            "sasl_plain_password": PASSWORD,
        }

    def prepare(self) -> None:
        """See `Broker`."""

        async def work() -> None:
            admin = AIOKafkaAdminClient(**self.login)
            await admin.start()
            await admin.create_topics([NewTopic(self.place, 1, 1), NewTopic(MANY, 4, 1)])
            await admin.close()

        asyncio.run(work())
        self.send("from before the group")

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        sasl = {"mechanism": self.mechanism, "userSecret": ref("username"), "passwordSecret": ref("password")}
        where = {"url": f"{self.host}:{self.port}", "topic": self.place, "jsonBody": True, "sasl": sasl}
        if self.secure:
            where["tls"] = {
                "caCertSecret": ref("ca"),
                "clientCertSecret": ref("certificate"),
                "clientKeySecret": ref("key"),
            }
        return {**where, "consumerGroup": {"groupName": self.place}, "partition": "0"}

    def send(self, *bodies: str) -> None:
        """See `Broker`."""

        async def work() -> None:
            producer = AIOKafkaProducer(**self.login)
            await producer.start()
            for body in bodies:
                await producer.send_and_wait(self.place, json.dumps(body).encode(), key=b"k", headers=[("h", b"v")])
            await producer.stop()

        asyncio.run(work())


class KafkaTls(Kafka):
    """By TLS with a certificate of the client's, and the other SCRAM."""

    secure = True
    mechanism = "SCRAM-SHA-512"


class KafkaPartition(Kafka):
    """One partition without a group, PLAIN: nobody keeps a place, but the connector itself."""

    keeps = False
    mechanism = "PLAIN"

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        found = super().fields()
        del found["consumerGroup"]
        return found
