"""Adapters of the gitops families: domain objects from the case's input, one call into the product, its answer as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argosy.errors import InvalidObject
from argosy.gitops import directory, helm, kustomize, overrides, paths, revisions, sources
from argosy.gitops.environment import substitute, variables
from argosy.ports.fakes.workshop import FakeBench
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Directory, Source

type Case = dict[str, Any]


def _source(body: Mapping[str, Any]) -> Source:
    return parse(Source, Manifest(body))


def _source_type(case: Case) -> object:
    return sources.kind_of(_source(case["source"]), case["files"], case.get("enabled"))


def _directory_files(case: Case) -> object:
    asked = parse(Directory, Manifest({key: case[key] for key in ("recurse", "include", "exclude")}))
    return sorted(path for path, _ in directory.manifests(FakeBench(case["files"], lambda _: ""), "", asked))


def _value_file(case: Case) -> object:
    root, repos = case["repoRoot"].rstrip("/"), {revisions.normalised(url): at for url, at in case["repos"].items()}
    env = {one["name"]: one["value"] for one in case["env"]}
    start = case["appPath"].removeprefix(root).strip("/")
    found = paths.value_file(
        case["valueFile"], start, env, field="valueFile", refs=case["refs"], schemes=case["allowedSchemes"]
    )
    if found.remote:
        return {"path": found.path, "remote": True}
    if found.ref:
        place = repos.get(revisions.normalised(case["refs"][found.ref]))
        if place is None:
            raise InvalidObject("the referenced repository is not there")
        root = place
    return {"path": f"{root}/{found.path}", "remote": False}


def _build_environment(case: Case) -> object:
    found = variables(
        app=case["appName"],
        namespace=case["namespace"],
        project=case["projectName"],
        revision=case["revision"],
        url=case["repoURL"],
        path=case["path"],
        target=case["targetRevision"],
    )
    return [{"name": name, "value": value} for name, value in found.items()]


def _source_parameters(case: Case) -> object:
    given = case["files"]
    files = [(name, given[name]) for name in overrides.names(case["appName"]) if name in given]
    return overrides.merged(_source(case["source"]), files).model_dump(by_alias=True, exclude_unset=True)


def _ref_kind(case: Case) -> object:
    text = case["value"]
    user = revisions.ssh_user(text)
    return {
        "commitSHA": revisions.is_commit(text),
        "truncatedSHA": revisions.is_truncated_commit(text),
        "sshURL": user is not None,
        "sshUser": user or "",
    }


def _resolve_revision(case: Case) -> object:
    references = [revisions.Reference(one["name"], one.get("hash", ""), one.get("target", "")) for one in case["refs"]]
    return revisions.resolve(case["revision"], references, case.get("tagPrefix", ""))


FAMILIES: dict[str, Callable[[Case], object]] = {
    "gitops/build-environment": _build_environment,
    "gitops/directory-files": _directory_files,
    "gitops/env-substitute": lambda case: substitute(case["text"], {one["name"]: one["value"] for one in case["env"]}),
    "gitops/git-ref-kind": _ref_kind,
    "gitops/git-resolve-revision": _resolve_revision,
    "gitops/git-same-url": lambda case: revisions.same_repository(case["a"], case["b"]),
    "gitops/helm-flat-values": lambda case: helm.flat_values(case["values"]),
    "gitops/helm-parameter-parse": lambda case: helm.parameter(case["text"], force_string=case["forceString"]),
    "gitops/helm-set-escape": lambda case: helm.escaped(case["value"]),
    "gitops/helm-value-file-path": _value_file,
    "gitops/kustomize-images": lambda case: kustomize.merge_image(case["images"], case["image"]),
    "gitops/revision-is-constraint": lambda case: revisions.is_constraint(case["revision"]),
    "gitops/revision-max-version": lambda case: revisions.best_tag(case["revision"], case["tags"], case["tagPrefix"]),
    "gitops/source-parameter-files": _source_parameters,
    "gitops/source-type": _source_type,
}
