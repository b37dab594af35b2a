"""An empty AWS in this process, and an installation on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from argosy.adapters.aws.clients import Clients
from support.aws import mocked
from support.awsruntime import make_installation


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mocked() as clients:
        yield clients


@pytest.fixture
def environment(clients: Clients) -> dict[str, str]:
    """The environment of a function that works on the installation."""
    return make_installation(clients)
