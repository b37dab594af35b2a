"""What an Application promises, over many seeds of everything that can happen to it.

ARGOSY_SEEDS=10000 runs ten thousand seeds in the place of 160.
"""

from __future__ import annotations

import os

import pytest

from support.appsim import simulate

SHARDS = 8
SEEDS = int(os.environ.get("ARGOSY_SEEDS", "160"))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_an_application_promises(shard: int) -> None:
    broken = {seed: found for seed in range(shard, SEEDS, SHARDS) if (found := simulate(seed))}
    assert broken == {}
