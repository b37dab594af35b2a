"""What every `Cluster` does, run on the fake and on a real API server by subclasses that give the fixtures.

`cluster`: the cluster, with full rights. `namespace`: an empty namespace of the test's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.secrets import ClusterSecrets
from argosy.errors import AlreadyExists, Conflict, Denied, InvalidObject, NotFound, Unsupported
from argosy.ports.cluster import Cluster, PatchType, ServiceAccount
from argosy.ports.secrets import Secrets
from support.access import wait_for_access

RBAC = "rbac.authorization.k8s.io/v1"
ARGO = "argoproj.io/v1alpha1"

Manifest = dict[str, Any]


def config_map(name: str, **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def labelled(name: str, labels: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}}


def workflow(name: str) -> Manifest:
    return {
        "apiVersion": ARGO,
        "kind": "Workflow",
        "metadata": {"name": name},
        "spec": {"entrypoint": "main", "free": [1]},
    }


def grant(
    cluster: Cluster, namespace: str, group: str, resource: str, *verbs: str, subject: Manifest | None = None
) -> None:
    """A Role with the verbs, bound to the default service account of the namespace, which may at once."""
    name = f"{resource}-{'-'.join(verbs)}".replace("*", "all")
    rules = [{"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}]
    cluster.create(
        {"apiVersion": RBAC, "kind": "Role", "metadata": {"name": name}, "rules": rules}, namespace=namespace
    )
    who = subject or {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    binding = {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [who],
    }
    cluster.create(binding, namespace=namespace)
    if isinstance(cluster, DirectCluster) and subject is None:
        wait_for_access(cluster, ServiceAccount(namespace), verbs[0], f"{resource}.{group}", namespace)


def readers(cluster: Cluster, namespace: str) -> None:
    """Let the default service account of the namespace read Secrets and ConfigMaps."""
    grant(cluster, namespace, "", "secrets", "get")
    grant(cluster, namespace, "", "configmaps", "get")


class ClusterContract:
    """The suite; subclasses give the fixtures and, where changes take a moment, their own `eventually`."""

    def eventually(self, condition: Callable[[], bool]) -> bool:
        """True once the condition holds."""
        return condition()

    def test_what_was_created_is_there(self, cluster: Cluster, namespace: str) -> None:
        made = cluster.create(config_map("one", a="1"), namespace=namespace)
        found = cluster.get("v1", "ConfigMap", namespace, "one")
        assert made["metadata"]["uid"] == found["metadata"]["uid"]
        assert found["data"] == {"a": "1"}
        assert (found["apiVersion"], found["kind"]) == ("v1", "ConfigMap")
        assert found["metadata"]["namespace"] == namespace
        assert found["metadata"]["resourceVersion"]
        assert found["metadata"]["creationTimestamp"].endswith("Z")

    def test_the_manifest_is_left_as_it_was(self, cluster: Cluster, namespace: str) -> None:
        manifest = config_map("one", a="1")
        cluster.create(manifest, namespace=namespace)
        assert manifest == config_map("one", a="1")

    def test_argos_own_kinds(self, cluster: Cluster, namespace: str) -> None:
        made = cluster.create(workflow("wf"), namespace=namespace)
        assert made["spec"] == {"entrypoint": "main", "free": [1]}
        assert [one["metadata"]["name"] for one in cluster.list(ARGO, "Workflow", namespace)] == ["wf"]

    def test_the_namespace_of_the_manifest_wins(self, cluster: Cluster, namespace: str) -> None:
        manifest = config_map("one")
        manifest["metadata"]["namespace"] = namespace
        assert cluster.create(manifest, namespace="kube-public")["metadata"]["namespace"] == namespace

    def test_a_generated_name(self, cluster: Cluster, namespace: str) -> None:
        manifest: Manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}}
        names = {cluster.create(manifest, namespace=namespace)["metadata"]["name"] for _ in range(3)}
        assert len(names) == 3
        assert all(name.startswith("run-") and len(name) == len("run-") + 5 for name in names)

    def test_creating_twice(self, cluster: Cluster, namespace: str) -> None:
        cluster.create(workflow("wf"), namespace=namespace)
        with pytest.raises(AlreadyExists, match=rf'Workflow/{namespace}/wf: workflows.argoproj.io "wf" already exists'):
            cluster.create(workflow("wf"), namespace=namespace)

    def test_deleting(self, cluster: Cluster, namespace: str) -> None:
        cluster.create(config_map("one"), namespace=namespace)
        cluster.delete("v1", "ConfigMap", namespace, "one")
        with pytest.raises(NotFound, match=rf'ConfigMap/{namespace}/one: configmaps "one" not found'):
            cluster.get("v1", "ConfigMap", namespace, "one")
        with pytest.raises(NotFound, match='configmaps "one" not found'):
            cluster.delete("v1", "ConfigMap", namespace, "one")

    def test_a_kind_without_namespace_ignores_one(self, cluster: Cluster, namespace: str) -> None:
        found = cluster.get("v1", "Namespace", "whatever", namespace)
        assert found["metadata"]["name"] == namespace
        assert "namespace" not in found["metadata"]

    def test_a_namespace_that_is_not_there(self, cluster: Cluster) -> None:
        with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
            cluster.create(config_map("one"), namespace="nowhere")
        assert cluster.list("v1", "ConfigMap", "nowhere") == []

    @pytest.mark.parametrize(
        ("api_version", "kind"),
        [
            ("v1", "Nonsense"),
            ("argoproj.io/v1", "Workflow"),
            ("argoproj.io/v1alpha1", "Nonsense"),
            ("no.such/v1", "Thing"),
        ],
    )
    def test_a_kind_that_is_not_served(self, cluster: Cluster, namespace: str, api_version: str, kind: str) -> None:
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}}
        expected = rf"serves no {api_version} {kind}: .* install its CustomResourceDefinition"
        with pytest.raises(NotFound, match=expected):
            cluster.create(manifest, namespace=namespace)
        with pytest.raises(NotFound, match=expected):
            cluster.get(api_version, kind, namespace, "x")
        with pytest.raises(NotFound, match=expected):
            cluster.list(api_version, kind, namespace)
        with pytest.raises(NotFound, match=expected):
            cluster.delete(api_version, kind, namespace, "x")

    def test_a_kind_that_is_installed_later(self, cluster: Cluster, namespace: str) -> None:
        group = f"{namespace}.example.com"
        with pytest.raises(NotFound):
            cluster.list(f"{group}/v1", "Gadget", namespace)
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"gadgets.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": "Gadget", "plural": "gadgets"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            },
        }
        cluster.create(definition)

        def served() -> bool:
            try:
                return cluster.list(f"{group}/v1", "Gadget", namespace) == []
            except NotFound:
                return False

        assert self.eventually(served)
        gadget = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "g"}}
        cluster.create(gadget, namespace=namespace)
        assert cluster.get(f"{group}/v1", "Gadget", namespace, "g")["kind"] == "Gadget"

    @pytest.mark.parametrize(
        ("manifest", "field"),
        [
            ({"kind": "ConfigMap", "metadata": {"name": "x"}}, "apiVersion"),
            ({"apiVersion": "v1", "metadata": {"name": "x"}}, "kind"),
            ({"apiVersion": 1, "kind": "ConfigMap", "metadata": {"name": "x"}}, "apiVersion"),
            ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": []}, "metadata"),
            ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": "x"}, "metadata"),
            ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": 5}}, "metadata.name"),
            (
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": 5}},
                "metadata.namespace",
            ),
            ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Not_A_Name"}}, "metadata.name"),
            ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, "metadata.name"),
        ],
    )
    def test_a_manifest_that_is_no_object(
        self, cluster: Cluster, namespace: str, manifest: Manifest, field: str
    ) -> None:
        with pytest.raises(InvalidObject) as caught:
            cluster.create(manifest, namespace=namespace)
        # One server answers a missing name with a field, another with a sentence alone.
        assert caught.value.field == field or "name or generateName is required" in caught.value.reason

    @pytest.mark.parametrize("name", ["", "..", ".", "a/b", "../../nodes", "x?y", "a%2fb", "a\nb"])
    def test_a_name_cannot_choose_the_path(self, cluster: Cluster, namespace: str, name: str) -> None:
        with pytest.raises(InvalidObject):
            cluster.get("v1", "ConfigMap", namespace, name)
        with pytest.raises(InvalidObject):
            cluster.delete("v1", "ConfigMap", namespace, name)

    @pytest.mark.parametrize("namespace_given", ["..", "a/b", "x/../kube-system", ""])
    def test_a_namespace_cannot_choose_the_path(self, cluster: Cluster, namespace_given: str) -> None:
        with pytest.raises(InvalidObject):
            cluster.get("v1", "ConfigMap", namespace_given, "x")

    @pytest.mark.parametrize(
        ("selector", "expected"),
        [
            ("", "abc"),
            ("tier=front", "a"),
            ("tier==back", "b"),
            ("tier!=front", "bc"),
            ("tier", "ab"),
            ("!tier", "c"),
            ("tier in (front, back)", "ab"),
            ("tier notin (front)", "bc"),
            ("tier in (front,back),stage=live", "b"),
            ("example.com/team=x", "c"),
            ("tier=none", ""),
        ],
    )
    def test_label_selectors(self, cluster: Cluster, namespace: str, selector: str, expected: str) -> None:
        cluster.create(labelled("a", {"tier": "front"}), namespace=namespace)
        cluster.create(labelled("b", {"tier": "back", "stage": "live"}), namespace=namespace)
        cluster.create(labelled("c", {"example.com/team": "x"}), namespace=namespace)
        found = cluster.list("v1", "ConfigMap", namespace, label_selector=selector)
        # A real namespace has a certificate bundle of its own after a moment.
        names = [one["metadata"]["name"] for one in found if one["metadata"]["name"] != "kube-root-ca.crt"]
        assert "".join(names) == expected
        assert {(one["apiVersion"], one["kind"]) for one in found} <= {("v1", "ConfigMap")}

    @pytest.mark.parametrize("selector", ["a in x", "=", "a b", "a=b,,c=d", "a in (b"])
    def test_a_selector_that_is_none(self, cluster: Cluster, namespace: str, selector: str) -> None:
        with pytest.raises(InvalidObject):
            cluster.list("v1", "ConfigMap", namespace, label_selector=selector)

    @pytest.mark.parametrize(
        ("body", "how", "expected"),
        [
            ({"data": {"a": None, "c": "3"}}, "merge", {"b": "2", "c": "3"}),
            ([{"op": "replace", "path": "/data/a", "value": "9"}], "json", {"a": "9", "b": "2"}),
            ({"data": {"c": "3"}}, "strategic", {"a": "1", "b": "2", "c": "3"}),
        ],
    )
    def test_patches(
        self, cluster: Cluster, namespace: str, body: Any, how: PatchType, expected: dict[str, str]
    ) -> None:
        made = cluster.create(config_map("one", a="1", b="2"), namespace=namespace)
        patched = cluster.patch("v1", "ConfigMap", namespace, "one", body, how=how)
        assert patched["data"] == expected
        assert patched["metadata"]["uid"] == made["metadata"]["uid"]
        assert patched["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
        assert cluster.get("v1", "ConfigMap", namespace, "one") == patched

    def test_a_patch_of_an_older_version(self, cluster: Cluster, namespace: str) -> None:
        made = cluster.create(config_map("one", a="1"), namespace=namespace)
        cluster.patch("v1", "ConfigMap", namespace, "one", {"data": {"a": "2"}})
        stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"a": "3"}}
        with pytest.raises(Conflict, match=f"ConfigMap/{namespace}/one: "):
            cluster.patch("v1", "ConfigMap", namespace, "one", stale)
        assert cluster.get("v1", "ConfigMap", namespace, "one")["data"] == {"a": "2"}

    def test_patches_that_cannot_be(self, cluster: Cluster, namespace: str) -> None:
        cluster.create(workflow("wf"), namespace=namespace)
        with pytest.raises(Unsupported):
            cluster.patch(ARGO, "Workflow", namespace, "wf", {"spec": {}}, how="strategic")
        with pytest.raises(InvalidObject):
            cluster.patch(ARGO, "Workflow", namespace, "wf", [{"op": "remove", "path": "/spec/none"}], how="json")
        with pytest.raises(InvalidObject):
            cluster.patch(ARGO, "Workflow", namespace, "wf", {}, how="other")  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            cluster.patch(ARGO, "Workflow", namespace, "gone", {"spec": {}})

    def test_replacing(self, cluster: Cluster, namespace: str) -> None:
        made = cluster.create(config_map("one", a="1"), namespace=namespace)
        replaced = cluster.replace({**made, "data": {"b": "2"}})
        assert replaced["data"] == {"b": "2"}
        with pytest.raises(Conflict):
            cluster.replace({**made, "data": {"c": "3"}})
        with pytest.raises(NotFound):
            cluster.replace(config_map("gone"), namespace=namespace)

    def test_applying_owns_fields_and_gives_them_up(self, cluster: Cluster, namespace: str) -> None:
        cluster.apply(config_map("one", a="1", b="2"), namespace=namespace, manager="first")
        cluster.apply(config_map("one", c="3"), namespace=namespace, manager="second")
        found = cluster.apply(config_map("one", a="4"), namespace=namespace, manager="first")
        assert found["data"] == {"a": "4", "c": "3"}

    def test_applying_what_somebody_else_owns(self, cluster: Cluster, namespace: str) -> None:
        cluster.apply(config_map("one", a="1"), namespace=namespace, manager="first")
        with pytest.raises(Conflict, match=r"conflict with \"first\".*data\.a"):
            cluster.apply(config_map("one", a="2"), namespace=namespace, manager="second")
        assert cluster.get("v1", "ConfigMap", namespace, "one")["data"] == {"a": "1"}
        cluster.apply(config_map("one", a="2"), namespace=namespace, manager="second", force=True)
        assert cluster.get("v1", "ConfigMap", namespace, "one")["data"] == {"a": "2"}
        with pytest.raises(Conflict):
            cluster.apply(config_map("one", a="3"), namespace=namespace, manager="first")

    def test_applying_to_one_version_only(self, cluster: Cluster, namespace: str) -> None:
        made = cluster.apply(config_map("one", a="1"), namespace=namespace)
        cluster.apply(config_map("one", a="2"), namespace=namespace)
        manifest = config_map("one", a="3")
        manifest["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
        with pytest.raises(Conflict):
            cluster.apply(manifest, namespace=namespace)

    def test_a_dry_run_changes_nothing(self, cluster: Cluster, namespace: str) -> None:
        assert cluster.create(config_map("one", a="1"), namespace=namespace, dry_run=True)["data"] == {"a": "1"}
        assert cluster.apply(config_map("one", a="1"), namespace=namespace, dry_run=True)["data"] == {"a": "1"}
        with pytest.raises(NotFound):
            cluster.get("v1", "ConfigMap", namespace, "one")
        made = cluster.create(config_map("one", a="1"), namespace=namespace)
        patched = cluster.patch("v1", "ConfigMap", namespace, "one", {"data": {"a": "2"}}, dry_run=True)
        assert patched["data"] == {"a": "2"}
        assert cluster.replace({**made, "data": {"b": "2"}}, dry_run=True)["data"] == {"b": "2"}
        cluster.delete("v1", "ConfigMap", namespace, "one", dry_run=True)
        assert cluster.get("v1", "ConfigMap", namespace, "one") == made

    def test_deleting_exactly_one_object(self, cluster: Cluster, namespace: str) -> None:
        metadata = cluster.create(config_map("one", a="1"), namespace=namespace)["metadata"]
        with pytest.raises(Conflict):
            cluster.delete("v1", "ConfigMap", namespace, "one", uid="00000000-0000-0000-0000-000000000000")
        with pytest.raises(Conflict):
            cluster.delete("v1", "ConfigMap", namespace, "one", version="1")
        cluster.delete("v1", "ConfigMap", namespace, "one", uid=metadata["uid"], version=metadata["resourceVersion"])
        with pytest.raises(NotFound):
            cluster.get("v1", "ConfigMap", namespace, "one")

    def test_a_finalizer_holds_an_object_back(self, cluster: Cluster, namespace: str) -> None:
        manifest = config_map("one")
        manifest["metadata"]["finalizers"] = ["example.com/hold"]
        cluster.create(manifest, namespace=namespace)
        cluster.delete("v1", "ConfigMap", namespace, "one")
        assert cluster.get("v1", "ConfigMap", namespace, "one")["metadata"]["deletionTimestamp"]
        cluster.patch("v1", "ConfigMap", namespace, "one", {"metadata": {"finalizers": None}})
        with pytest.raises(NotFound):
            cluster.get("v1", "ConfigMap", namespace, "one")

    def test_status_is_written_apart(self, cluster: Cluster, namespace: str) -> None:
        service: Manifest = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
        }
        cluster.create(service, namespace=namespace)
        address = {"ip": "10.1.2.3"}
        for spec in ({}, {"spec": {"externalName": "x"}}):
            body = {**spec, "status": {"loadBalancer": {"ingress": [address]}}}
            found = cluster.patch("v1", "Service", namespace, "s", body, subresource="status")
            assert found["status"]["loadBalancer"]["ingress"][0]["ip"] == "10.1.2.3"
            assert "externalName" not in found["spec"]
        untouched = cluster.patch("v1", "Service", namespace, "s", {"status": {"loadBalancer": None}})
        assert untouched == cluster.get("v1", "Service", namespace, "s", subresource="status")
        assert untouched["status"] == found["status"]

    def test_scale(self, cluster: Cluster, namespace: str) -> None:
        labels = {"app": "web"}
        deployment: Manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
            },
        }
        cluster.create(deployment, namespace=namespace)
        place = ("apps/v1", "Deployment", namespace, "web")
        assert cluster.get(*place, subresource="scale")["spec"].get("replicas", 0) == 0
        found = cluster.patch(*place, {"spec": {"replicas": 3}}, subresource="scale")
        assert (found["kind"], found["spec"]["replicas"]) == ("Scale", 3)
        assert cluster.get(*place)["spec"]["replicas"] == 3

    def test_a_field_selector(self, cluster: Cluster, namespace: str) -> None:
        for name in ("a", "b"):
            cluster.create(config_map(name), namespace=namespace)
        found = cluster.list("v1", "ConfigMap", namespace, field_selector="metadata.name=b")
        assert [one["metadata"]["name"] for one in found] == ["b"]

    def test_kinds(self, cluster: Cluster) -> None:
        found = {(one.api_version, one.kind): one for one in cluster.kinds()}
        assert len(found) > 20
        pods, nodes, workflows = found["v1", "Pod"], found["v1", "Node"], found[ARGO, "Workflow"]
        assert (pods.plural, pods.namespaced, nodes.namespaced) == ("pods", True, False)
        assert {"list", "watch", "create"} <= workflows.verbs
        assert len({one.kind for one in found.values() if one.api_version.startswith("apps/")}) >= 4
        assert (pods.versions, workflows.versions) == (("v1",), (ARGO,))
        assert found["autoscaling/v2", "HorizontalPodAutoscaler"].versions == ("autoscaling/v2", "autoscaling/v1")

    def test_the_log_of_a_pod_that_is_not_there(self, cluster: Cluster, namespace: str) -> None:
        with pytest.raises(NotFound, match=f"Pod/{namespace}/gone"):
            cluster.log(namespace, "gone")

    def test_all_namespaces(self, cluster: Cluster, namespace: str) -> None:
        cluster.create(workflow("mine"), namespace=namespace)
        found = cluster.list(ARGO, "Workflow", "")
        assert (namespace, "mine") in {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in found}

    def test_a_service_account_without_rights_is_denied_in_the_servers_words(
        self, cluster: Cluster, namespace: str
    ) -> None:
        guest = cluster.acting_as(ServiceAccount(namespace))
        words = (
            rf'workflows.argoproj.io is forbidden: User "system:serviceaccount:{namespace}:default" cannot create '
            rf'resource "workflows" in API group "argoproj.io" in the namespace "{namespace}"'
        )
        with pytest.raises(Denied, match=words):
            guest.create(workflow("wf"), namespace=namespace)
        for call in (
            lambda: guest.get("v1", "Secret", namespace, "x"),
            lambda: guest.list("v1", "Secret", namespace),
            lambda: guest.list("v1", "Node", ""),
            lambda: guest.delete("v1", "ConfigMap", namespace, "x"),
        ):
            with pytest.raises(Denied, match="is forbidden"):
                call()

    def test_a_service_account_does_what_it_was_granted_and_no_more(self, cluster: Cluster, namespace: str) -> None:
        grant(cluster, namespace, "argoproj.io", "workflows", "create", "get")
        guest = cluster.acting_as(ServiceAccount(namespace))
        assert self.eventually(lambda: _may(lambda: guest.create(workflow("wf"), namespace=namespace)))
        assert guest.get(ARGO, "Workflow", namespace, "wf")["metadata"]["name"] == "wf"
        with pytest.raises(Denied):
            guest.delete(ARGO, "Workflow", namespace, "wf")
        with pytest.raises(Denied):
            guest.create(workflow("wf"), namespace="default")
        with pytest.raises(Denied):
            cluster.acting_as(ServiceAccount(namespace, "other")).get(ARGO, "Workflow", namespace, "wf")

    @pytest.mark.parametrize("kind", ["namespace", "all", "authenticated"])
    def test_a_service_account_is_in_its_groups(self, cluster: Cluster, namespace: str, kind: str) -> None:
        user = ServiceAccount(namespace, "runner")
        name = {"namespace": user.groups[1], "all": user.groups[0], "authenticated": user.groups[2]}[kind]
        group = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name}
        grant(cluster, namespace, "", "configmaps", "list", subject=group)
        guest = cluster.acting_as(user)
        assert self.eventually(lambda: _may(lambda: guest.list("v1", "ConfigMap", namespace)))

    def test_acting_as_leaves_the_original_and_replaces_an_earlier_one(self, cluster: Cluster, namespace: str) -> None:
        guest = cluster.acting_as(ServiceAccount(namespace, "first"))
        second = guest.acting_as(ServiceAccount(namespace, "second"))
        with pytest.raises(Denied, match=f"system:serviceaccount:{namespace}:second"):
            second.list("v1", "ConfigMap", namespace)
        with pytest.raises(Denied, match=f"system:serviceaccount:{namespace}:first"):
            guest.list("v1", "ConfigMap", namespace)
        cluster.list("v1", "ConfigMap", namespace)

    def test_version(self, cluster: Cluster) -> None:
        assert cluster.version().startswith("v1.")

    @pytest.mark.parametrize(
        ("key", "value"), [("plain", "text"), ("line", "ends\n"), ("lines", "two\n\n"), ("empty", ""), ("umlaut", "ä→")]
    )
    def test_secrets_and_config_maps_by_key(self, cluster: Cluster, namespace: str, key: str, value: str) -> None:
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {key: value}}
        cluster.create(secret, namespace=namespace)
        cluster.create(config_map("c", **{key: value}), namespace=namespace)
        secrets: Secrets = ClusterSecrets(cluster)
        readers(cluster, namespace)
        assert self.eventually(lambda: _may(lambda: secrets.config(namespace, "c", key)))
        assert secrets.secret(namespace, "s", key) == value.removesuffix("\n")
        assert secrets.config(namespace, "c", key) == value.removesuffix("\n")

    def test_binary_values(self, cluster: Cluster, namespace: str) -> None:
        data = {"text": "aGFsbG8=", "noise": "/wD/"}
        cluster.create(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data}, namespace=namespace
        )
        cluster.create(config_map("c") | {"binaryData": data}, namespace=namespace)
        secrets = ClusterSecrets(cluster)
        readers(cluster, namespace)
        assert self.eventually(lambda: _may(lambda: secrets.config(namespace, "c", "text")))
        assert secrets.secret(namespace, "s", "text") == secrets.config(namespace, "c", "text") == "hallo"
        for read, name in ((secrets.secret, "s"), (secrets.config, "c")):
            with pytest.raises(InvalidObject, match="no UTF-8 text") as caught:
                read(namespace, name, "noise")
            assert caught.value.__cause__ is None
            assert "/wD/" not in str(caught.value)

    def test_missing_keys_and_objects(self, cluster: Cluster, namespace: str) -> None:
        cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}, namespace=namespace)
        cluster.create(config_map("c"), namespace=namespace)
        secrets = ClusterSecrets(cluster)
        readers(cluster, namespace)
        assert self.eventually(lambda: _allowed(lambda: secrets.config(namespace, "c", "k")))
        with pytest.raises(NotFound, match=f"Secret/{namespace}/s has no key k"):
            secrets.secret(namespace, "s", "k")
        with pytest.raises(NotFound, match=f"ConfigMap/{namespace}/c has no key k"):
            secrets.config(namespace, "c", "k")
        with pytest.raises(NotFound, match='secrets "gone" not found'):
            secrets.secret(namespace, "gone", "k")

    def test_secrets_are_read_as_the_service_account(self, cluster: Cluster, namespace: str) -> None:
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}}
        cluster.create(secret, namespace=namespace)
        secrets = ClusterSecrets(cluster)
        with pytest.raises(Denied):
            secrets.secret(namespace, "s", "k", "runner")
        runner = {"kind": "ServiceAccount", "name": "runner", "namespace": namespace}
        grant(cluster, namespace, "", "secrets", "get", subject=runner)
        assert self.eventually(lambda: _may(lambda: secrets.secret(namespace, "s", "k", "runner")))
        assert secrets.secret(namespace, "s", "k", "runner") == "v"
        with pytest.raises(Denied):
            secrets.secret(namespace, "s", "k")


def _allowed(call: Callable[[], object]) -> bool:
    try:
        return _may(call)
    except NotFound:
        return True


def _may(call: Callable[[], object]) -> bool:
    try:
        call()
    except Denied:
        return False
    return True
