"""The kinds that the fake cluster serves, and what it knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from argosy.ports.cluster import ServedKind

__all__ = ["BUILT_IN", "DEFINITIONS", "RBAC", "FakeKind"]

RBAC: Final = "rbac.authorization.k8s.io/v1"
DEFINITIONS: Final = "apiextensions.k8s.io/v1"
_VERBS: Final = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})


@dataclass(frozen=True, slots=True)
class FakeKind:
    """A kind that is served; `status`: status is a subresource of it, and `scale`, too; `others`: its further versions."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True
    status: bool = False
    scale: bool = False
    others: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """Empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """As the server names it in its messages: `workflows.argoproj.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def served(self) -> ServedKind:
        """As discovery tells it."""
        below = frozenset(name for name in ("status", "scale") if getattr(self, name))
        versions = (self.api_version, *self.others)
        return ServedKind(self.api_version, self.kind, self.plural, self.namespaced, _VERBS, below, versions)

    def subject(self, namespace: str, name: str) -> str:
        """kind/namespace/name, as far as there is one."""
        return "/".join(part for part in (self.kind, namespace, name) if part)


def _kinds(
    api_version: str, names: str, *, namespaced: bool = True, status: bool = False, scale: bool = False
) -> list[FakeKind]:
    pairs = (name.split("/") for name in names.split())
    return [FakeKind(api_version, kind, plural, namespaced, status, scale) for kind, plural in pairs]


_ARGO: Final = "argoproj.io/v1alpha1"

BUILT_IN: Final = [
    *_kinds("v1", "ConfigMap/configmaps Secret/secrets ServiceAccount/serviceaccounts Event/events"),
    *_kinds("v1", "Pod/pods Service/services PersistentVolumeClaim/persistentvolumeclaims", status=True),
    *_kinds("v1", "Namespace/namespaces Node/nodes", namespaced=False, status=True),
    *_kinds(
        "apps/v1", "Deployment/deployments StatefulSet/statefulsets ReplicaSet/replicasets", status=True, scale=True
    ),
    *_kinds("apps/v1", "DaemonSet/daemonsets", status=True),
    FakeKind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", others=("autoscaling/v1",)),
    *_kinds("batch/v1", "Job/jobs CronJob/cronjobs", status=True),
    *_kinds(RBAC, "Role/roles RoleBinding/rolebindings"),
    *_kinds(RBAC, "ClusterRole/clusterroles ClusterRoleBinding/clusterrolebindings", namespaced=False),
    *_kinds(DEFINITIONS, "CustomResourceDefinition/customresourcedefinitions", namespaced=False),
    *_kinds(_ARGO, "Workflow/workflows WorkflowTemplate/workflowtemplates CronWorkflow/cronworkflows"),
    *_kinds(_ARGO, "WorkflowEventBinding/workfloweventbindings"),
    *_kinds(_ARGO, "ClusterWorkflowTemplate/clusterworkflowtemplates", namespaced=False),
    *_kinds(_ARGO, "EventSource/eventsources Sensor/sensors EventBus/eventbus", status=True),
    *_kinds(_ARGO, "Rollout/rollouts", status=True, scale=True),
]
