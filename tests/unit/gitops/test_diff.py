"""Comparison of live objects: types and defaults of Kubernetes' kinds, what is ignored, owned or masked, and bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.compare import compare, differences
from argosy.gitops.diff.ignored import IgnoreRules
from argosy.gitops.diff.knowntypes import KnownField, with_known_types
from argosy.gitops.diff.kube import Misfit, encoded, kind_type, merging, struct, with_defaults
from argosy.gitops.diff.kube.defaults import MODULES
from argosy.gitops.diff.managers import without_managed
from argosy.gitops.diff.normal import normalised
from argosy.gitops.diff.secrets import masked
from argosy.gitops.diff.serverside import compare_dry_run
from argosy.gitops.loading import load
from argosy.resources.application import IgnoreDifference


def service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}


def test_every_default_is_of_a_struct_that_there_is() -> None:
    for module in set(MODULES.values()):
        for name in load(f"argosy.gitops.diff.kube.defaults.{module}:DEFAULTS"):
            assert struct(name) is not None, name
            assert MODULES[name.partition(".")[0]] == module, name


def test_every_kind_can_be_empty() -> None:
    for kind in ("v1/Pod", "apps/v1/StatefulSet", "batch/v1/CronJob", "v1/Service", "v1/Node", "v1/LimitRange"):
        version, _, name = kind.rpartition("/")
        body = {"apiVersion": version, "kind": name}
        assert with_defaults(body)["kind"] == name
        assert compare(body, body).modified is False


@pytest.mark.parametrize(
    ("value", "holds", "expected"),
    [
        ("1024Mi", "quantity", "1Gi"),
        (0.5, "quantity", "500m"),
        ("90s", "duration", "1m30s"),
        ("2024-01-01T01:00:00+01:00", "time", "2024-01-01T00:00:00Z"),
        (None, "core.v1.EnvVar", {"name": ""}),
        ({"name": "a", "value": ""}, "core.v1.EnvVar", {"name": "a"}),
        ({"runAsNonRoot": False}, "core.v1.PodSecurityContext", {"runAsNonRoot": False}),
        ("http", "intstr", "http"),
    ],
)
def test_values_have_one_form(value: Any, holds: str, expected: Any) -> None:
    assert encoded(value, holds) == expected


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("lots", "quantity"),
        ([], "quantity"),
        ("soon", "duration"),
        ("yesterday", "time"),
        ("2024-01-01T00:00:00", "time"),
        ("###", "bytes"),
        (True, "int"),
        (1.5, "int"),
        ("1", "int"),
        (1, "string"),
        ("yes", "bool"),
        ({}, "[string"),
        ([], "{string"),
        ([], "core.v1.Pod"),
    ],
)
def test_what_does_not_fit_is_refused(value: Any, holds: str) -> None:
    with pytest.raises(Misfit):
        encoded(value, holds)


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("registry.io:5000/a/b:1", "IfNotPresent"),
        ("nginx@sha256:" + "a" * 64, "IfNotPresent"),
        ("NGINX", "IfNotPresent"),
        ("", "IfNotPresent"),
    ],
)
def test_a_tag_that_moves_is_pulled_always(image: str, policy: str) -> None:
    body = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "image": image}]}}
    assert with_defaults(body)["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_lists_merge_as_their_kind_has_it() -> None:
    pod = merging(kind_type("apps/v1", "Deployment") or "").fields["spec"].fields["template"].fields["spec"]
    assert (pod.fields["containers"].key, pod.fields["volumes"].retain) == ("name", True)
    assert pod.fields["containers"].fields["ports"].key == "containerPort"
    assert not pod.fields["tolerations"].merged


@pytest.mark.parametrize(
    ("config", "live", "paths"),
    [
        (service(ports=[{"port": 80}]), service(ports=[{"port": 80}], clusterIP="10.0.0.1"), []),
        (service(type="NodePort"), service(type="ClusterIP"), ["/spec/externalTrafficPolicy", "/spec/type"]),
        (
            service(ports=[{"name": "no port"}]),
            service(ports=[{"port": 80}]),
            ["/spec/ports/0/name", "/spec/ports/0/port"],
        ),
        ({"apiVersion": "v1", "kind": "Service"}, {"apiVersion": "v1", "kind": "Service", "metadata": None}, []),
    ],
)
def test_differences_say_where(config: Any, live: Any, paths: list[str]) -> None:
    found = compare(config, live)
    assert [one.path for one in differences(found)] == paths
    assert found.modified == bool(paths)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "1"])
def test_what_was_last_applied_may_be_rubbish(text: str) -> None:
    live = service(clusterIP="10.0.0.1")
    live["metadata"]["annotations"] = {LAST_APPLIED: text}
    assert compare(service(), live).modified is False


class NoJq:
    """Takes every program, and fails on every document."""

    def check(self, program: str) -> None:
        if "bad" in program:
            raise EvaluationError("no jq")

    def first(self, program: str, document: str) -> str:
        raise EvaluationError("it took too long")


def test_ignoring_bears_what_fails() -> None:
    rule = IgnoreDifference(kind="*", jq_path_expressions=[".spec"], json_pointers=["/nope", "spec", "", "/spec/0/x"])
    assert IgnoreRules([rule], {}, NoJq()).cleaned(service(a=1)) == service(a=1)
    with pytest.raises(EvaluationError):
        IgnoreRules([], {"Service": {"ignoreDifferences": {"jqPathExpressions": ["bad"]}}}, NoJq())


@pytest.mark.parametrize(
    "fields", [None, [], [None], [{"manager": "m"}], [{"manager": "m", "fieldsV1": {"f:spec": {"k:{": {}}}}]]
)
def test_managed_fields_may_be_rubbish(fields: Any) -> None:
    live = {**service(a=1), "metadata": {"managedFields": fields}}
    assert without_managed(live, service(a=2), ["m"]) == (live, service(a=2))


def test_a_dry_run_must_say_what_is_ours() -> None:
    with pytest.raises(InvalidObject, match="no managed fields"):
        compare_dry_run(service(), service(), "argocd-controller")
    dry = {**service(), "metadata": {"name": "s", "managedFields": [{"manager": "other", "fieldsV1": {"f:spec": {}}}]}}
    with pytest.raises(InvalidObject, match="no fields of 'argocd-controller'"):
        compare_dry_run(service(), dry, "argocd-controller")
    assert compare_dry_run(service(), dry, "argocd-controller", with_webhooks=True).modified is False


@pytest.mark.parametrize(
    ("owned", "old", "live", "dry", "expected"),
    [
        ({"f:a": {}}, {}, {"a": 1, "b": 1}, {"a": 2, "b": 2, "c": 3}, {"a": 2, "b": 1}),
        ({"f:a": {}}, {"f:a": {}, "f:b": {}}, {"a": 1, "b": 1}, {"a": 1}, {"a": 1}),
        ({"f:l": {'k:{"name":"x"}': {".": {}, "f:v": {}}}}, {}, {"l": [{"name": "y", "v": 1}]},
         {"l": [{"name": "x", "v": 2, "w": 3}, {"name": "z"}]}, {"l": [{"v": 2, "name": "x"}, {"name": "y", "v": 1}]}),
        ({"f:l": {'v:"a"': {}}}, {"f:l": {'v:"a"': {}, 'v:"b"': {}}}, {"l": ["a", "b", "c"]}, {"l": ["a", "d"]},
         {"l": ["a", "c"]}),
    ],
)  # fmt: skip
def test_a_dry_run_counts_for_what_is_ours(owned: Any, old: Any, live: Any, dry: Any, expected: Any) -> None:
    def widget(spec: Any, fields: Any) -> dict[str, Any]:
        managed = [{"manager": "m", "fieldsV1": {"f:spec": fields}}]
        return {"apiVersion": "x.io/v1", "kind": "W", "metadata": {"managedFields": managed}, "spec": spec}

    found = compare_dry_run(widget(live, old), widget(dry, owned), "m")
    assert found.predicted is not None
    assert found.predicted["spec"] == expected


@pytest.mark.parametrize("data", [None, [], "text", {"a": None}, {"a": 5}])
def test_masks_bear_odd_secrets(data: Any) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data}
    target, live = masked(secret, None)
    assert live is None
    assert target is not None
    assert isinstance(data, dict) is (target["data"] == {"a": "++++++++"})


def test_no_value_of_a_secret_is_left() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"annotations": {LAST_APPLIED: '{"stringData":{"a":"hunter2"}}', "key": "hunter2"}},
        "stringData": {"a": "hunter2"},
        "data": {"b": "aHVudGVyMg=="},
    }
    shown = str(masked(secret, secret, ["key"]))
    assert "hunter2" not in shown
    assert "aHVudGVyMg" not in shown


def test_a_type_that_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidObject, match="is no known type"):
        with_known_types({"kind": "X"}, [KnownField("spec", "core/v1/Nothing")])
    body = {"kind": "X", "spec": {"q": "lots"}}
    assert with_known_types(body, [KnownField("spec.q", "core/Quantity"), KnownField("a.b", "core/Quantity")]) == body


@pytest.mark.parametrize(
    "parts",
    [
        {"data": ["hunter2"], "stringData": {"p": "hunter2"}},
        {"data": "hunter2"},
        {"stringData": "hunter2"},
        {"stringData": ["hunter2"], "data": {"a": "aHVudGVyMg=="}},
    ],
)
def test_what_is_no_secret_by_its_form_is_hidden_as_a_whole(parts: dict[str, Any]) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **parts}
    applied = {**secret, "metadata": {"name": "s", "annotations": {LAST_APPLIED: json.dumps(secret)}}}
    shown = str(masked(secret, applied))
    assert "hunter2" not in shown
    assert "aHVudGVyMg==" not in shown


@pytest.mark.parametrize("subset", [{"addresses": [None]}, {"ports": [None]}, {"addresses": ["a"], "ports": "b"}])
def test_endpoints_of_another_form_are_left_as_they_are(subset: dict[str, Any]) -> None:
    endpoints = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "e"}, "subsets": [subset]}
    assert normalised(endpoints)["subsets"] == [subset]
