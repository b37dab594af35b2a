"""The Balancers port, on moto's Elastic Load Balancing and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from argosy.adapters.aws.balancers import AwsBalancers
from argosy.adapters.aws.clients import Clients
from argosy.errors import NotFound
from argosy.ports.balancers import Balancers, Share
from argosy.ports.fakes.balancers import FakeBalancers
from support.balancers import balanced

NEW, OLD = "shop/web-new:80", "shop/web-old:80"


@pytest.fixture(params=["moto", "fake"])
def balancers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Balancers, str]]:
    """Two groups behind one rule, all of the traffic on the old one; and the balancer's host name."""
    if request.param == "fake":
        yield FakeBalancers({"lb": {NEW: Share(0, 1, 0), OLD: Share(100, 1, 0)}}), "lb"
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        clients = Clients({"AWS_REGION": "us-east-1"})
        yield AwsBalancers(clients), balanced(clients, NEW, OLD)


def weights(found: Any) -> dict[str, int]:
    return {name: share.weight for name, share in found.items()}


def test_weights_are_set_in_every_rule(balancers: tuple[Balancers, str]) -> None:
    port, name = balancers
    assert weights(port.look(name, [NEW, OLD])) == {NEW: 0, OLD: 100}
    for _ in range(2):
        port.share(name, {NEW: 25, OLD: 75})
        assert weights(port.look(name, [NEW, OLD])) == {NEW: 25, OLD: 75}
    assert port.look(name, [NEW])[NEW].targets == 1
    assert set(port.look(name, ["another/group:80"])) == set()


def test_what_is_not_there(balancers: tuple[Balancers, str]) -> None:
    port, name = balancers
    with pytest.raises(NotFound):
        port.look("nothing", [NEW])
    with pytest.raises(NotFound, match="another/group"):
        port.share(name, {"another/group:80": 1, OLD: 99})
    assert weights(port.look(name, [NEW, OLD])) == {NEW: 0, OLD: 100}
