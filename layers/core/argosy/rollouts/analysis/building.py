"""The spec of an AnalysisRun: what a Rollout's templates and arguments make of it.

Follows `rollout/analysis.go` (newAnalysisRunFromRollout) and `utils/analysis/factory.go`
(BuildArgumentsForRolloutAnalysisRun) of Argo Rollouts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import RolloutAnalysis
from argosy.rollouts.analysis.args import OF_A_SECRET, PLACEHOLDER, field_value, merge
from argosy.rollouts.analysis.templates import flatten
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.writes import Ref

__all__ = ["CLUSTER_TEMPLATE", "TEMPLATE", "foreseen_spec", "gathered", "resolved_args", "run_spec", "template_ref"]

TEMPLATE: Final = "AnalysisTemplate"
CLUSTER_TEMPLATE: Final = "ClusterAnalysisTemplate"
_GROUP: Final = "argoproj.io"
_DEEPEST: Final = 20

type Body = Mapping[str, Any]
type Objects = Mapping[Ref, Body | None]


def template_ref(name: str, *, cluster: bool) -> Ref:
    """A template by name."""
    return Ref(_GROUP, CLUSTER_TEMPLATE if cluster else TEMPLATE, name)


def gathered(named: Sequence[tuple[str, bool]], objects: Objects) -> Iterator[tuple[Body, bool]]:
    """Specs of templates by (name, cluster scope), and of those that they name, each of them once.

    Raises EvaluationError for one that is not there.
    """
    return _gathered(named, objects, set(), 0)


def _gathered(
    named: Sequence[tuple[str, bool]], objects: Objects, seen: set[Ref], depth: int
) -> Iterator[tuple[Body, bool]]:
    if depth > _DEEPEST:
        raise EvaluationError(f"templates that name each other deeper than {_DEEPEST} are not followed")
    for name, cluster in named:
        ref = template_ref(name, cluster=cluster)
        if ref in seen:
            continue
        seen.add(ref)
        found = objects.get(ref)
        if found is None:
            raise EvaluationError(f"{ref.kind} '{name}' not found")
        spec = found.get("spec") or {}
        yield spec, cluster
        inner = [(one.get("templateName", ""), bool(one.get("clusterScope"))) for one in spec.get("templates") or ()]
        yield from _gathered(inner, objects, seen, depth + 1)


def resolved_args(
    args: Sequence[Body], rollout: Body, new: ReplicaSet, stable: ReplicaSet | None
) -> list[dict[str, Any]]:
    """A rollout's arguments with values where the rollout has them; Secrets are read when something is measured."""
    made = []
    for arg in args:
        source = arg.get("valueFrom") or {}
        name = {"name": arg.get("name", "")}
        if source.get("podTemplateHashValue") is not None:
            one = stable if source["podTemplateHashValue"] == "Stable" else new
            made.append({**name, "value": one.hash if one is not None else ""})
        elif source.get("fieldRef"):
            made.append({**name, "value": field_value(rollout, str(source["fieldRef"].get("fieldPath", "")))})
        elif source:
            made.append({**name, "valueFrom": dict(source)})
        else:
            made.append({**name, "value": arg.get("value") or ""})
    return made


def run_spec(
    analysis: RolloutAnalysis, objects: Objects, rollout: Body, new: ReplicaSet, stable: ReplicaSet | None
) -> dict[str, Any]:
    """The spec of the run. Raises EvaluationError for a template or an argument that is missing."""
    return _spec(analysis, objects, resolved_args(analysis.args, rollout, new, stable))


def foreseen_spec(analysis: RolloutAnalysis, objects: Objects, rollout: Body) -> dict[str, Any]:
    """The spec of the run as far as it can be told before there is one; `PLACEHOLDER` stands for what is known later.

    Raises EvaluationError as `run_spec` does.
    """
    spec = _spec(analysis, objects, [_foreseen(arg, rollout) for arg in analysis.args])
    later = [
        arg if arg.get("value") is not None else {**arg, "value": f"{OF_A_SECRET}-{arg['name']}"}
        for arg in spec.get("args") or ()
    ]
    return {**spec, "args": later}


def _foreseen(arg: Body, rollout: Body) -> dict[str, Any]:
    source, value = arg.get("valueFrom") or {}, arg.get("value") or ""
    if source:
        value = f"{PLACEHOLDER}-{arg.get('name', '')}"
    if source.get("fieldRef"):
        with contextlib.suppress(EvaluationError):  # a field that is not there may come, as those of a status do
            value = field_value(rollout, str(source["fieldRef"].get("fieldPath", "")))
    return {"name": arg.get("name", ""), "value": value}


def _spec(analysis: RolloutAnalysis, objects: Objects, given: Sequence[Body]) -> dict[str, Any]:
    named = [(one.template_name, one.cluster_scope) for one in analysis.templates]
    specs = list(gathered(named, objects))
    whole = flatten([spec for spec, cluster in specs if not cluster], [spec for spec, cluster in specs if cluster])
    spec: dict[str, Any] = {"metrics": whole["metrics"]}
    parts = {
        "args": merge(given, whole["args"]),
        "dryRun": [*whole["dryRun"], *(dict(one) for one in analysis.dry_run)],
        "measurementRetention": [
            *whole["measurementRetention"],
            *(dict(one) for one in analysis.measurement_retention),
        ],
    }
    return spec | {name: value for name, value in parts.items() if value}
