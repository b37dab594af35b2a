"""Work for agents on SQS: whose queue it goes to, what is said when there is none, and what signs it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.adapters.aws.agentlink import SqsAgentLink, agent_queue
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.runtime import AGENT_KEYS, Settings, assemble
from argosy.adapters.signing.ed25519 import KeyVerifier, key_name, new_keys
from argosy.adapters.signing.renewed import FRESH_SECONDS, RenewedSigner
from argosy.adapters.signing.rotation import announced, finished
from argosy.control.agents.work import open_work
from argosy.errors import InvalidObject, NotFound, Unsupported
from argosy.ports.queue import Outgoing
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.registry import HOME, Entry
from argosy.services.mail import unpack

MAIN = "arn:aws:eks:eu-central-1:123456789012:cluster/main"


def commands(clients: Clients, cluster: str, stage: str = "it") -> str:
    """Make an agent's queue; its URL."""
    attributes: Any = {"FifoQueue": "true"}
    made = clients.sqs.create_queue(QueueName=agent_queue(stage, cluster, "commands"), Attributes=attributes)
    return made["QueueUrl"]


def bodies(clients: Clients, url: str) -> list[str]:
    found = clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [one["Body"] for one in found]


def test_work_goes_to_the_queue_of_its_cluster(clients: Clients, environment: dict[str, str]) -> None:
    edge, other = commands(clients, "edge"), commands(clients, "other")
    SqsAgentLink(environment["ARGOSY_QUEUE_BUS"], "it", clients).send("edge", Outgoing("{}", group="g", dedup="d"))
    assert (bodies(clients, edge), bodies(clients, other)) == (["{}"], [])


def test_an_agent_without_a_queue(clients: Clients, environment: dict[str, str]) -> None:
    link = SqsAgentLink(environment["ARGOSY_QUEUE_BUS"], "it", clients)
    with pytest.raises(NotFound, match="argosy cluster add --agent edge"):
        link.send("edge", Outgoing("{}", group="g", dedup="d"))


@pytest.mark.parametrize(("stage", "length", "fits"), [("prod", 40, True), ("a" * 20, 28, True), ("a" * 20, 29, False)])
def test_names_that_sqs_would_not_take(stage: str, length: int, fits: bool) -> None:
    if fits:
        assert len(agent_queue(stage, "c" * length, "commands").replace(".fifo", "-dlq.fifo")) <= 80
    else:
        with pytest.raises(InvalidObject, match="28 characters"):
            agent_queue(stage, "c" * length, "commands")


def test_the_stack_signs_with_its_secret(clients: Clients, environment: dict[str, str]) -> None:
    url, keys = commands(clients, "edge"), new_keys()
    runtime = assemble(Settings.read(environment), clients)
    with pytest.raises(NotFound, match="argosy cluster add --agent"):
        runtime.errands.tell("edge", "a", "report", {}, "g")
    clients.secretsmanager.create_secret(Name=f"argosy/it/{AGENT_KEYS}", SecretString=keys)
    runtime.errands.tell("edge", "a", "report", {"scope": "x"}, "g")
    (body,) = bodies(clients, url)
    message = unpack(body, agent_blobs(runtime.blobs, "edge"))
    assert runtime.signer is not None
    public = runtime.signer.public_keys()
    assert message["key"] == key_name(public[0])
    work = open_work(message, KeyVerifier(public), "edge", runtime.clock.now())
    assert (work.kind, work.body) == ("report", {"scope": "x"})
    assert json.loads(keys)["keys"][0] not in body


def test_a_rotated_key_is_found_by_functions_that_are_still_running() -> None:
    kept, now = [new_keys()], [0.0]
    signer = RenewedSigner(lambda: kept[0], lambda: now[0])
    (old,) = signer.public_keys()
    kept[0] = announced(kept[0])
    assert len(signer.public_keys()) == 2, "whoever starts an agent is told the keys as they are"
    assert signer.sign(b"x")[0] == key_name(old), "the new one is only announced"
    kept[0] = finished(kept[0])
    assert signer.sign(b"x")[0] == key_name(old), "for some minutes"
    now[0] += FRESH_SECONDS
    new = signer.sign(b"x")[0]
    assert new == key_name(signer.public_keys()[0]) != key_name(old)


# Clusters by name


def test_the_home_cluster_is_the_first_that_the_stack_was_given(environment: dict[str, str]) -> None:
    runtime = assemble(Settings.read({**environment, "ARGOSY_EKS_CLUSTERS": f"{MAIN},{MAIN}2"}), Clients(environment))
    assert runtime.registry.find("") == Entry(HOME, "eks", {"arn": MAIN}, management=True)
    assert assemble(Settings.read(environment), Clients(environment)).registry.all() == []


def test_a_server_is_not_reached_from_a_stack(environment: dict[str, str]) -> None:
    runtime = assemble(Settings.read(environment), Clients(environment))
    runtime.registry.add(Entry("lab", "server", {"server": "https://lab"}))
    with pytest.raises(Unsupported, match="--eks, --agent"):
        runtime.clusters.named("lab", "test")
