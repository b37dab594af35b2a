"""What `argosy agent manifests` prints: the least that the agent needs, and how flags narrow it."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.agent.settings import Settings
from argosy.errors import InvalidObject
from argosy.services.agents.identities import access_key, pod_identity, roles_anywhere, web_identity
from argosy.services.agents.manifests import ACCOUNT, LABEL, AgentOptions, Hub, agent_manifests

HUB = Hub("edge", "eu-central-1", "https://sqs/commands.fifo", "https://sqs/reports.fifo", "bucket", ("a=", "b="))
WRITING = {"create", "update", "patch", "delete", "deletecollection", "impersonate", "*"}


def made(**options: Any) -> list[dict[str, Any]]:
    return agent_manifests(HUB, AgentOptions(**options))


def one(kind: str, **options: Any) -> dict[str, Any]:
    (found,) = [each for each in made(**options) if each["kind"] == kind]
    return found


def pod(**options: Any) -> dict[str, Any]:
    found: dict[str, Any] = one("Deployment", **options)["spec"]["template"]["spec"]
    return found


def rules(kind: str = "ClusterRole", **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = one(kind, **options)["rules"]
    return found


def allowed(found: list[dict[str, Any]], verb: str) -> set[str]:
    return {
        f"{resource}.{group}" if group else resource
        for rule in found
        if verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_the_objects_in_their_order() -> None:
    kinds = ["Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "NetworkPolicy", "Deployment"]
    assert [each["kind"] for each in made()] == kinds


def test_every_object_says_whose_it_is() -> None:
    assert {each["metadata"]["labels"][LABEL] for each in made(namespaces=("a", "b"))} == {"edge"}


def test_the_agent_finds_in_its_environment_what_it_reads() -> None:
    (container,) = pod(http_namespaces=("monitoring", "argo"))["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    wanted = Settings("edge", HUB.commands, HUB.reports, "bucket", HUB.keys, ("argo", "monitoring"))
    assert Settings.read(environment) == wanted
    assert environment["AWS_REGION"] == "eu-central-1"


def test_an_agent_that_would_trust_nobody_is_refused() -> None:
    with pytest.raises(InvalidObject, match="public key"):
        agent_manifests(Hub("edge", "r", "c", "r", "b", ()), AgentOptions())


# The pod


def test_the_pod_may_nothing_on_its_node() -> None:
    spec = pod()
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"] == {"memory": "256Mi"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()


def test_there_is_one_agent_at_a_time() -> None:
    spec = one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_nothing_comes_in_and_little_goes_out() -> None:
    spec = one("NetworkPolicy")["spec"]
    assert (spec["policyTypes"], spec["ingress"]) == (["Ingress", "Egress"], [])
    names, node = spec["egress"]
    assert sorted({each["port"] for each in names["ports"]}) == [53, 443, 6443]
    assert [each["port"] for each in node["ports"]] == [80]
    assert node["to"][0] == {"ipBlock": {"cidr": "169.254.170.23/32"}}


def test_services_of_listed_namespaces_can_be_called() -> None:
    *_, last = one("NetworkPolicy", http_namespaces=("monitoring",))["spec"]["egress"]
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    assert last == {"to": [{"namespaceSelector": selector}]}


# Rights


def test_what_the_agent_may_write_by_itself() -> None:
    found = rules(without_rollouts=True)
    kinds = {"eventbus", "eventsources", "sensors"}
    patched = {f"{kind}.argoproj.io" for kind in kinds} | {f"{kind}/status.argoproj.io" for kind in kinds}
    assert allowed(found, "patch") == patched
    assert allowed(found, "impersonate") == {"serviceaccounts"}
    assert {verb for rule in found for verb in rule["verbs"]} == {"get", "list", "watch", "patch", "impersonate"}


def test_what_syncing_applications_takes() -> None:
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    assert everything in rules(gitops=True)
    assert everything not in rules()
    assert everything not in rules(gitops=True, read_only=True)


def test_what_moving_rollouts_on_takes() -> None:
    found, without = rules(), rules(without_rollouts=True)
    assert allowed(found, "delete") == {
        "analysisruns.argoproj.io",
        "experiments.argoproj.io",
        "jobs.batch",
        "replicasets.apps",
    }
    assert {"pods/eviction", "events", "services", "ingresses.networking.k8s.io"} <= allowed(found, "create")
    assert "secrets" not in allowed(found, "get") | allowed(found, "patch")
    assert allowed(without, "create") == allowed(without, "delete") == set()


@pytest.mark.parametrize("resource", ["secrets", "*"])
def test_secrets_are_not_watched_unless_they_are_named(resource: str) -> None:
    core = [rule for rule in rules() if rule["apiGroups"] == [""]]
    assert resource not in {each for rule in core for each in rule["resources"]}


def test_single_secrets_may_be_watched() -> None:
    found = [
        each
        for each in made(secrets=("b/y", "a/x", "b/z", "b/y"))
        if each["metadata"]["name"] == "argosy-agent-secrets"
    ]
    assert [(each["kind"], each["metadata"]["namespace"]) for each in found] == [
        ("Role", "a"),
        ("RoleBinding", "a"),
        ("Role", "b"),
        ("RoleBinding", "b"),
    ]
    assert found[2]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["y", "z"], "verbs": ["get", "list", "watch"]}
    ]


@pytest.mark.parametrize("name", ["", "x", "a/", "/x", "a/b/c", "a/*", "*/x"])
def test_what_names_no_secret(name: str) -> None:
    with pytest.raises(InvalidObject, match="NAMESPACE/NAME"):
        made(secrets=(name,))


def test_reading_alone() -> None:
    assert WRITING.isdisjoint(verb for rule in rules(read_only=True) for verb in rule["verbs"])


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ({"watch": ("secrets", "widgets.example.com")}, {"secrets", "widgets.example.com", "pods", "*.apps"}),
        (
            {"watch": ("pods", "deployments.apps"), "only": True, "without_rollouts": True},
            {"pods", "deployments.apps", "sensors.argoproj.io"},
        ),
    ],
)
def test_what_is_watched_can_be_chosen(options: dict[str, Any], listed: set[str]) -> None:
    found = allowed(rules(**options), "watch")
    assert listed <= found
    assert ("services" in found) is not options.get("only", False)


def test_namespaces_narrow_all_rights_to_roles_there() -> None:
    found = made(namespaces=("team-b", "team-a"))
    roles = [each for each in found if each["kind"] in ("Role", "RoleBinding")]
    assert [(each["kind"], each["metadata"]["namespace"]) for each in roles] == [
        ("Role", "team-a"),
        ("RoleBinding", "team-a"),
        ("Role", "team-b"),
        ("RoleBinding", "team-b"),
    ]
    assert not [each for each in found if each["kind"].startswith("Cluster")]
    assert {"nodes", "namespaces"}.isdisjoint(allowed(roles[0]["rules"], "list"))
    assert roles[1]["subjects"] == [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": "argosy"}]


# Who it is to AWS


@pytest.mark.parametrize(
    ("identity", "annotations", "secrets", "helpers"),
    [
        (pod_identity(), {}, [], []),
        (web_identity("arn:role"), {"eks.amazonaws.com/role-arn": "arn:role"}, [], []),
        (roles_anywhere("arn:ta", "arn:pr", "arn:ro", "tls", "helper:1"), {}, [], ["credentials"]),
        (access_key("key"), {}, ["key"], []),
    ],
    ids=["pod-identity", "irsa", "roles-anywhere", "keys"],
)
def test_identities(identity: Any, annotations: dict[str, str], secrets: list[str], helpers: list[str]) -> None:
    account, spec = one("ServiceAccount", identity=identity), pod(identity=identity)
    assert annotations.items() <= account["metadata"].get("annotations", {}).items()
    assert [each["secretRef"]["name"] for each in spec["containers"][0].get("envFrom", ())] == secrets
    assert [each["name"] for each in spec.get("initContainers", ())] == helpers
    assert all(each["securityContext"]["capabilities"] == {"drop": ["ALL"]} for each in spec.get("initContainers", ()))


def test_the_helper_of_roles_anywhere_serves_the_agent() -> None:
    spec = pod(identity=roles_anywhere("arn:ta", "arn:pr", "arn:ro", "tls", "helper:1"))
    (helper,), (agent,) = spec["initContainers"], spec["containers"]
    assert helper["args"][:3] == ["serve", "--port", "9911"]
    assert {"name": "AWS_EC2_METADATA_SERVICE_ENDPOINT", "value": "http://127.0.0.1:9911"} in agent["env"]
    assert spec["volumes"][0]["secret"]["secretName"] == "tls"
    assert helper["restartPolicy"] == "Always", "it goes on beside the agent"
