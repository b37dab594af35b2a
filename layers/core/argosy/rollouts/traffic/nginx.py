"""`nginx`: a canary Ingress beside each stable one (rollout/trafficrouting/nginx/nginx.go of Argo Rollouts)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.copying import copied
from argosy.resources.base import Problem
from argosy.resources.rollout import Rollout
from argosy.resources.rollout_traffic import NginxRouting
from argosy.rollouts.traffic import Body, Move, Objects, Split
from argosy.rollouts.traffic.base import PlainRouter, found
from argosy.rollouts.writes import Change, Create, Ref, owned_by

__all__ = ["Nginx"]

_PREFIX: Final = "nginx.ingress.kubernetes.io"
_CLASS: Final = "kubernetes.io/ingress.class"
_SUFFIX: Final = "-canary"
_LONGEST: Final = 253


def _ref(name: str) -> Ref:
    return Ref("networking.k8s.io", "Ingress", name)


def _config(rollout: Rollout) -> NginxRouting:
    routing = rollout.canary.traffic_routing if rollout.canary is not None else None
    return routing.nginx if routing is not None and routing.nginx is not None else NginxRouting()


def canary_name(rollout: str, stable: str) -> str:
    """The name of the canary Ingress (GetCanaryIngressName)."""
    return f"{rollout}-{stable}"[: _LONGEST - len(_SUFFIX)] + _SUFFIX


class Nginx(PlainRouter):
    """See `Router`."""

    def needs(self, rollout: Rollout) -> Sequence[Ref]:
        """See `Router.needs`."""
        names = _config(rollout).names
        return [_ref(one) for name in names for one in (name, canary_name(rollout.metadata.name, name))]

    def problems(self, rollout: Rollout, objects: Objects) -> Iterator[Problem]:
        """See `Router.problems`: a stable Ingress that is missing, or does not send to the stable service."""
        stable = rollout.canary.stable_service if rollout.canary is not None else ""
        for name in _config(rollout).names:
            path = "spec.strategy.canary.trafficRouting.nginx.stableIngress"
            one = objects.get(_ref(name))
            if one is None:
                yield Problem(path, f'Invalid value: "{name}": ingress.networking.k8s.io "{name}" not found')
            elif not list(_rules(one, stable, stable)):
                yield Problem(
                    path, f'Invalid value: "{name}": ingress `{name}` has no rules using service {stable} backend'
                )

    def shares(self, rollout: Rollout, objects: Objects, split: Split) -> Iterator[Move]:
        """See `Router.shares`."""
        for name in _config(rollout).names:
            manifest = _canary(rollout, found(objects, _ref(name)), split)
            ref = _ref(manifest["metadata"]["name"])
            there = objects.get(ref)
            if there is None:
                yield Create(ref, manifest)
            else:
                yield from _difference(ref, there, manifest)


def _difference(ref: Ref, there: Body, wanted: dict[str, Any]) -> Iterator[Change]:
    metadata, body = there.get("metadata") or {}, dict[str, Any]()
    before = metadata.get("annotations") or {}
    after = wanted["metadata"]["annotations"]
    if before != after:
        body["metadata"] = {"annotations": {**dict.fromkeys(before.keys() - after.keys()), **after}}
    spec = there.get("spec") or {}
    moved = {name: value for name, value in wanted["spec"].items() if spec.get(name) != value}
    if moved:
        body["spec"] = moved
    if body:
        yield Change(ref, body)


def _canary(rollout: Rollout, stable: Body, split: Split) -> dict[str, Any]:
    config, metadata, spec = _config(rollout), stable.get("metadata") or {}, stable.get("spec") or {}
    names = rollout.canary
    rules = list(_rules(stable, names.stable_service, names.canary_service)) if names is not None else []
    if not rules:
        raise EvaluationError(f"ingress {metadata.get('name')} has no rule that uses the stable service")
    made: dict[str, Any] = {"rules": rules}
    made |= {name: spec[name] for name in ("tls", "ingressClassName") if spec.get(name)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": canary_name(rollout.metadata.name, str(metadata.get("name", ""))),
            "namespace": rollout.metadata.namespace,
            "annotations": _annotations(config, metadata.get("annotations") or {}, split),
            "ownerReferences": [_owner(rollout)],
        },
        "spec": made,
    }


def _owner(rollout: Rollout) -> dict[str, Any]:
    return owned_by("Rollout", rollout.metadata.name, rollout.metadata.uid)


def _annotations(config: NginxRouting, stable: Body, split: Split) -> dict[str, str]:
    prefix = config.annotation_prefix or _PREFIX
    made = {_CLASS: stable[_CLASS]} if _CLASS in stable else {}
    for name, value in config.additional_ingress_annotations.items():
        made[name if name.startswith(prefix) else f"{prefix}/{name}"] = value
    made |= dict(config.canary_ingress_annotations)
    made |= {f"{prefix}/canary": "true", f"{prefix}/canary-weight": str(split.canary)}
    if split.full != 100:
        made[f"{prefix}/canary-weight-total"] = str(split.full)
    return made


def _rules(stable: Body, service: str, canary: str) -> Iterator[dict[str, Any]]:
    """The rules that have a path to the stable service, which goes to the canary there."""
    for rule in (stable.get("spec") or {}).get("rules") or ():
        made, uses = copied(dict(rule)), False
        for path in (made.get("http") or {}).get("paths") or ():
            backend = (path.get("backend") or {}).get("service") or {}
            if backend.get("name") == service:
                backend["name"] = canary
                uses = True
        if uses:
            yield made
