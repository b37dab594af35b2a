"""Repositories on the deployed stack: fetched from git's own server by one function, rendered by another, as by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.charts import Helm, chart_files, serving_charts
from support.gitserver import GitServer, Repo, serving
from support.localstack import LocalStack, Stack
from support.rendering import CHART, CONFIG_MAP, by_hand, ordered

FILES = {
    "chart/Chart.yaml": CHART,
    "chart/values.yaml": "replicas: 1\n",
    "chart/templates/a.yaml": CONFIG_MAP.format(name="{{ .Release.Name }}")
    + "  replicas: {{ .Values.replicas | quote }}\n",
    "kust/base/kustomization.yaml": "resources: [a.yaml]\n",
    "kust/base/a.yaml": CONFIG_MAP.format(name="a"),
    "kust/prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\n",
    "plain/a.yaml": CONFIG_MAP.format(name="a") + "---\n" + CONFIG_MAP.format(name="b"),
    "plain/c.jsonnet": "import 'lib/made.libsonnet'",
    "plain/lib/made.libsonnet": "{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'c'}, data: {key: 'value'}}",
}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repositories")
    repo = Repo(root / "example")
    repo.commit(FILES)
    repo.git("tag", "v1.0.0")
    repo.commit({"plain/a.yaml": CONFIG_MAP.format(name="changed")})
    return root


@pytest.fixture(scope="module")
def server(repositories: Path) -> Iterator[GitServer]:
    with serving(repositories) as running:
        yield running


def manifests(stack: Stack, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What a render has written."""
    body = stack.client("s3").get_object(Bucket=stack.outputs["BlobsName"], Key=answer["manifests"])["Body"].read()
    found: list[dict[str, Any]] = json.loads(gzip.decompress(body))
    return found


class Case:
    """The two functions, one after the other."""

    def __init__(self, stack: Stack, url: str) -> None:
        self._stack, self._url = stack, url

    def fetch(self, revision: str, **more: Any) -> dict[str, Any]:
        done = self._stack.invoke("FetchFunction", {"url": self._url, "revision": revision, **more})
        assert not done["error"], done["answer"]
        answer: dict[str, Any] = done["answer"]
        return answer

    def render(self, fetched: dict[str, Any], path: str, **source: Any) -> dict[str, Any]:
        facts = {"archive": fetched["archive"], "digest": fetched["digest"], "revision": fetched["commit"]}
        body = {**facts, "source": {"repoURL": self._url, "path": path, **source}, "app": {"name": "guestbook"}}
        done = self._stack.invoke("RenderFunction", body)
        assert not done["error"], done["answer"]
        answer: dict[str, Any] = done["answer"]
        return answer


@pytest.fixture
def case(stack: Stack, localstack: LocalStack, server: GitServer) -> Case:
    return Case(stack, server.url("example", localstack.host_address))


def test_a_chart(stack: Stack, case: Case, tmp_path: Path) -> None:
    answer = case.render(case.fetch("v1.x"), "chart", helm={"parameters": [{"name": "replicas", "value": "3"}]})
    command = ["helm", "template", "guestbook", "chart", "--include-crds", "--set", "replicas=3"]
    assert (answer["kind"], manifests(stack, answer)) == ("Helm", by_hand(tmp_path, FILES, *command))


def test_a_kustomization(stack: Stack, case: Case, tmp_path: Path) -> None:
    answer = case.render(case.fetch("v1.0.0"), "kust/prod")
    assert (answer["kind"], manifests(stack, answer)) == (
        "Kustomize",
        by_hand(tmp_path, FILES, "kustomize", "build", "kust/prod"),
    )


def test_plain_files_and_jsonnet(stack: Stack, case: Case) -> None:
    answer = case.render(case.fetch("refs/tags/v1.0.0"), "plain")
    names = [one["metadata"]["name"] for one in ordered(manifests(stack, answer))]
    assert (answer["kind"], names) == ("Directory", ["a", "b", "c"])


def test_the_branch_is_another_commit(stack: Stack, case: Case) -> None:
    answer = case.render(case.fetch("main"), "plain")
    assert [one["metadata"]["name"] for one in ordered(manifests(stack, answer))] == ["c", "changed"]


def test_what_is_there_is_not_made_again(case: Case, server: GitServer) -> None:
    fetched = case.fetch("main")
    first = case.render(fetched, "plain")
    server.requests.clear()
    assert case.fetch("main") == fetched
    assert len([path for path in server.requests if "service=" in path]) == 1, "the branch is asked for"
    assert case.render(fetched, "plain") == first


@pytest.mark.parametrize("where", ["secretsmanager", "ssm"])
def test_a_private_repository(stack: Stack, localstack: LocalStack, repositories: Path, where: str) -> None:
    if where == "ssm":
        for key, value in (("username", "git"), ("password", "s3cret")):
            stack.client("ssm").put_parameter(Name=f"/argosy/it/argocd/{where}/{key}", Value=value, Type="SecureString")
    else:
        document = json.dumps({"username": "git", "password": "s3cret"})
        stack.client("secretsmanager").create_secret(Name=f"argosy/it/argocd/{where}", SecretString=document)
    with serving(repositories, password="s3cret") as server:
        private = Case(stack, server.url("example", localstack.host_address))
        assert private.fetch("main")["problem"]["type"] == "Denied"
        assert private.fetch("main", credentials={"namespace": "argocd", "name": where})["files"] == len(FILES)
    assert "s3cret" not in stack.logs("FetchFunction")


def test_a_chart_of_a_helm_repository(stack: Stack, localstack: LocalStack, tmp_path: Path) -> None:
    helm = Helm(tmp_path / "helm")
    for version in ("1.0.0", "1.1.0"):
        helm.package(chart_files("db", version), tmp_path / "charts")
    helm.index(tmp_path / "charts")
    with serving_charts(tmp_path / "charts") as server:
        case = Case(stack, server.url(host=localstack.host_address))
        fetched = case.fetch("~1.0", chart="db")
        assert fetched["commit"] == "1.0.0"
        answer = case.render(fetched, "", chart="db")
        assert answer["kind"] == "Helm"
        (made,) = manifests(stack, answer)
        assert (made["metadata"]["name"], made["data"]["version"]) == ("guestbook-db", "1.0.0")
        assert case.fetch("^9", chart="db")["problem"]["type"] == "NotFound"


def test_what_goes_wrong_is_an_answer(case: Case) -> None:
    problem = case.render(case.fetch("main"), "nowhere")["problem"]
    assert (problem["type"], problem["message"]) == (
        "InvalidObject",
        "spec.source.path: nowhere: the repository has no such folder",
    )
    assert case.fetch("nowhere")["problem"]["type"] == "NotFound"


def test_the_machine_behind_the_function_is_not_reached(stack: Stack) -> None:
    for url in ("http://127.0.0.1:9001/x", "http://169.254.169.254/x", "file:///etc"):
        assert Case(stack, url).fetch("main")["problem"]["type"] == "Denied"
