"""The connector of `nats` on nats-server."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from typing import Any, ClassVar

import pytest

from argosy.adapters.brokers.nkeys import UserKey, read_credentials
from argosy.errors import Denied, InvalidObject
from contracts.brokers import ConnectorContract, take
from support.brokers.base import ref
from support.brokers.nats import JetStream, Nats


class TestNats(ConnectorContract):
    broker_type = Nats


class TestJetStream(ConnectorContract):
    broker_type = JetStream


def seed(key: bytes) -> str:
    body = bytes([18 << 3 | 160 >> 5, (160 & 31) << 3]) + key
    return base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode().rstrip("=")


SEED, STRANGER = seed(bytes(range(32))), seed(b"x" * 32)
TOKEN = "token-4711"


class ByToken(Nats):
    """A token."""

    authorization: ClassVar[dict[str, Any]] = {"token": TOKEN}

    def command(self) -> list[str]:
        command = super().command()
        path = self.folder / "nats.conf"
        path.write_text(json.dumps({**json.loads(path.read_text()), "authorization": self.authorization}))
        return command


class ByKey(ByToken):
    """A key pair."""

    authorization: ClassVar[dict[str, Any]] = {"users": [{"nkey": UserKey(SEED).public}]}


@pytest.mark.parametrize(
    ("broker_type", "auth", "right", "wrong", "kind"),
    [
        (ByToken, {"token": ref("it")}, TOKEN, "token-0815", Denied),
        (ByKey, {"nkey": ref("it")}, SEED, STRANGER, Denied),
        (ByKey, {"nkey": ref("it")}, SEED, "rubbish-0815", InvalidObject),
        (ByKey, {"credential": ref("it")}, "", "rubbish-0815", InvalidObject),
    ],
)
def test_other_ways_to_log_in(
    broker_type: type[ByToken], auth: dict[str, Any], right: str, wrong: str, kind: type[Exception]
) -> None:
    async def work(broker: ByToken) -> None:
        connector = broker.connector(auth=auth)
        with pytest.raises(kind) as caught:
            await connector.connect(lambda _: wrong)
        await connector.close()
        assert wrong not in str(caught.value)
        if right:
            await connector.connect(lambda _: right)
            await connector.close()

    with broker_type.running() as broker:
        assert isinstance(broker, ByToken)
        asyncio.run(work(broker))


def test_a_queue_group_shares() -> None:
    async def work(broker: Nats) -> None:
        counts = [0, 0]
        members = [broker.connector(queue="group") for _ in counts]

        async def count(number: int) -> None:
            while True:
                counts[number] += len(await take(members[number], 1))

        async with asyncio.timeout(60):
            for one in members:
                await one.connect(broker.secret)
            counting = [asyncio.create_task(count(number)) for number in range(2)]
            await asyncio.to_thread(broker.send, *map(str, range(40)))
            while sum(counts) < 40:
                await asyncio.sleep(0.01)
            assert sum(counts) == 40
            assert all(counts)
            for task in counting:
                task.cancel()
            for one in members:
                await one.close()

    with Nats.running() as broker:
        assert isinstance(broker, Nats)
        asyncio.run(work(broker))


def test_a_credentials_file() -> None:
    parts = ["-----BEGIN NATS USER JWT-----", "e30.e30.c2ln", "------END NATS USER JWT------", ""]
    parts += ["-----BEGIN USER NKEY SEED-----", SEED, "------END USER NKEY SEED------", ""]
    jwt, key = read_credentials("\n".join(parts))
    assert (jwt, key.public) == (b"e30.e30.c2ln", UserKey(SEED).public)
    assert key.public.startswith("U")


@pytest.mark.parametrize("text", ["", "S", "x" * 58, SEED[:-1], SEED[:-3] + "AAA", UserKey(SEED).public])
def test_what_is_no_seed(text: str) -> None:
    with pytest.raises(InvalidObject) as caught:
        UserKey(text)
    assert not text or text not in str(caught.value).split()
