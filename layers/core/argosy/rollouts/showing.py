"""A Rollout and all that is below it, as `kubectl argo rollouts get rollout` shows them.

Follows `pkg/kubectl-argo-rollouts/info` and `cmd/get/get_rollout.go` of Argo Rollouts. In: objects as the API server has
them. Out: a summary and a tree; whoever prints them chooses colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from argosy.lang.instants import parse
from argosy.resources.rollout import Rollout
from argosy.rollouts.canary.steps import current_step
from argosy.rollouts.phase import phase
from argosy.rollouts.replicasets import DEADLINE, REVISION, ReplicaSet, newest_first

__all__ = ["ICONS", "Node", "Shown", "age", "rows", "shown"]

type Body = Mapping[str, Any]

ICONS: Final = {
    "Healthy": "✔",
    "Successful": "✔",
    "Running": "✔",
    "ScaledDown": "•",
    "Paused": "॥",
    "Degraded": "✖",
    "Failed": "✖",
    "Error": "⚠",
    "Inconclusive": "?",
    "Progressing": "◌",
    "Pending": "◌",
    "Terminating": "◌",
}
_KINDS: Final = {
    "Rollout": "⟳",
    "Revision": "#",
    "ReplicaSet": "⧉",
    "Pod": "□",
    "AnalysisRun": "α",
    "Experiment": "Σ",
    "Job": "⊞",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A row of the tree."""

    kind: str
    name: str
    status: str = ""
    age: str = ""
    info: str = ""
    children: Sequence[Node] = ()

    @property
    def icon(self) -> str:
        """What stands before its name."""
        return _KINDS.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Shown:
    """The summary, label by label, and the tree."""

    summary: Sequence[tuple[str, str]] = ()
    tree: Node = field(default_factory=lambda: Node("Rollout", ""))
    phase: str = ""


def age(created: str | None, now: datetime) -> str:
    """How old something is, as kubectl says it."""
    at = parse(created)
    if at is None:
        return ""
    seconds = max(0, int((now - at).total_seconds()))
    for unit, size, least in (("d", 86_400, 2 * 86_400), ("h", 3_600, 3 * 3_600), ("m", 60, 2 * 60)):
        if seconds >= least:
            rest = seconds % size // 60 if unit == "h" and seconds < 8 * 3_600 else seconds % size
            small = {"h": "m", "m": "s"}.get(unit, "")
            short = small and rest and seconds < {"h": 8 * 3_600, "m": 600}[unit]
            return f"{seconds // size}{unit}{rest}{small}" if short else f"{seconds // size}{unit}"
    return f"{seconds}s"


def shown(
    body: Body,
    sets: Sequence[Body],
    pods: Sequence[Body],
    runs: Sequence[Body],
    experiments: Sequence[Body],
    now: datetime,
) -> Shown:
    """The rollout with what it owns; all lists hold its own objects alone."""
    rollout = Rollout.of(body)
    found, message = phase(rollout, from_workload=rollout.spec.workload_ref is not None)
    views = [ReplicaSet.of(one) for one in sets]
    tree = Node(
        "Rollout",
        rollout.metadata.name,
        found,
        age(rollout.metadata.creation_timestamp, now),
        children=list(_revisions(rollout, views, pods, runs, experiments, now)),
    )
    return Shown(list(_summary(rollout, found, message, views)), tree, found)


def _summary(rollout: Rollout, found: str, message: str, sets: Sequence[ReplicaSet]) -> Iterator[tuple[str, str]]:
    yield "Name", rollout.metadata.name
    yield "Namespace", rollout.metadata.namespace
    yield "Status", f"{ICONS.get(found, '')} {found}".strip()
    if message:
        yield "Message", message
    yield "Strategy", "Canary" if rollout.canary is not None else "BlueGreen"
    if rollout.canary is not None:
        yield from _canary(rollout, sets)
    for index, image in enumerate(_images(rollout, sets)):
        yield ("Images" if not index else ""), image
    status = rollout.status
    yield "Replicas", ""
    for name, count in (
        ("Desired", rollout.spec.desired),
        ("Current", status.replicas),
        ("Updated", status.updated_replicas),
        ("Ready", status.ready_replicas),
        ("Available", status.available_replicas),
    ):
        yield f"  {name}", str(count)


def _canary(rollout: Rollout, sets: Sequence[ReplicaSet]) -> Iterator[tuple[str, str]]:
    index, step = current_step(rollout)
    if index is not None:
        yield "  Step", f"{index}/{len(rollout.steps)}"
    full = rollout.canary.max_weight if rollout.canary is not None else 100
    weight = full if step is None else 0
    if step is not None and not rollout.status.abort:
        so_far = [one.set_weight for one in rollout.steps[: (index or 0) + 1] if one.set_weight is not None]
        weight = so_far[-1] if so_far else 0
    yield "  SetWeight", str(weight)
    weights = rollout.status.canary.weights
    if weights is not None and rollout.routed:
        yield "  ActualWeight", str(weights.canary.weight)
        return
    available = sum(one.available for one in sets)
    new = next((one for one in sets if one.hash == rollout.status.current_pod_hash), None)
    actual = 100 * new.available // available if new is not None and available else 0
    yield "  ActualWeight", str(actual)


def _images(rollout: Rollout, sets: Sequence[ReplicaSet]) -> Iterator[str]:
    tags: dict[str, list[str]] = {}
    for one in newest_first(sets):
        if not one.replicas:
            continue
        for container in (one.template.get("spec") or {}).get("containers") or ():
            known = tags.setdefault(str(container.get("image", "")), [])
            known += [tag for tag in _roles(rollout, one) if tag not in known]
    for image in sorted(tags):
        yield f"{image} ({', '.join(tags[image])})" if tags[image] else image


def _roles(rollout: Rollout, one: ReplicaSet) -> list[str]:
    status, roles = rollout.status, list[str]()
    if rollout.canary is not None:
        if one.hash == status.stable_rs:
            roles.append("stable")
        elif one.hash == status.current_pod_hash:
            roles.append("canary")
        return roles
    if one.hash == status.stable_rs:
        roles.append("stable")
    if one.hash == status.blue_green.active_selector:
        roles.append("active")
    elif one.hash == status.blue_green.preview_selector:
        roles.append("preview")
    return roles


def _revisions(
    rollout: Rollout,
    sets: Sequence[ReplicaSet],
    pods: Sequence[Body],
    runs: Sequence[Body],
    experiments: Sequence[Body],
    now: datetime,
) -> Iterator[Node]:
    for one in newest_first(sets):
        revision = one.annotations.get(REVISION, "")
        children = [_set(rollout, one, pods, now)]
        children += [_run(run, now) for run in runs if _revision(run) == revision]
        children += [_run(each, now) for each in experiments if _revision(each) == revision]
        yield Node("Revision", f"revision:{revision}", children=children)


def _revision(body: Body) -> str:
    return str(((body.get("metadata") or {}).get("annotations") or {}).get(REVISION, ""))


def _set(rollout: Rollout, one: ReplicaSet, pods: Sequence[Body], now: datetime) -> Node:
    mine = [pod for pod in pods if any(owner.get("uid") == one.uid for owner in _owners(pod))]
    status = "Healthy" if one.available >= one.replicas else "Progressing"
    status = status if one.replicas else "ScaledDown"
    info = _roles(rollout, one)
    deadline = parse(one.annotations.get(DEADLINE))
    if deadline is not None and one.replicas:
        info.append(f"delay:{max(0, int((deadline - now).total_seconds()))}s")
    metadata = one.body.get("metadata") or {}
    children = [_pod(pod, now) for pod in mine]
    return Node("ReplicaSet", one.name, status, age(metadata.get("creationTimestamp"), now), ",".join(info), children)


def _owners(body: Body) -> Sequence[Body]:
    found: Sequence[Body] = (body.get("metadata") or {}).get("ownerReferences") or ()
    return found


def _pod(pod: Body, now: datetime) -> Node:
    metadata, status = pod.get("metadata") or {}, pod.get("status") or {}
    containers = status.get("containerStatuses") or ()
    ready = sum(bool(one.get("ready")) for one in containers)
    said = "Terminating" if metadata.get("deletionTimestamp") else str(status.get("phase", "Pending"))
    waiting = next((w.get("reason") for one in containers if (w := (one.get("state") or {}).get("waiting"))), None)
    info = [f"ready:{ready}/{len((pod.get('spec') or {}).get('containers') or ())}"]
    restarts = sum(one.get("restartCount") or 0 for one in containers)
    info += [f"restarts:{restarts}"] if restarts else []
    created = age(metadata.get("creationTimestamp"), now)
    return Node("Pod", str(metadata.get("name", "")), str(waiting or said), created, ",".join(info))


def _run(run: Body, now: datetime) -> Node:
    metadata, status = run.get("metadata") or {}, run.get("status") or {}
    results = [one for one in status.get("metricResults") or () if not one.get("dryRun")]
    marks = (("successful", "✔"), ("failed", "✖"), ("inconclusive", "?"), ("error", "⚠"))
    counts = ((mark, sum(one.get(name) or 0 for one in results)) for name, mark in marks)
    info = ",".join(f"{mark} {count}" for mark, count in counts if count)
    created = age(metadata.get("creationTimestamp"), now)
    return Node(
        str(run.get("kind", "AnalysisRun")), str(metadata.get("name", "")), str(status.get("phase", "")), created, info
    )


def rows(node: Node, before: str = "", own: str = "") -> Iterator[tuple[str, Node]]:
    """Every node in its order, with the lines of the tree before its name."""
    yield own, node
    for index, child in enumerate(node.children):
        last = index == len(node.children) - 1
        branch = "└──" if last else "├──"
        below = before + ("   " if last else "│  ")
        yield from rows(child, below, f"{before}{branch}")
