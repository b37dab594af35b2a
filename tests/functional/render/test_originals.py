"""Thirteen sources as people publish them: what they are rendered to equals, byte for byte, what the tools print by hand.

The originals are the pinned `helm template` and `kustomize build`, and `kubectl kustomize` of the kubectl that belongs to
the development cluster (1.34, with Kustomize 5.7). Before they are compared both sides are sorted and written by one
writer (`support.originals.canonical`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.local.rendertools import find
from support.originals import canonical, files_below, printed, read_by_helm
from support.rendering import Rendery

SOURCES = Path(__file__).with_name("sources")
INLINE = (SOURCES / "charts/values/inline.yaml").read_text()
DIGEST = "sha256:" + "1" * 64


def forced(name: str, value: str) -> dict[str, Any]:
    """A parameter that stays a text."""
    return {"name": name, "value": value, "forceString": True}


CHARTS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "web": ("web", {}, []),
    "web in production": (
        "web",
        {
            "releaseName": "shop-web",
            "namespace": "shop",
            "valueFiles": ["values-prod.yaml"],
            "parameters": [
                {"name": "image.repository", "value": "registry.example:5000/a/web"},
                {"name": "podAnnotations.a\\.example/list", "value": "a,b=c"},
                {"name": "tolerations[0].key", "value": "dedicated"},
                {"name": "tolerations[0].tolerationSeconds", "value": "300"},
                {"name": "securityContext.capabilities.drop", "value": "{ALL,NET_RAW}"},
                {"name": "ingress.className", "value": "$ARGOCD_APP_NAME"},
                forced("config.PORT", "080"),
                forced("config.DEBUG", "true"),
            ],
        },
        [
            *("--name-template=shop-web", "--namespace=shop", "--values=values-prod.yaml"),
            *("--set", "image.repository=registry.example:5000/a/web"),
            *("--set", r"podAnnotations.a\.example/list=a\,b=c"),
            *("--set", "tolerations[0].key=dedicated,tolerations[0].tolerationSeconds=300"),
            *("--set", "securityContext.capabilities.drop={ALL,NET_RAW},ingress.className=guestbook"),
            *("--set-string", "config.PORT=080,config.DEBUG=true"),
        ],
    ),
    "web without tests and account": (
        "web",
        {
            "skipTests": True,
            "values": "serviceAccount: {create: false}\nfullnameOverride: w\nconfig: null\n",
            "valueFiles": ["values-*.yaml", "none.yaml"],
            "ignoreMissingValueFiles": True,
        },
        [
            "--skip-tests",
            "--values=values-prod.yaml",
            "--set=serviceAccount.create=false,fullnameOverride=w,config=null",
        ],
    ),
    "shop": ("shop", {}, []),
    "shop with all its parts": (
        "shop",
        {
            "valuesObject": {
                "tags": {"state": True},
                "global": {"labels": {"cost": "0042"}},
                "sessions": {"port": 6380},
            },
            "parameters": [{"name": "cache.memory", "value": "128"}],
        },
        [
            *("--set", "tags.state=true,sessions.port=6380,cache.memory=128"),
            *("--set-string", "global.labels.cost=0042"),
        ],
    ),
    "shop without its parts": (
        "shop",
        {"parameters": [{"name": "cache.enabled", "value": "false"}, {"name": "tags.messaging", "value": "false"}]},
        ["--set", "cache.enabled=false,tags.messaging=false"],
    ),
    "library": ("library", {}, []),
    "library with workers": (
        "library",
        {"parameters": [forced("workers[0].name", "1"), {"name": "workers[0].env.A", "value": "null"}]},
        ["--set-string=workers[0].name=1", "--set=workers[0].env.A=null"],
    ),
    "operator": ("operator", {}, []),
    "operator without definitions": (
        "operator",
        {"skipCrds": True, "skipSchemaValidation": True, "parameters": [forced("migrate", "false")]},
        ["--set-string=migrate=false", "--skip-schema-validation", "--skip-crds"],
    ),
    "files": ("files", {}, []),
    "files as parameters": (
        "files",
        {
            "fileParameters": [{"name": "extra", "path": "more/ca.pem"}, {"name": "who", "path": "conf/lines.txt"}],
            "parameters": [{"name": "greeting", "value": "To {{ .Values.who | trim }}"}],
        },
        ["--set-file", "extra=more/ca.pem,who=conf/lines.txt", "--set", "greeting=To {{ .Values.who | trim }}"],
    ),
    "cluster": ("cluster", {}, []),
    "cluster that is told of": (
        "cluster",
        {
            "kubeVersion": "v1.28.3",
            "apiVersions": ["monitoring.example/v1", "monitoring.example/v1/Watch"],
            "namespace": "other",
        },
        [
            *("--kube-version", "1.28.3", "--namespace", "other"),
            *("--api-versions", "monitoring.example/v1", "--api-versions", "monitoring.example/v1/Watch"),
        ],
    ),
    "odd": ("odd", {}, []),
    "values": ("values", {}, []),
    "values of a file": ("values", {"valueFiles": ["more.yaml"]}, ["-f", "more.yaml"]),
    "values as a text": (
        "values",
        {"valueFiles": ["more.yaml"], "values": INLINE},
        ["-f", "more.yaml", "-f", "inline.yaml"],
    ),
    "values as an object": (
        "values",
        {"values": "list: [unused]", "valuesObject": yaml.safe_load(INLINE)},
        ["-f", "inline.yaml"],
    ),
    "values as parameters": (
        "values",
        {
            "parameters": [
                {"name": "list", "value": "{1,two,true}"},
                {"name": "list[1]", "value": "2"},
                {"name": "gone.deep", "value": "null"},
                {"name": "numbers.million", "value": "10000000"},
                {"name": "numbers.float", "value": "0.50"},
                {"name": "words.real", "value": ""},
                {"name": "texts.marks", "value": "a\\,b, c \"d\" 'e' =f"},
                {"name": "texts.clipped", "value": "one\n\ntwo\n"},
                {"name": "anchors", "value": "{}"},
                forced("words.version", "1.10"),
                forced("words.on", "false"),
                forced("numbers.octal", "0755"),
                forced("numbers.big", "null"),
            ],
            "fileParameters": [{"name": "texts.long", "path": "long.txt"}],
        },
        [
            *("--set", "list={1,two,true}", "--set", "list[1]=2", "--set", "gone.deep=null"),
            *("--set", "numbers.million=10000000,numbers.float=0.50,words.real="),
            *(
                "--set",
                "texts.marks=a\\,b\\, c \"d\" 'e' =f",
                "--set",
                "texts.clipped=one\n\ntwo\n",
                "--set",
                "anchors={}",
            ),
            *("--set-string", "words.version=1.10,words.on=false,numbers.octal=0755,numbers.big=null"),
            *("--set-file", "texts.long=long.txt"),
        ],
    ),
}

ASKED = {
    "namespace": "team",
    "namePrefix": "pre-",
    "nameSuffix": "-post",
    "commonLabels": {"owner": "me", "part": "007"},
    "commonAnnotations": {"note": "a: b", "flag": "yes"},
    "images": [
        "nginx=registry.example:5000/web/nginx:2.0",
        f"registry.example:5000/side=registry.example:5000/side@{DIGEST}",
    ],
    "replicas": [{"name": "web", "count": 4}],
    "components": ["../parts/monitored"],
    "patches": [
        {
            "target": {"kind": "Deployment", "name": "w.*"},
            "patch": '- op: add\n  path: /spec/template/spec/nodeSelector\n  value: {disk: "ssd", zone: "1"}\n',
        },
        {
            "patch": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n"
            '      containers:\n      - name: main\n        args: ["on", "1e3", "last line\\n"]\n'
        },
        {"target": {"labelSelector": "app=none"}, "patch": "- {op: remove, path: /spec}"},
    ],
}
STAGED = {
    "namespace": "staging",
    "namePrefix": "staging-",
    "commonLabels": {"env": "staging"},
    "labelWithoutSelector": True,
    "labelIncludeTemplates": True,
    "commonAnnotations": {"contact": "team@example", "on-call": "no"},
    "images": ["nginx:1.28"],
    "replicas": [{"name": "web", "count": "0"}],
}

RELABELLED = {
    "namePrefix": "new-",
    "commonLabels": {"owner": "me", "cost": "0042"},
    "forceCommonLabels": True,
    "commonAnnotations": {"note": "of $ARGOCD_APP_NAME in ${ARGOCD_APP_NAMESPACE} at $ARGOCD_APP_REVISION_SHORT_8"},
    "commonAnnotationsEnvsubst": True,
    "forceCommonAnnotations": True,
    "images": ["nginx=other/nginx:1e3", "absent:2"],
    "replicas": [{"name": "web", "count": 7}],
    "patches": [
        {
            "target": {"kind": "Service", "name": "web"},
            "options": {"allowNameChange": True, "allowKindChange": True},
            "patch": "apiVersion: v1\nkind: Endpoint\nmetadata: {name: changed}\n",
        },
        {
            "target": {"group": "rbac.authorization.k8s.io", "version": "v1", "kind": "RoleBinding"},
            "patch": """[{"op": "test", "path": "/roleRef/name", "value": "view"},
                {"op": "replace", "path": "/roleRef/name", "value": "edit"}]""",
        },
    ],
}

KUSTOMIZATIONS: dict[str, tuple[str, dict[str, Any] | None, str]] = {
    "base": ("overlays/base", None, "overlays/base"),
    "staging": ("overlays/staging", None, "overlays/staging"),
    "staging by the application": ("overlays/base", STAGED, "overlays/staging"),
    "prod": ("overlays/prod", None, "overlays/prod"),
    "all by the application": ("overlays/asked", ASKED, "overlays/written"),
    "what is there, changed by the application": ("overlays/labelled", RELABELLED, "overlays/relabelled"),
    "components of one edition": ("components/community", None, "components/community"),
    "components of another": ("components/enterprise", None, "components/enterprise"),
    "components by the application": (
        "components/empty",
        {"components": ["../parts/database", "../parts/proxy"]},
        "components/enterprise",
    ),
    "generators": ("generators", None, "generators"),
    "generators in a file that is written anew": (
        "generators",
        {"patches": [{"target": {"kind": "None"}, "patch": "- {op: remove, path: /spec}"}]},
        "generators",
    ),
    "generators in a file that is written anew by edits": ("generators", {"namespace": "made"}, "generators"),
}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return files_below(SOURCES)


@pytest.mark.parametrize(("chart", "helm", "options"), CHARTS.values(), ids=CHARTS)
def test_a_chart(tmp_path: Path, files: dict[str, bytes], chart: str, helm: dict[str, Any], options: list[str]) -> None:
    """Names, namespace and kinds that Argo CD gives itself stand in front; what people give more stands behind."""
    named = [] if any(one.startswith("--name-template") for one in options) else ["guestbook"]
    given = ["helm", "template", *named, ".", "--namespace", "default", "--include-crds", *options]
    if "--skip-crds" in given:
        given = [one for one in given if one not in {"--include-crds", "--skip-crds"}]
    hand = tmp_path / "hand"
    expected = read_by_helm(printed(hand, files, *given, folder=f"charts/{chart}"), tmp_path / "reader")
    made = Rendery(tmp_path).render(files, f"charts/{chart}", helm=helm)
    assert expected
    assert canonical(made) == canonical(expected)


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_a_chart_of_old_with_neighbours(tmp_path: Path, files: dict[str, bytes], enabled: str) -> None:
    """Its dependencies are folders beside it, which people pack first; some commit what they have packed."""
    hand = tmp_path / "hand"
    printed(hand, files, "helm", "dependency", "build", folder="charts/legacy")
    command = ["helm", "template", "guestbook", ".", "--set", f"cache.enabled={enabled}"]
    expected = read_by_helm(printed(hand, files, *command, folder="charts/legacy"), tmp_path / "reader")
    asked = {"parameters": [{"name": "cache.enabled", "value": enabled}]}
    rendery, packed = Rendery(tmp_path), files_below(hand)
    assert {"charts/legacy/charts/cache-1.4.0.tgz", "charts/legacy/requirements.lock"} <= packed.keys()
    for commit in (files, packed):
        assert canonical(rendery.render(commit, "charts/legacy", helm=asked)) == canonical(expected)


@pytest.mark.parametrize("original", [("kustomize", "build"), ("kubectl", "kustomize")], ids=["kustomize", "kubectl"])
@pytest.mark.parametrize(("path", "asked", "by_hand"), KUSTOMIZATIONS.values(), ids=KUSTOMIZATIONS)
def test_a_kustomization(
    tmp_path: Path,
    files: dict[str, bytes],
    path: str,
    asked: dict[str, Any] | None,
    by_hand: str,
    original: tuple[str, str],
) -> None:
    """What an application asks for equals what is written by hand into a kustomization beside it."""
    expected = read_by_helm(printed(tmp_path / "hand", files, *original, by_hand), tmp_path / "reader")
    made = Rendery(tmp_path).render(files, path, **({"kustomize": asked} if asked else {}))
    assert expected
    assert canonical(made) == canonical(expected)


def test_a_kustomization_with_charts(tmp_path: Path, files: dict[str, bytes]) -> None:
    """By `kustomize build` alone: that of kubectl 1.34 asks Helm for its version in the words of Helm 3."""
    options = ["--enable-helm", "--helm-kube-version=1.30.1", "--helm-api-versions=monitoring.example/v1"]
    options += [f"--helm-command={find('helm')}"]
    text = printed(tmp_path / "hand", files, "kustomize", "build", "inflated", *options)
    expected = read_by_helm(text, tmp_path / "reader")
    asked = {"kubeVersion": "1.30.1", "apiVersions": ["monitoring.example/v1"]}
    made = Rendery(tmp_path).render(files, "inflated", manner={"buildOptions": "--enable-helm"}, kustomize=asked)
    assert len(expected) > 3
    assert canonical(made) == canonical(expected)


def test_no_number_is_rounded(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Where Helm's own reader would round."""
    (written,) = [one for one in Rendery(tmp_path).render(files, "charts/values") if one["kind"] == "Written"]
    spec = written["spec"]
    assert (spec["exact"], spec["negative"]) == (9007199254740993, -9223372036854775808)
