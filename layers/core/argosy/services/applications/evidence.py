"""Asks a destination's API server for what a comparison needs beside the kept copies (`argosy.gitops.diff.evidence`).

In: what was observed of an Application. Out: the same with the evidence, for pairs that seem to differ and no others. A
cluster behind an agent answers later: then the look is taken again, and finds the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from argosy.errors import NotFound, Pending, Permanent
from argosy.gitops.diff.evidence import Evidence, pair_name, server_side_of
from argosy.gitops.identity import key_of
from argosy.gitops.observed import Observed
from argosy.gitops.reconcile import compared
from argosy.gitops.sync.writes import MANAGER

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["with_evidence"]

type Object = Mapping[str, Any]


def with_evidence(runtime: Runtime, seen: Observed, cluster: str) -> Observed:
    """Ask for what is needed, if anything is. Raises Pending, Unavailable."""
    server_side = server_side_of(seen.app.metadata.annotations, everywhere=seen.settings.server_side)
    if server_side is None and not seen.trusts_writers:
        return seen
    sources = [made for made in (seen.made, seen.wanted) if made is not None]
    pairs = {pair_name(*pair): pair for made in sources for pair in compared(seen, made).unsure}
    found: dict[str, Evidence] = {}
    waits: Pending | None = None
    for name, (target, live) in pairs.items():
        try:
            found[name] = _asked(runtime, cluster, name, target, live, dry_run=server_side is not None)
        except Pending as x:
            waits = x  # what is asked of the others need not wait for this
        except NotFound:
            continue  # it has gone since; that is reported, too
    if waits is not None:
        raise waits
    return replace(seen, evidence=found) if found else seen


def _asked(runtime: Runtime, cluster: str, name: str, target: Object, live: Object, *, dry_run: bool) -> Evidence:
    """One pair. A merge patch of nothing, as a dry run, tells the whole object."""
    asked = runtime.clusters.named(cluster, f"evidence {name}")
    key = key_of(live)
    whole = asked.patch(str(live["apiVersion"]), key.kind, key.namespace, key.name, {}, dry_run=True)
    if not dry_run:
        return Evidence(whole)
    try:
        return Evidence(whole, asked.apply(target, manager=MANAGER, force=True, dry_run=True))
    except NotFound:
        raise
    except Permanent as x:
        return Evidence(whole, problem=str(x))
