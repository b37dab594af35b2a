"""Health of Kubernetes' own kinds, a module for each API group (`gitops-engine/pkg/health`).

In: a live object. Out: its health, or None for a kind that has no built-in check. Called by `assess.health_of`, after what
settings and shipped checks say.
"""

from __future__ import annotations

from argosy.errors import InvalidObject
from argosy.gitops.health.verdict import Check, Health, Object
from argosy.gitops.identity import group_version
from argosy.gitops.loading import load

__all__ = ["CHECKS", "builtin_health"]

_HERE = "argosy.gitops.health.builtin"
# group/kind → where its check stands, and the versions it knows; None: all.
CHECKS: dict[tuple[str, str], tuple[str, tuple[str, ...] | None]] = {
    ("apps", "Deployment"): ("apps:deployment", ("v1",)),
    ("apps", "StatefulSet"): ("apps:stateful_set", ("v1",)),
    ("apps", "ReplicaSet"): ("apps:replica_set", ("v1",)),
    ("apps", "DaemonSet"): ("apps:daemon_set", ("v1",)),
    ("", "Service"): ("core:service", ("v1",)),
    ("", "PersistentVolumeClaim"): ("core:volume_claim", ("v1",)),
    ("", "Pod"): ("core:pod", ("v1",)),
    ("extensions", "Ingress"): ("networking:ingress", None),
    ("networking.k8s.io", "Ingress"): ("networking:ingress", None),
    ("batch", "Job"): ("batch:job", ("v1",)),
    ("autoscaling", "HorizontalPodAutoscaler"): ("autoscaling:autoscaler", ("v1", "v2")),
    ("apiregistration.k8s.io", "APIService"): ("apiregistration:service", ("v1", "v1beta1")),
    ("argoproj.io", "Workflow"): ("argoproj:workflow", None),
}


def builtin_health(obj: Object) -> Health | None:
    """The built-in verdict on a live object. Raises InvalidObject for a version that the check of its kind does not know."""
    group, version = group_version(obj)
    found = CHECKS.get((group, str(obj.get("kind"))))
    if found is None:
        return None
    place, versions = found
    if versions is not None and version not in versions:
        raise InvalidObject(f"health of {obj.get('kind')} is known for {' and '.join(versions)}, not for {version}")
    check: Check = load(f"{_HERE}.{place}")
    return check(obj)
