"""Which actions a kind has: a flat map, whose modules are loaded when their kind is first met.

In: group and kind. Out: a table of actions, empty for a kind that has none.
"""

from __future__ import annotations

from typing import Final

from argosy.gitops.actions.action import Actions
from argosy.gitops.loading import load

__all__ = ["ACTIONS", "actions_of"]

_HERE: Final = "argosy.gitops.actions.groups"


def actions_of(group: str, kind: str) -> Actions:
    """The shipped actions of a kind, by name."""
    place = ACTIONS.get(f"{group}/{kind}")
    if place is None:
        return {}
    found: Actions = load(f"{_HERE}.{place}")
    return found


def _group(group: str, module: str, kinds: str) -> dict[str, str]:
    """`kinds` are words, `Kind:TABLE`."""
    return {f"{group}/{kind}": f"{module}:{table}" for kind, table in (word.split(":") for word in kinds.split())}


ACTIONS: Final[dict[str, str]] = {
    **_group("apps", "apps", "DaemonSet:DAEMON_SET Deployment:DEPLOYMENT StatefulSet:STATEFUL_SET"),
    **_group("argoproj.io", "rollouts", "AnalysisRun:ANALYSIS_RUN Rollout:ROLLOUT"),
    **_group("argoproj.io", "workflows", "CronWorkflow:CRON_WORKFLOW WorkflowTemplate:TEMPLATE"),
    **_group("batch", "batch", "CronJob:CRON_JOB Job:JOB"),
    **_group("core.strimzi.io", "strimzi", "StrimziPodSet:POD_SET"),
    **_group("external-secrets.io", "external_secrets", "ExternalSecret:SECRET PushSecret:PUSH"),
    **_group("helm.toolkit.fluxcd.io", "flux", "HelmRelease:RECONCILED"),
    **_group("image.toolkit.fluxcd.io", "flux", "ImageRepository:RECONCILED ImageUpdateAutomation:RECONCILED"),
    **_group("keda.sh", "keda", "ScaledJob:SCALED_JOB ScaledObject:SCALED_OBJECT"),
    **_group("kustomize.toolkit.fluxcd.io", "flux", "Kustomization:RECONCILED"),
    **_group("notification.toolkit.fluxcd.io", "flux", "Alert:SUSPENDED Provider:SUSPENDED Receiver:RECONCILED"),
    **_group("numaflow.numaproj.io", "numaflow", "MonoVertex:MONO_VERTEX Pipeline:PIPELINE"),
    **_group("numaplane.numaproj.io", "numaplane", "MonoVertexRollout:MONO_VERTEX PipelineRollout:PIPELINE"),
    **_group("postgresql.cnpg.io", "cnpg", "Cluster:CLUSTER"),
    **_group("promoter.argoproj.io", "promoter", "PullRequest:PULL_REQUEST"),
    **_group("psmdb.percona.com", "percona", "PerconaServerMongoDB:MONGO"),
    **_group(
        "source.toolkit.fluxcd.io",
        "flux",
        "Bucket:RECONCILED GitRepository:RECONCILED HelmChart:RECONCILED HelmRepository:RECONCILED "
        "OCIRepository:RECONCILED",
    ),
}
