"""The control loop's promises, over many seeds of everything that can happen to it, and mutants that must break them.

ARGOSY_SEEDS=10000 runs ten thousand seeds in the place of a thousand.
"""

from __future__ import annotations

import os
from typing import Final

import pytest

from support.simulation.mutants import MUTANTS
from support.simulation.run import simulate

SEEDS: Final = int(os.environ.get("ARGOSY_SEEDS", "1000"))
SHARDS: Final = 8
MUTANT_SEEDS: Final = 2000


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_the_loop_promises(shard: int) -> None:
    broken = {seed: found for seed in range(shard, SEEDS, SHARDS) if (found := simulate(seed))}
    assert broken == {}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_loop_that_breaks_a_rule_is_found(name: str) -> None:
    assert any(simulate(seed, MUTANTS[name]) for seed in range(MUTANT_SEEDS)), f"not found: {name}"


def test_a_seed_is_the_same_run_every_time() -> None:
    mutant = MUTANTS["carries out stale decisions"]
    assert [simulate(seed, mutant) for seed in range(20)] == [simulate(seed, mutant) for seed in range(20)]
