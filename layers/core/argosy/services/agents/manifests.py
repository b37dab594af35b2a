"""The manifests of an agent: what `argosy agent manifests` prints for `kubectl apply -f -`.

Pure: in goes where the agent finds its hub and how far it may go, out come the objects in the order in which they are to
be applied. Rights are the least that the work takes. Writing is the right of the service account that a Sensor names, as it
is for functions (infra/eks-rbac.yaml): the agent itself may write the status and the annotations of Argo Events' kinds and
what moving rollouts on takes, and nothing else, unless it is to sync Applications. It may read what it watches, and Secrets
are not among it unless they are named: those that declarations name are read as their service accounts. `uninstall` goes by
the label that every object here has.

On purpose different from Argo's install manifests: no admission hooks, no ingress at all, and no definitions, which have a
file of their own (infra/crds), because who installs them need not be who installs agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.control.agents.reports import LEASES
from argosy.errors import InvalidObject
from argosy.resources.definitions import GROUP
from argosy.services.agents.identities import Identity, pod_identity
from argosy.services.kinds import KINDS
from argosy.version import VERSION

__all__ = ["ACCOUNT", "EVERYTHING", "IMAGE", "LABEL", "AgentOptions", "Hub", "agent_manifests"]

ACCOUNT: Final = "argosy-agent"
"""The service account, and the name of all else in its namespace."""

IMAGE: Final = f"argosy-agent:{VERSION}"
LABEL: Final = "argosy.dev/agent"
"""On every object of an agent; its value is the cluster's name at the hub."""

_READ: Final = ("get", "list", "watch")
_WATCHED: Final[Mapping[str, tuple[str, ...]]] = {
    "": (
        "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims",
        "persistentvolumes", "pods", "replicationcontrollers", "resourcequotas", "serviceaccounts", "services",
    ),
    GROUP: ("*",),
    "apps": ("*",),
    "autoscaling": ("*",),
    "batch": ("*",),
    "discovery.k8s.io": ("*",),
    "networking.k8s.io": ("*",),
    "policy": ("*",),
}  # fmt: skip
"""What is watched unless somebody says so otherwise: what people have event sources and applications of, Secrets not."""

_MADE: Final = ("create", "get", "list", "patch", "watch")
_ROUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "networking.istio.io": ("destinationrules", "virtualservices"),
    "gateway.networking.k8s.io": ("httproutes",),
    "split.smi-spec.io": ("trafficsplits",),
    "traefik.io": ("traefikservices",),
    "apisix.apache.org": ("apisixroutes",),
    "getambassador.io": ("mappings",),
}
_ROLLOUTS: Final[Sequence[dict[str, Any]]] = (
    {"apiGroups": [GROUP], "resources": ["rollouts", "rollouts/status"], "verbs": ["get", "list", "patch", "watch"]},
    {"apiGroups": [GROUP], "resources": ["analysisruns", "experiments"], "verbs": [*_MADE, "delete"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": [*_MADE, "delete"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "patch", "watch"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": [*_MADE, "delete"]},
    {"apiGroups": [""], "resources": ["services"], "verbs": list(_MADE)},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "patch", "watch"]},
    {"apiGroups": [""], "resources": ["pods/eviction", "events"], "verbs": ["create"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": list(_MADE)},
    *({"apiGroups": [group], "resources": list(kinds), "verbs": list(_MADE)} for group, kinds in _ROUTES.items()),
)
"""What moving rollouts on takes: their own objects, what carries their traffic, and telling of it."""

EVERYTHING: Final[dict[str, Any]] = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
_OF_NO_NAMESPACE: Final = frozenset({"namespaces", "nodes", "persistentvolumes"})
_DNS: Final = ({"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"})
_HTTPS: Final = ({"port": 443, "protocol": "TCP"}, {"port": 6443, "protocol": "TCP"})

type Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hub:
    """How an agent finds its hub: `cluster` is its name there, `keys` are the hub's public keys."""

    cluster: str
    region: str
    commands: str
    reports: str
    bucket: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """How far the agent may go.

    `namespaces`: only there, "" everywhere. `watch`: `resource.group` or `resource` beside what is watched anyway; with
    `only` in its place. `secrets`: `namespace/name` of those whose changes are told at once, which takes the right to watch
    them. `without_rollouts`: no right to move rollouts on. `gitops`: all rights, since Applications put anything there, as
    Argo CD's controller has them. `http_namespaces`: whose services it may call. `identity`: how it
    proves to AWS who it is.
    """

    namespace: str = "argosy"
    image: str = IMAGE
    read_only: bool = False
    namespaces: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    only: bool = False
    secrets: tuple[str, ...] = ()
    without_rollouts: bool = False
    gitops: bool = False
    http_namespaces: tuple[str, ...] = ()
    identity: Identity = field(default_factory=pod_identity)


def agent_manifests(hub: Hub, options: AgentOptions) -> list[Manifest]:
    """The objects, in the order in which they are to be applied. Raises InvalidObject for what cannot be."""
    if not hub.keys:
        raise InvalidObject("an agent without a public key of its hub would refuse everything", field="keys")
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": _metadata(hub, options.namespace)},
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata(hub, ACCOUNT, options.namespace, options.identity.annotations),
        },
        *_rights(hub, options),
        *_secret_rights(hub, options),
        _network(hub, options),
        _deployment(hub, options),
    ]


def _metadata(hub: Hub, name: str, namespace: str = "", annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": ACCOUNT, "app.kubernetes.io/part-of": "argosy", LABEL: hub.cluster}
    return (
        {"name": name}
        | ({"namespace": namespace} if namespace else {})
        | {"labels": labels}
        | ({"annotations": dict(annotations)} if annotations else {})
    )


# Rights


def _rights(hub: Hub, options: AgentOptions) -> list[Manifest]:
    """A role and its binding for the whole cluster, or for each of the namespaces."""
    rules = _rules(options)
    if not options.namespaces:
        return _bound(hub, options, "Cluster", "", rules)
    return [one for namespace in sorted(set(options.namespaces)) for one in _bound(hub, options, "", namespace, rules)]


def _secret_rights(hub: Hub, options: AgentOptions) -> list[Manifest]:
    """The right to watch single Secrets, in their own namespaces; what is watched is as good as read."""
    named: dict[str, set[str]] = {}
    for one in options.secrets:
        namespace, slash, name = one.partition("/")
        if not (namespace and slash and name) or "/" in name or "*" in one:
            raise InvalidObject(f"{one!r} is not NAMESPACE/NAME of a Secret", field="secret")
        named.setdefault(namespace, set()).add(name)
    return [
        manifest
        for namespace, names in sorted(named.items())
        for manifest in _bound(hub, options, "", namespace, [_watching(sorted(names))], "-secrets")
    ]


def _watching(names: Sequence[str]) -> Manifest:
    return {"apiGroups": [""], "resources": ["secrets"], "resourceNames": list(names), "verbs": list(_READ)}


def _bound(
    hub: Hub, options: AgentOptions, scope: str, namespace: str, rules: Sequence[Manifest], suffix: str = ""
) -> list[Manifest]:
    # Named after its namespace: agents of two hubs may be in one cluster.
    api, name = "rbac.authorization.k8s.io", f"{options.namespace}-agent{suffix}"
    metadata = _metadata(hub, name, namespace)
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": options.namespace}
    return [
        {"apiVersion": f"{api}/v1", "kind": f"{scope}Role", "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": f"{api}/v1",
            "kind": f"{scope}RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": f"{scope}Role", "name": name},
            "subjects": [subject],
        },
    ]


def _rules(options: AgentOptions) -> list[Manifest]:
    watched = {group: list(resources) for group, resources in (() if options.only else _WATCHED.items())}
    for one in options.watch:
        resource, _, group = one.partition(".")
        watched.setdefault(group, []).append(resource)
    beyond = _OF_NO_NAMESPACE if options.namespaces else frozenset[str]()
    rules = [
        {"apiGroups": [group], "resources": sorted(set(resources) - beyond), "verbs": list(_READ)}
        for group, resources in watched.items()
    ]
    names = sorted(LEASES)
    rules.append(
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": names, "verbs": ["list"]}
    )
    if options.read_only:
        return rules
    plurals = sorted(kind.plural for kind in KINDS.values())
    return [
        *rules,
        {"apiGroups": [GROUP], "resources": plurals, "verbs": ["get", "list", "patch", "watch"]},
        {"apiGroups": [GROUP], "resources": [f"{plural}/status" for plural in plurals], "verbs": ["patch"]},
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]},
        *([] if options.without_rollouts else _ROLLOUTS),
        *([EVERYTHING] if options.gitops else []),
    ]


# The pod and its network


def _network(hub: Hub, options: AgentOptions) -> Manifest:
    """Nothing comes in; out go names, HTTPS, and calls to services whose namespaces are listed."""
    inside = [
        {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]}
        for namespace in sorted(set(options.http_namespaces))
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(hub, ACCOUNT, options.namespace),
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": ACCOUNT}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [{"ports": [*_DNS, *_HTTPS]}, *options.identity.egress, *inside],
        },
    }


def _deployment(hub: Hub, options: AgentOptions) -> Manifest:
    selected = {"app.kubernetes.io/name": ACCOUNT}
    labels = _metadata(hub, ACCOUNT)["labels"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(hub, ACCOUNT, options.namespace),
        "spec": {
            "replicas": 1,
            # Two agents of one cluster would take each other's work.
            "strategy": {"type": "Recreate"},
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": selected},
            "template": {"metadata": {"labels": labels}, "spec": _pod(hub, options)},
        },
    }


def _pod(hub: Hub, options: AgentOptions) -> Manifest:
    identity = options.identity
    container = {
        "name": "agent",
        "image": options.image,
        "args": ["python", "-m", "argosy.agent"],
        "env": [{"name": name, "value": value} for name, value in _environment(hub, options).items()],
        **({"envFrom": [{"secretRef": {"name": one}} for one in identity.secrets]} if identity.secrets else {}),
        "resources": {"requests": {"cpu": "50m", "memory": "100Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": _LOCKED,
    }
    return {
        "serviceAccountName": ACCOUNT,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"initContainers": [_helper(one) for one in identity.helpers]} if identity.helpers else {}),
        "containers": [container],
        **({"volumes": list(identity.volumes)} if identity.volumes else {}),
    }


_LOCKED: Final = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def _helper(container: Mapping[str, Any]) -> Manifest:
    """A container that runs beside the agent, and is there before it starts."""
    resources = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}}
    return {**container, "restartPolicy": "Always", "resources": resources, "securityContext": _LOCKED}


def _environment(hub: Hub, options: AgentOptions) -> dict[str, str]:
    """What `argosy.agent.settings` reads, and what botocore does."""
    return {
        "ARGOSY_CLUSTER": hub.cluster,
        "ARGOSY_AGENT_COMMANDS": hub.commands,
        "ARGOSY_AGENT_REPORTS": hub.reports,
        "ARGOSY_BLOBS": hub.bucket,
        "ARGOSY_AGENT_KEYS": ",".join(hub.keys),
        **(
            {"ARGOSY_HTTP_NAMESPACES": ",".join(sorted(set(options.http_namespaces)))}
            if options.http_namespaces
            else {}
        ),
        "AWS_REGION": hub.region,
        **options.identity.environment,
    }
