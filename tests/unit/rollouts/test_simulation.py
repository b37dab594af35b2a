"""What a Rollout promises, over many seeds of everything that can happen to it.

ARGOSY_SEEDS=10000 runs ten thousand seeds in the place of 120.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import pytest

from argosy.rollouts.writes import Plan, Ref
from support.rolloutsim import Life, simulate

SEEDS: Final = int(os.environ.get("ARGOSY_SEEDS", "120"))
SHARDS: Final = 8
MUTANT_SEEDS: Final = range(145, 445)
"""They begin shortly before one that finds the mutant: most do not."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_a_rollout_promises(shard: int) -> None:
    broken = {seed: found for seed in range(shard, SEEDS, SHARDS) if (found := simulate(seed))}
    assert broken == {}


def _trusting(life: Life) -> None:
    """Takes pods away on what is no longer so."""
    carry = life._carry

    def carried(plan: Plan, versions: dict[Ref, int], stop: int | None) -> None:
        carry(plan, dict(life.versions), stop)

    life._carry = carried  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("mutant", [_trusting])
def test_one_that_breaks_a_rule_is_found(mutant: Callable[[Life], None]) -> None:
    assert any(simulate(seed, mutant) for seed in MUTANT_SEEDS)
