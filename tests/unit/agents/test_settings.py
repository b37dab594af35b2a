"""What an agent is told by its environment."""

from __future__ import annotations

import pytest

from argosy.agent.settings import Settings
from argosy.errors import InvalidObject

GIVEN = {
    "ARGOSY_CLUSTER": "edge",
    "ARGOSY_AGENT_COMMANDS": "https://sqs/commands.fifo",
    "ARGOSY_AGENT_REPORTS": "https://sqs/reports.fifo",
    "ARGOSY_BLOBS": "bucket",
    "ARGOSY_AGENT_KEYS": "a, b,",
}
READ = Settings("edge", "https://sqs/commands.fifo", "https://sqs/reports.fifo", "bucket", ("a", "b"))


@pytest.mark.parametrize(
    ("more", "namespaces", "heartbeat"),
    [
        ({}, (), 30.0),
        ({"ARGOSY_HTTP_NAMESPACES": "", "ARGOSY_HEARTBEAT_SECONDS": ""}, (), 30.0),
        ({"ARGOSY_HTTP_NAMESPACES": "x,y", "ARGOSY_HEARTBEAT_SECONDS": "2.5"}, ("x", "y"), 2.5),
    ],
)
def test_what_is_read(more: dict[str, str], namespaces: tuple[str, ...], heartbeat: float) -> None:
    assert Settings.read({**GIVEN, **more}) == Settings(
        READ.cluster, READ.commands, READ.reports, READ.bucket, READ.keys, namespaces, heartbeat
    )


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(InvalidObject, match=f"the environment lacks {name}: `argosy agent manifests`"):
        Settings.read({**GIVEN, name: ""})


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "1e9"])
def test_no_number_of_seconds(text: str) -> None:
    with pytest.raises(InvalidObject, match="ARGOSY_HEARTBEAT_SECONDS"):
        Settings.read({**GIVEN, "ARGOSY_HEARTBEAT_SECONDS": text})
