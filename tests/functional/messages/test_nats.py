"""Messages to a real nats-server: what arrives, JetStream's memory, and what is said of what does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import nats
import pytest

from argosy.adapters.messages import MessageExecutor
from argosy.errors import Denied, EvaluationError, Unavailable
from argosy.events.effects import SendMessage
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.secrets import FakeSecrets
from support.brokers.base import PASSWORD, USER, WRONG
from support.brokers.nats import JetStream, Nats, NatsTls

pytestmark = pytest.mark.xdist_group("messages-nats")  # one server for the file

FIRING = FiringInfo("f" * 32, "ns", "s", "t", trace="a" * 32)


class Guarded(Nats):
    """Lets the user publish below `orders` alone."""

    def command(self) -> list[str]:
        command = super().command()
        path = self.folder / "nats.conf"
        config = json.loads(path.read_text())
        user = {**config["authorization"], "permissions": {"publish": ["orders.>"]}}
        path.write_text(json.dumps({**config, "authorization": {"users": [user]}}))
        return command


@pytest.fixture(scope="module", params=[JetStream, NatsTls])
def broker(request: pytest.FixtureRequest) -> Iterator[Nats]:
    with request.param.running() as one:
        yield one


def executor(broker: Nats, **more: str) -> MessageExecutor:
    return MessageExecutor(FakeSecrets({"ns": {"broker": {**broker.secrets, **more}}}))


def effect(broker: Nats, body: str | None = '{"id":"7"}', **more: Any) -> SendMessage:
    told = {name: value for name, value in broker.fields().items() if name in ("url", "auth", "tls")}
    return SendMessage("nats", {**told, "subject": "orders.made", **more}, "default", body)


async def listening(broker: Nats) -> tuple[Any, Any]:
    client = await nats.connect(
        f"nats://{USER}:{PASSWORD}@127.0.0.1:{broker.port}", tls=broker.context if broker.secure else None
    )
    subscription = await client.subscribe("orders.>")
    await client.flush()
    return client, subscription


def test_messages(broker: Nats) -> None:
    async def work() -> list[Any]:
        client, subscription = await listening(broker)
        made = executor(broker)
        async with asyncio.timeout(60):
            for body in ('{"id":"7"}', None):
                await made.execute(effect(broker, body), FIRING)
            await asyncio.gather(*[made.execute(effect(broker, str(number)), FIRING) for number in range(40)])
            found = [await subscription.next_msg(timeout=10) for _ in range(42)]
        await client.close()
        return found

    found = asyncio.run(work())
    assert [one.data for one in found[:2]] == [b'{"id":"7"}', b""]
    assert sorted(int(one.data) for one in found[2:]) == list(range(40))
    headers = found[0].headers
    assert {headers["Idempotency-Key"], headers["Nats-Msg-Id"]} == {FIRING.id}
    assert headers["X-Argosy-Trace"] == FIRING.trace


def test_a_stream_keeps_a_firing_once() -> None:
    async def work(broker: JetStream) -> int:
        made = executor(broker)
        for _ in range(2):
            await made.execute(effect(broker), FIRING)
        client, _ = await listening(broker)
        state = (await client.jetstream().stream_info(broker.place)).state
        await client.close()
        return int(state.messages)

    with JetStream.running() as broker:
        assert isinstance(broker, JetStream)
        assert asyncio.run(work(broker)) == 1


def test_a_wrong_password(broker: Nats) -> None:
    with pytest.raises(Denied) as caught:
        asyncio.run(executor(broker, password=WRONG).execute(effect(broker), FIRING))
    assert WRONG not in str(caught.value)


def test_a_subject_that_is_none(broker: Nats) -> None:
    with pytest.raises(EvaluationError):
        asyncio.run(executor(broker).execute(effect(broker, subject="two words"), FIRING))


def test_a_subject_that_is_not_the_users() -> None:
    with Guarded.running() as broker:
        assert isinstance(broker, Guarded)
        asyncio.run(executor(broker).execute(effect(broker), FIRING))
        with pytest.raises(Denied, match="ermissions"):
            asyncio.run(executor(broker).execute(effect(broker, subject="bills.made"), FIRING))


def test_a_server_that_ends_and_comes_back() -> None:
    with Nats.running() as broker:
        assert isinstance(broker, Nats)
        made = executor(broker)
        asyncio.run(made.execute(effect(broker), FIRING))
        broker.stop()
        with pytest.raises(Unavailable, match=str(broker.port)):
            asyncio.run(made.execute(effect(broker), FIRING))
        broker.start()
        asyncio.run(made.execute(effect(broker), FIRING))
