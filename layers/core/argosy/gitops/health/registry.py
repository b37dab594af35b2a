"""Which check judges which custom kind: a flat map, whose modules are loaded when their kind is first met.

In: group and kind. Out: a check, or none. The kinds are those for which Argo CD 3.6 ships a script, in
`resource_customizations/`. A suffix of groups stands for every kind of theirs, and yields to an exact key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.gitops.health.verdict import Check
from argosy.gitops.loading import load

__all__ = ["CHECKS", "WILDCARDS", "check_for"]

_HERE: Final = "argosy.gitops.health.groups"


def check_for(group: str, kind: str) -> Check | None:
    """The shipped check of a kind."""
    place = CHECKS.get(f"{group}/{kind}") or next(_wild(group), None)
    if place is None:
        return None
    found: Check = load(f"{_HERE}.{place}")
    return found


def _wild(group: str) -> Iterator[str]:
    return (place for suffix, place in WILDCARDS.items() if group.endswith(suffix) or group == suffix[1:])


def _group(group: str, module: str, kinds: str) -> dict[str, str]:
    """`kinds` are words, `Kind:function`, or `Kind` alone where the module's `check` judges it."""
    found = {}
    for word in kinds.split():
        kind, _, function = word.partition(":")
        found[f"{group}/{kind}"] = f"{module}:{function or 'check'}"
    return found


WILDCARDS: Final[dict[str, str]] = {
    ".crossplane.io": "crossplane:check",
    ".upbound.io": "crossplane:check",
    ".services.k8s.aws": "aws_controllers:check",
    ".cnrm.cloud.google.com": "cnrm:check",
    "operator.victoriametrics.com": "victoriametrics:check",
}
CHECKS: Final[dict[str, str]] = {
    **_group("acid.zalan.do", "zalando", "postgresql"),
    **_group("apiextensions.k8s.io", "apiextensions", "CustomResourceDefinition"),
    **_group(
        "apps.kruise.io",
        "kruise",
        "AdvancedCronJob:cron_job BroadcastJob:broadcast_job CloneSet:clone_set DaemonSet:daemon_set "
        "StatefulSet:stateful_set",
    ),
    **_group("apps.openshift.io", "openshift", "DeploymentConfig:deployment_config"),
    **_group(
        "argoproj.io",
        "argoproj",
        "AnalysisRun:analysis_run ApplicationSet:application_set CronWorkflow:cron_workflow EventBus:deployed "
        "EventSource:deployed Experiment:experiment Sensor:deployed",
    ),
    **_group("argoproj.io", "rollouts", "Rollout"),
    **_group("batch", "batch", "CronJob"),
    **_group("bitnami.com", "bitnami", "SealedSecret"),
    **_group("camel.apache.org", "camel", "Integration"),
    **_group("cdi.kubevirt.io", "kubevirt", "DataVolume:data_volume"),
    **_group("ceph.rook.io", "rook", "CephCluster:cluster CephObjectStore:object_store"),
    **_group("objectbucket.io", "rook", "ObjectBucketClaim:bucket_claim"),
    **_group("cert-manager.io", "cert_manager", "Certificate ClusterIssuer:cluster_issuer Issuer:issuer"),
    **_group("certmanager.k8s.io", "cert_manager", "Certificate ClusterIssuer:cluster_issuer Issuer:issuer"),
    **_group("clickhouse.altinity.com", "clickhouse", "ClickHouseInstallation"),
    **_group(
        "cluster.x-k8s.io",
        "cluster_api",
        "Cluster:cluster Machine:machine MachineDeployment:machine_deployment "
        "MachineHealthCheck:machine_health_check MachinePool:machine_pool",
    ),
    **_group("core.cnrm.cloud.google.com", "cnrm", "ConfigConnector:connector ConfigConnectorContext:connector"),
    **_group("core.humio.com", "humio", "HumioCluster"),
    **_group("datadoghq.com", "datadog", "DatadogMetric"),
    **_group("db.atlasgo.io", "atlas", "AtlasMigration AtlasSchema"),
    **_group("elasticsearch.k8s.elastic.co", "elastic", "Elasticsearch"),
    **_group(
        "external-secrets.io",
        "external_secrets",
        "ClusterExternalSecret:cluster_secret ClusterSecretStore:cluster_store ExternalSecret:secret PushSecret:push "
        "SecretStore:store",
    ),
    **_group("flagger.app", "flagger", "Canary"),
    **_group("flink.apache.org", "flink", "FlinkDeployment"),
    **_group(
        "gateway.networking.k8s.io",
        "gateway_api",
        "BackendTLSPolicy:tls_policy GRPCRoute:route Gateway:gateway GatewayClass:gateway_class HTTPRoute:route",
    ),
    **_group("gateway.solo.io", "solo", "VirtualService"),
    **_group(
        "grafana.integreatly.org",
        "grafana",
        "Grafana:grafana GrafanaDashboard:synchronized GrafanaDatasource:datasource GrafanaFolder:synchronized",
    ),
    **_group("helm.toolkit.fluxcd.io", "flux", "HelmRelease"),
    **_group("image.toolkit.fluxcd.io", "flux", "ImagePolicy ImageRepository ImageUpdateAutomation"),
    **_group("kustomize.toolkit.fluxcd.io", "flux", "Kustomization"),
    **_group("notification.toolkit.fluxcd.io", "flux", "Alert Provider Receiver"),
    **_group(
        "source.toolkit.fluxcd.io",
        "flux",
        "Bucket GitRepository HelmChart HelmRepository:helm_repository OCIRepository",
    ),
    **_group("iam.aws.crossplane.io", "crossplane_aws", "Policy Role RolePolicyAttachment"),
    **_group("rds.aws.crossplane.io", "crossplane_aws", "DBCluster DBInstance"),
    **_group("s3.aws.crossplane.io", "crossplane_aws", "Bucket"),
    **_group("pkg.crossplane.io", "crossplane", "Provider:provider"),
    **_group("install.istio.io", "istio", "IstioOperator"),
    **_group("jaegertracing.io", "jaeger", "Jaeger"),
    **_group("k8s.keycloak.org", "keycloak", "Keycloak"),
    **_group("k8s.mariadb.com", "mariadb", "MariaDB"),
    **_group("kafka.banzaicloud.io", "banzai", "KafkaCluster"),
    **_group(
        "kafka.strimzi.io",
        "strimzi",
        "Kafka:kafka KafkaBridge:bridge KafkaConnect:connect KafkaConnector:connector KafkaTopic:topic KafkaUser:user",
    ),
    **_group("karpenter.k8s.aws", "karpenter", "EC2NodeClass:node_class"),
    **_group("karpenter.sh", "karpenter", "NodeClaim:node_claim NodePool:node_pool"),
    **_group("keda.sh", "keda", "ScaledJob:scaled_job ScaledObject:scaled_object"),
    **_group("kiali.io", "kiali", "Kiali"),
    **_group("kubernetes-client.io", "external_secrets", "ExternalSecret:legacy"),
    **_group("kubevirt.io", "kubevirt", "VirtualMachine:machine VirtualMachineInstance:machine_instance"),
    **_group("kyverno.io", "kyverno", "ClusterPolicy:cluster_policy Policy:policy"),
    **_group("minio.min.io", "minio", "Tenant"),
    **_group("monitoring.coreos.com", "prometheus", "Prometheus"),
    **_group("networking.gke.io", "gke", "ManagedCertificate"),
    **_group(
        "numaflow.numaproj.io",
        "numaflow",
        "InterStepBufferService:buffer MonoVertex:mono_vertex Pipeline:pipeline Vertex:vertex",
    ),
    **_group(
        "numaplane.numaproj.io",
        "numaplane",
        "ISBServiceRollout:rollout MonoVertexRollout:rollout NumaflowControllerRollout:rollout PipelineRollout:rollout",
    ),
    **_group("onepassword.com", "onepassword", "OnePasswordItem"),
    **_group("openfaas.com", "openfaas", "Function"),
    **_group("opentelemetry.io", "opentelemetry", "OpenTelemetryCollector"),
    **_group("operator.knative.dev", "knative", "KnativeEventing:eventing KnativeServing:serving"),
    **_group("operators.coreos.com", "olm", "Subscription"),
    **_group(
        "platform.confluent.io",
        "confluent",
        "Connect ControlCenter Kafka KafkaRestProxy KsqlDB SchemaRegistry Zookeeper",
    ),
    **_group("policy", "policy", "PodDisruptionBudget"),
    **_group(
        "policy.open-cluster-management.io",
        "ocm",
        "ConfigurationPolicy:template CertificatePolicy:template OperatorPolicy:template Policy:policy",
    ),
    **_group("postgresql.cnpg.io", "cnpg", "Cluster"),
    **_group("projectcontour.io", "contour", "ExtensionService HTTPProxy"),
    **_group(
        "promoter.argoproj.io",
        "promoter",
        "ArgoCDCommitStatus:argocd CommitStatus:commit_status GitRepository:repository ClusterScmProvider:cluster_scm "
        "ScmProvider:scm PullRequest:pull_request GitCommitStatus:git_commit TimedCommitStatus:timed "
        "WebRequestCommitStatus:web_request",
    ),
    **_group("promoter.argoproj.io", "promotions", "ChangeTransferPolicy:transfer PromotionStrategy:strategy"),
    **_group("psmdb.percona.com", "percona", "PerconaServerMongoDB"),
    **_group("pxc.percona.com", "percona", "PerconaXtraDBCluster"),
    **_group("pulumi.com", "pulumi", "Stack"),
    **_group(
        "rabbitmq.com",
        "rabbitmq",
        "Binding Exchange Federation Permission Policy Queue SchemaReplication Shovel SuperStream TopicPermission User "
        "Vhost RabbitmqCluster:cluster",
    ),
    **_group("route.openshift.io", "openshift", "Route:route"),
    **_group("services.cloud.sap.com", "sap", "ServiceBinding ServiceInstance"),
    **_group("serving.knative.dev", "knative", "Service:service"),
    **_group("serving.kserve.io", "kserve", "InferenceService"),
    **_group("snapshot.storage.k8s.io", "snapshots", "VolumeSnapshot:snapshot VolumeSnapshotContent:snapshot"),
    **_group("sparkoperator.k8s.io", "spark", "SparkApplication"),
    **_group("tower.ansible.com", "ansible", "AnsibleJob"),
    **_group("work.karmada.io", "karmada", "ClusterResourceBinding:cluster_binding ResourceBinding:binding"),
}
