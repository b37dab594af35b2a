"""Kustomizations: `spec.source.kustomize` as calls of `kustomize edit`, then `kustomize build`.

In: a source, its folder and the build environment; out: a `Plan`. Called by `argosy.services.producing`, which looks through
the kustomization between the edits and the build (`argosy.gitops.kustomizations`). Matches `kustomize.Build` of
`util/kustomize/kustomize.go` and `MergeImage` of `pkg/apis/application/v1alpha1/types.go` in Argo CD 3.6, with Kustomize
5.8. Every value stands behind `--`, so that none is taken for an option.

On purpose different: components are written into the file as patches are, since `kustomize edit` would go and fetch them. Of
`kustomize.buildOptions` those are taken that start nothing and open nothing; all others are refused by their name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import InvalidObject, Unsupported
from argosy.gitops.calls import Call
from argosy.gitops.environment import substitute
from argosy.gitops.paths import inside
from argosy.gitops.remotes import is_address
from argosy.gitops.tree import Tree
from argosy.lang import doublestar
from argosy.resources.manifests import read_value
from argosy.resources.source import Kustomize, KustomizeReplica, Source
from argosy.resources.yamlwriter import write_value

__all__ = ["Plan", "extended", "merge_image", "options_of", "plan"]

_FIELD = "spec.source.kustomize"
_SETTING = "argocd-cm: kustomize.buildOptions"
_PATTERN = frozenset("*?[")
_ALONE: Final = frozenset({"--enable-helm", "--helm-debug", "--enable-managedby-label"})
_WITH_VALUE: Final = frozenset({"--load-restrictor", "--helm-kube-version", "--helm-api-versions", "--reorder"})
_UNRESTRICTED: Final = "LoadRestrictionsNone"


@dataclass(frozen=True, slots=True)
class Options:
    """`kustomize.buildOptions`; `helm`: charts are rendered; `unrestricted`: files beside a kustomization are read."""

    given: tuple[str, ...] = ()
    helm: bool = False
    unrestricted: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """First `edits` are run, then `patches` and `components` are put into the file (`extended`), then `build` is run."""

    edits: Sequence[Call]
    patches: Sequence[Mapping[str, Any]]
    components: Sequence[str]
    build: Call


def plan(
    source: Source,
    folder: str,
    tree: Tree,
    env: Mapping[str, str],
    options: Options,
    *,
    kube_version: str = "",
    api_versions: Sequence[str] = (),
) -> Plan:
    """How the kustomization in `folder` is rendered.

    Raises InvalidObject for a count that is no number and a component that is not there.
    """
    asked = source.kustomize or Kustomize()
    edits = [
        *_set("nameprefix", [asked.name_prefix]),
        *_set("namesuffix", [asked.name_suffix]),
        *_set("image", [substitute(image, env) for image in asked.images]),
        *_set("replicas", [f"{one.name}={_count(one, at)}" for at, one in enumerate(asked.replicas)]),
        *_add(
            "label", {name: substitute(value, env) for name, value in asked.common_labels.items()}, _labelling(asked)
        ),
        *_add("annotation", _annotations(asked, env), ["--force"] if asked.force_common_annotations else []),
        *_set("namespace", [asked.namespace]),
    ]
    build = ["build", ".", *options.given]
    if options.helm:
        version = asked.kube_version or kube_version
        build += [f"--helm-kube-version={version}"] if version else []
        build += [f"--helm-api-versions={one}" for one in (asked.api_versions or api_versions)]
    return Plan(
        [Call("kustomize", ("edit", *edit), folder) for edit in edits],
        [one.model_dump(by_alias=True, mode="json", exclude_unset=True) for one in asked.patches],
        list(_components(asked, folder, tree)),
        Call("kustomize", tuple(build), folder, starts=("helm",) if options.helm else ()),
    )


def options_of(text: str) -> Options:
    """The build options of an installation. Raises Unsupported for one that is not taken, with its name."""
    given = [part for word in text.split() for part in ([word] if not word.startswith("--") else word.split("=", 1))]
    found: list[str] = []
    unrestricted = False
    while given:
        name = given.pop(0)
        if name in _ALONE:
            found.append(name)
        elif name in _WITH_VALUE and given:
            value = given.pop(0)
            unrestricted = unrestricted or (name == "--load-restrictor" and value == _UNRESTRICTED)
            found.append(f"{name}={value}")
        else:
            served = ", ".join(sorted(_ALONE | _WITH_VALUE))
            raise Unsupported(f"{_SETTING}: {name!r} is not taken; these are: {served}")
    return Options(tuple(found), "--enable-helm" in found, unrestricted)


def extended(text: str, file: str, patches: Sequence[Mapping[str, Any]], components: Sequence[str]) -> str:
    """A kustomization with patches and components behind its own. Raises InvalidObject for what is no kustomization."""
    body = read_value(text)
    if not isinstance(body, dict):
        raise InvalidObject("it is no kustomization: a mapping is wanted", file=file)
    for field, more in (("patches", patches), ("components", components)):
        known = body.get(field) or []
        if not isinstance(known, list):
            raise InvalidObject("a list is wanted", field=field, file=file)
        if more:
            body[field] = [
                *known,
                *(more if field == "patches" else dict.fromkeys(one for one in more if one not in known)),
            ]
    return write_value(body)


def _components(asked: Kustomize, folder: str, tree: Tree) -> Iterator[str]:
    for index, text in enumerate(asked.components):
        field = f"{_FIELD}.components[{index}]"
        found = (
            [text] if is_address(text) and not asked.ignore_missing_components else _there(text, folder, tree, field)
        )
        if not found and not asked.ignore_missing_components:
            raise InvalidObject(f"{text!r} is no folder of the repository", field=field)
        yield from found


def _there(text: str, folder: str, tree: Tree, field: str) -> list[str]:
    if text.startswith("/"):
        return []
    try:
        path = inside(folder, text, field)
    except InvalidObject:
        return []
    if not _PATTERN & set(text):
        return [text] if tree.is_folder(path) else []
    found = doublestar.find(path, tree.files("", recurse=True))
    return [posixpath.relpath(f"/{one}", f"/{folder}") for one in found if tree.is_folder(one)]


def _set(what: str, values: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if any(values):
        yield ("set", what, "--", *values)


def _add(what: str, values: Mapping[str, str], options: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if values:
        yield ("add", what, *options, "--", *(f"{name}:{value}" for name, value in values.items()))


def _labelling(asked: Kustomize) -> list[str]:
    chosen = {
        "--force": asked.force_common_labels,
        "--without-selector": asked.label_without_selector,
        "--include-templates": asked.label_include_templates,
    }
    return [option for option, wanted in chosen.items() if wanted]


def _annotations(asked: Kustomize, env: Mapping[str, str]) -> Mapping[str, str]:
    if not asked.common_annotations_envsubst:
        return asked.common_annotations
    return {name: substitute(value, env) for name, value in asked.common_annotations.items()}


def _count(replica: KustomizeReplica, at: int) -> int:
    try:
        return int(replica.count)
    except ValueError:
        raise InvalidObject(f"{replica.count!r} is no number", field=f"{_FIELD}.replicas[{at}].count") from None


def merge_image(images: Sequence[str], image: str) -> list[str]:
    """`kustomize.images` with `image` in place of the first that is of the same name, else at the end."""
    delimiter = next((sign for sign in "=:@" if sign in image), ":")
    name = image.partition(delimiter)[0]
    for index, known in enumerate(images):
        if known.partition(delimiter)[0] == name:
            return [*images[:index], image, *images[index + 1 :]]
    return [*images, image]
