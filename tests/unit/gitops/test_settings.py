"""`argocd-cm`: what it says, and what a slip in it stops."""

from __future__ import annotations

import pytest

from argosy.gitops.filters import Entry
from argosy.gitops.requests import Manner
from argosy.gitops.settings import Settings
from argosy.gitops.tracking import Tracking

STATUS = {"ignoreDifferences": {"jsonPointers": ["/status"]}}


def test_argos_defaults() -> None:
    found = Settings.of({})
    assert found.tracking == Tracking("annotation", "app.kubernetes.io/instance", "")
    assert (found.soft, found.jitter, found.ignore_aggregated, found.problems) == (120.0, 60.0, False, ())
    assert found.overrides["*/*"] == STATUS


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"application.resourceTrackingMethod": "label"}, Tracking("label")),
        ({"application.resourceTrackingMethod": "annotation+label"}, Tracking("annotation+label")),
        ({"application.resourceTrackingMethod": "nonsense"}, Tracking()),
        ({"application.instanceLabelKey": "a/b", "installationID": "x"}, Tracking("annotation", "a/b", "x")),
    ],
)
def test_tracking(data: dict[str, str], expected: Tracking) -> None:
    assert Settings.of(data).tracking == expected


@pytest.mark.parametrize(("text", "seconds"), [("180s", 180.0), ("3m", 180.0), ("0s", 0.0)])
def test_how_often_repositories_are_asked(text: str, seconds: float) -> None:
    assert Settings.of({"timeout.reconciliation": text}).soft == seconds


def test_kinds_that_are_left_out() -> None:
    text = "- apiGroups: [cilium.io]\n  kinds: ['*']\n  clusters: ['*']\n"
    assert Settings.of({"resource.exclusions": text}).filter.exclusions == (Entry(["cilium.io"], ["*"], ["*"]),)


@pytest.mark.parametrize(
    ("options", "setting", "pointers"),
    [
        ("ignoreResourceStatusField: all", "*/*", ["/status"]),
        (
            "ignoreResourceStatusField: crd",
            "apiextensions.k8s.io/CustomResourceDefinition",
            ["/status", "/spec/preserveUnknownFields"],
        ),
    ],
)
def test_where_the_status_does_not_count(options: str, setting: str, pointers: list[str]) -> None:
    found = Settings.of({"resource.compareoptions": options}).overrides
    assert found[setting]["ignoreDifferences"]["jsonPointers"] == pointers


def test_customizations_in_both_forms() -> None:
    whole = "apps/Deployment:\n  ignoreDifferences: |\n    jsonPointers: [/spec/replicas]\n  health.lua: return {}\n"
    found = Settings.of(
        {
            "resource.customizations": whole,
            "resource.customizations.ignoreDifferences.apps_StatefulSet": "jqPathExpressions: [.spec.replicas]",
            "resource.customizations.health.example.com_Widget": "return {}",
            "resource.customizations.knownTypeFields.example.com_Widget": "- field: spec.cpu\n  type: core/Quantity",
            "resource.customizations.ignoreDifferences.all": "jsonPointers: [/x]",
        }
    )
    assert found.overrides["apps/Deployment"] == {
        "ignoreDifferences": {"jsonPointers": ["/spec/replicas"]},
        "health.lua": "return {}",
    }
    assert found.overrides["apps/StatefulSet"] == {"ignoreDifferences": {"jqPathExpressions": [".spec.replicas"]}}
    assert found.overrides["example.com/Widget"]["health.lua"] == "return {}"
    assert [(one.path, one.type) for one in found.known_fields("example.com/Widget")] == [("spec.cpu", "core/Quantity")]
    assert found.overrides["*/*"]["ignoreDifferences"]["jsonPointers"] == ["/x", "/status"]


@pytest.mark.parametrize(
    ("data", "manner"),
    [
        ({}, Manner()),
        ({"kustomize.buildOptions": "--enable-helm"}, Manner(build_options="--enable-helm")),
        ({"helm.valuesFileSchemes": " https, s3,"}, Manner(value_file_schemes=("https", "s3"))),
        ({"helm.valuesFileSchemes": ""}, Manner(value_file_schemes=())),
        (
            {"helm.enable": "false", "kustomize.enable": "true", "jsonnet.enable": "no"},
            Manner(off=("Helm", "Directory")),
        ),
    ],
)
def test_how_sources_are_rendered(data: dict[str, str], manner: Manner) -> None:
    assert Settings.of(data).manner == manner


SLIPS = [
    ("resource.exclusions", "- kinds: [ConfigMap\n", "expected ',' or ']'"),
    ("resource.exclusions", "{", "expected the node content"),
    ("resource.customizations", "- a", "it must hold a mapping"),
    ("resource.exclusions", "- ConfigMap\n", "'ConfigMap' is no mapping"),
    ("resource.exclusions", "- kinds: ConfigMap\n", "kinds must hold a list of texts"),
    ("resource.inclusions", "kinds: [ConfigMap]\n", "it must hold a list"),
    ("resource.compareoptions", "- a\n", "it must hold a mapping"),
    ("resource.customizations", "apps/Deployment: text\n", "apps/Deployment must hold a mapping"),
    ("resource.customizations", "apps/Deployment: {ignoreDifferences: [a]}\n", "['a'] is no mapping"),
    (
        "resource.customizations.ignoreDifferences.apps_Deployment",
        "jsonPointers: /spec/replicas\n",
        "jsonPointers must hold a list of texts",
    ),
    ("resource.customizations.knownTypeFields.example.com_Widget", "- text\n", "'text' is no mapping"),
]


@pytest.mark.parametrize(("key", "text", "said"), SLIPS)
def test_what_cannot_be_read_is_a_problem(key: str, text: str, said: str) -> None:
    found = Settings.of({key: text})
    (problem,) = found.problems
    assert problem.startswith(f"argocd-cm: {key}")
    assert said in problem
    assert "\n" not in problem
    assert (found.warnings, found.filter.exclusions, found.soft) == ((), (), 120.0)


def test_a_time_that_cannot_be_read_is_a_warning_alone() -> None:
    found = Settings.of({"timeout.reconciliation": "soon"})
    assert (found.soft, found.problems, len(found.warnings)) == (120.0, (), 1)
