"""Sources rendered by the real tools, against the same tools run by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.local.rendertools import find
from support.rendering import CHART, CONFIG_MAP, Rendery, by_hand, ordered

FILES = {
    "chart/Chart.yaml": CHART,
    "chart/values.yaml": "replicas: 1\nimage: nginx\nextra: {}\n",
    "chart/env/prod.yaml": "replicas: 5\n",
    "shared/common.yaml": "image: httpd\n",
    "chart/ca.pem": "-----BEGIN-----\na,b\n",
    "chart/crds/crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\n",
    "chart/templates/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - {name: main, image: {{ .Values.image | quote }}}
""",
    "chart/templates/config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  versions: "{{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "a.example/v1" }}"
  helm: {{ .Capabilities.HelmVersion.Version | quote }}
  extra: {{ .Values.extra | toJson | quote }}
  ca: {{ .Values.ca | default "" | quote }}
""",
    "chart/templates/tests/test.yaml": """\
apiVersion: v1
kind: Pod
metadata:
  name: test
  annotations: {"helm.sh/hook": test}
""",
    "base/kustomization.yaml": "resources: [deployment.yaml, config.yaml]\n",
    "base/deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: nginx:1}]}
""",
    "base/config.yaml": CONFIG_MAP.format(name="settings"),
    "overlays/prod/kustomization.yaml": """\
resources: [../../base]
configMapGenerator: [{name: made, literals: [a=b]}]
patches: [{path: patch.yaml}]
""",
    "overlays/prod/patch.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {more: 'yes'}\n",
}
KUSTOMIZE = "kustomize"


@pytest.fixture
def rendery(tmp_path: Path) -> Rendery:
    return Rendery(tmp_path)


@pytest.mark.parametrize(
    ("helm", "options"),
    [
        (None, ["--include-crds"]),
        ({"skipCrds": True, "skipTests": True}, ["--skip-tests"]),
        (
            {"valueFiles": ["env/prod.yaml", "../shared/common.yaml"]},
            ["-f", "env/prod.yaml", "-f", "../shared/common.yaml", "--include-crds"],
        ),
        (
            {
                "parameters": [
                    {"name": "replicas", "value": "3"},
                    {"name": "extra.a", "value": "007", "forceString": True},
                ]
            },
            ["--set", "replicas=3", "--set-string", "extra.a=007", "--include-crds"],
        ),
        ({"parameters": [{"name": "image", "value": "a,b"}]}, ["--set", "image=a\\,b", "--include-crds"]),
        ({"fileParameters": [{"name": "ca", "path": "ca.pem"}]}, ["--set-file", "ca=ca.pem", "--include-crds"]),
        (
            {"kubeVersion": "1.30.2", "apiVersions": ["a.example/v1"], "namespace": "other"},
            ["--kube-version", "1.30.2", "--api-versions", "a.example/v1", "--namespace", "other", "--include-crds"],
        ),
    ],
)
def test_a_chart_renders_as_by_hand(
    tmp_path: Path, rendery: Rendery, helm: dict[str, Any] | None, options: list[str]
) -> None:
    command = ["helm", "template", "guestbook", ".", "--namespace", "default", *options]
    expected = by_hand(tmp_path / "hand", FILES, *command, folder="chart")
    assert rendery.render(FILES, "chart", helm=helm) == expected


def test_values_of_the_manifest_win_over_files_and_parameters_over_both(rendery: Rendery) -> None:
    made = rendery.render(
        FILES,
        "chart",
        helm={
            "valueFiles": ["env/prod.yaml"],
            "valuesObject": {"replicas": 7, "image": "a"},
            "parameters": [{"name": "image", "value": "b"}],
            "releaseName": "other",
        },
    )
    (deployment,) = [one for one in made if one["kind"] == "Deployment"]
    assert deployment["metadata"]["name"] == "other-example"
    assert deployment["spec"]["replicas"] == 7
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "b"


def test_helm_calls_itself_what_its_releases_do(rendery: Rendery) -> None:
    (config,) = [one for one in rendery.render(FILES, "chart") if one["kind"] == "ConfigMap"]
    assert config["data"]["helm"] == "v4.3.1"


@pytest.mark.parametrize("path", ["base", "overlays/prod"])
def test_a_kustomization_renders_as_by_hand(tmp_path: Path, rendery: Rendery, path: str) -> None:
    assert rendery.render(FILES, path) == by_hand(tmp_path / "hand", FILES, KUSTOMIZE, "build", path)


def test_a_kustomization_with_settings_of_the_source(tmp_path: Path, rendery: Rendery) -> None:
    settings = """\
resources: [../base]
namePrefix: pre-
nameSuffix: -post
namespace: team
commonLabels: {owner: me}
commonAnnotations: {note: "a b"}
images: [{name: nginx, newName: registry.example/nginx, newTag: "2"}]
replicas: [{name: web, count: 4}]
"""
    files = {**FILES, "hand/kustomization.yaml": settings, "app/kustomization.yaml": "resources: [../base]\n"}
    expected = by_hand(tmp_path / "hand", files, KUSTOMIZE, "build", "hand")
    asked = {
        "namePrefix": "pre-",
        "nameSuffix": "-post",
        "namespace": "team",
        "commonLabels": {"owner": "me"},
        "commonAnnotations": {"note": "a b"},
        "images": ["nginx=registry.example/nginx:2"],
        "replicas": [{"name": "web", "count": "4"}],
    }
    assert ordered(rendery.render(files, "app", kustomize=asked)) == ordered(expected)


def test_patches_and_components_of_the_source(tmp_path: Path, rendery: Rendery) -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    files = {
        **FILES,
        "parts/labelled/kustomization.yaml": f"{component}labels: [{{pairs: {{part: labelled}}}}]\n",
        "parts/scaled/kustomization.yaml": f"{component}replicas: [{{name: web, count: 3}}]\n",
        "app/more.yaml": "- {op: add, path: /data/file, value: 'yes'}\n",
        "app/kustomization.yaml": "resources: [../base]\npatches: [{path: more.yaml, target: {kind: ConfigMap}}]\n",
        "hand/more.yaml": "- {op: add, path: /data/file, value: 'yes'}\n",
        "hand/kustomization.yaml": """\
resources: [../base]
components: [../parts/labelled, ../parts/scaled]
patches:
- {path: more.yaml, target: {kind: ConfigMap}}
- path: more.yaml
  target: {kind: ConfigMap, name: sett.*}
- target: {kind: Deployment, labelSelector: "!app"}
  patch: "- {op: remove, path: /spec}"
- patch: |-
    kind: Deployment
    apiVersion: apps/v1
    metadata: {name: web}
    spec: {template: {spec: {containers: [{name: main, image: "y"}]}}}
""",
    }
    expected = by_hand(tmp_path / "hand", files, KUSTOMIZE, "build", "hand")
    pod = {"containers": [{"name": "main", "image": "y"}]}
    deployment = {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web"}}
    asked = {
        "components": ["../parts/labelled", "../parts/scaled", "../parts/missing"],
        "ignoreMissingComponents": True,
        "patches": [
            {"path": "more.yaml", "target": {"kind": "ConfigMap", "name": "sett.*"}},
            {"patch": "- {op: remove, path: /spec}", "target": {"kind": "Deployment", "labelSelector": "!app"}},
            {"patch": yaml.safe_dump({**deployment, "spec": {"template": {"spec": pod}}})},
        ],
    }
    assert rendery.render(files, "app", kustomize=asked) == expected


def test_build_options_of_the_installation(tmp_path: Path, rendery: Rendery) -> None:
    """A chart of the repository, inflated, and a file beside the kustomization."""
    files = {
        **FILES,
        "app/kustomization.yaml": """\
resources: [../base/config.yaml]
helmGlobals: {chartHome: ..}
helmCharts: [{name: chart, releaseName: web, namespace: team, valuesInline: {replicas: 9}}]
""",
    }
    options = "--enable-helm --load-restrictor LoadRestrictionsNone"
    command = [KUSTOMIZE, "build", "app", "--enable-helm", "--helm-kube-version=1.31.0", "--load-restrictor"]
    expected = by_hand(tmp_path / "hand", files, *command, "LoadRestrictionsNone", f"--helm-command={find('helm')}")
    about = {"kubeVersion": "1.31.0"}
    made = rendery.render(files, "app", manner={"buildOptions": options}, kustomize=about)
    assert ordered(made) == ordered(expected)
    assert {one["kind"] for one in made} >= {"Deployment", "ConfigMap"}


def test_jsonnet(rendery: Rendery) -> None:
    files = {
        "app/main.jsonnet": """\
local lib = import 'lib.libsonnet';
local near = import 'near/n.libsonnet';
function(name, count=1) [lib.config(name + std.extVar('suffix'), near + count), lib.config(std.extVar('made'), 0)]
""",
        "app/near/n.libsonnet": "40",
        "vendor/lib.libsonnet": """\
{config(n, v):: {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: n}, data: {v: '' + v}}}
""",
    }
    variables = {
        "extVars": [
            {"name": "suffix", "value": "-$ARGOCD_APP_NAME"},
            {"name": "made", "value": "'x' + 1", "code": True},
        ],
        "tlas": [{"name": "name", "value": "n"}, {"name": "count", "value": "1 + 1", "code": True}],
        "libs": ["vendor"],
    }
    made = rendery.render(files, "app", directory={"jsonnet": variables})
    assert [(one["metadata"]["name"], one["data"]["v"]) for one in made] == [("n-guestbook", "42"), ("x1", "0")]


def test_plain_files(rendery: Rendery) -> None:
    config = CONFIG_MAP.format
    files = {
        "app/a.yaml": f"{config(name='a')}---\n{config(name='b')}",
        "app/b/c.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}',
        "app/values.yaml": "not: [a manifest",
        "app/README.md": "",
    }
    names = [one["metadata"]["name"] for one in rendery.render(files, "app", directory={"recurse": True})]
    assert names == ["a", "b", "c"]


def test_nothing_is_left(rendery: Rendery) -> None:
    rendery.render(FILES, "chart")
    assert rendery.left == []
