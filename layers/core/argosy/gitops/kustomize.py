"""Kustomizations: `spec.source.kustomize` as calls of `kustomize edit`, then `kustomize build`.

In: a source, its folder and the build environment; out: `Call`s in order. Called by `argosy.gitops.plan`. Matches
`kustomize.Build` of `util/kustomize/kustomize.go` and `MergeImage` of `pkg/apis/application/v1alpha1/types.go` in Argo CD
3.6, with Kustomize 5.8. Every value stands behind `--`, so that none is taken for an option.

`check` looks through a kustomization and all that it builds on before the tool sees it: what leads out of the repository, or
to another one, is refused with its place. (Kustomize itself would go and fetch it.)
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import InvalidObject, Placed, Unsupported
from argosy.gitops.calls import Call
from argosy.gitops.environment import substitute
from argosy.gitops.paths import inside
from argosy.gitops.sources import KUSTOMIZATIONS
from argosy.gitops.tree import Tree
from argosy.resources.manifests import read_value
from argosy.resources.source import Kustomize, KustomizeReplica, Source

__all__ = ["check", "merge_image", "plan"]

_MOST_FOLDERS: Final = 2_000
_FIELD = "spec.source.kustomize"
_ADDRESS = re.compile(
    r"(?i)[a-z][a-z0-9+.\-]*(?:::|://)|[^/@]+@[^/:]+:|(?:github\.com|gitlab\.com|bitbucket\.org)[/:]|.*\?ref="
)
_FOLDERS: Final = ("resources", "bases", "components", "generators", "transformers", "validators")
_FILES: Final = ("crds", "configurations", "patchesstrategicmerge")
_WITH_PATH: Final = ("patches", "patchesjson6902", "replacements", "openapi")
_GENERATORS: Final = ("configmapgenerator", "secretgenerator")
_GENERATED_FROM: Final = ("files", "envs", "env")


def plan(source: Source, folder: str, env: Mapping[str, str]) -> list[Call]:
    """The calls that render the kustomization in `folder`. Raises InvalidObject for a count that is no number."""
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
    return [Call("kustomize", ("edit", *edit), folder) for edit in edits] + [Call("kustomize", ("build", "."), folder)]


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


def check(tree: Tree, folder: str) -> None:
    """Look through the kustomization in `folder` and those that it names.

    Raises Unsupported for what lies in another repository, InvalidObject for what leads out of this one or cannot be read.
    """
    seen: set[str] = set()
    waiting = [folder]
    while waiting:
        now = waiting.pop()
        if now in seen:
            continue
        seen.add(now)
        if len(seen) > _MOST_FOLDERS:
            raise InvalidObject(f"the kustomization builds on more than {_MOST_FOLDERS} others", file=folder)
        waiting += _named_folders(tree, now)


def _named_folders(tree: Tree, folder: str) -> Iterator[str]:
    file = next((name for name in KUSTOMIZATIONS if tree.is_file(posixpath.join(folder, name))), "")
    if not file:
        return  # the tool says so, better than we could
    shown = posixpath.join(folder, file)
    try:
        body = read_value(tree.read(shown))
    except InvalidObject as x:
        raise InvalidObject(x.reason, file=shown, line=x.line) from x
    for field, text in _references(body):
        if "\n" in text:
            continue  # written out in place
        try:
            path = _path(text, folder)
            if _ADDRESS.match(text) and not tree.is_file(path):
                raise Unsupported(f"{text!r} lies in another repository, which is not fetched; copy it into this one")
            if tree.is_folder(path):
                yield path
        except Placed as x:
            raise type(x)(x.reason, field=field, file=shown) from x


def _path(text: str, folder: str) -> str:
    if text.startswith("/"):
        raise InvalidObject(f"{text!r} is absolute, which leads out of the repository")
    return "" if posixpath.normpath(posixpath.join(folder, text)) == "." else inside(folder, text, "")


def _references(body: Any) -> Iterator[tuple[str, str]]:
    """Every path in a kustomization with its field; the tool reads fields' names without regard to case, as Go does."""
    for name, value in _lower(body).items():
        if name in _FOLDERS or name in _FILES:
            yield from ((name, text) for text in _texts(value))
        elif name in _WITH_PATH:
            for one in value if isinstance(value, list) else [value]:
                yield from ((f"{name}.path", text) for text in _texts(_lower(one).get("path")))
        elif name in _GENERATORS:
            for one in value if isinstance(value, list) else ():
                fields = _lower(one)
                for key in _GENERATED_FROM:
                    yield from ((f"{name}.{key}", text.rpartition("=")[2]) for text in _texts(fields.get(key)))


def _lower(value: Any) -> dict[str, Any]:
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
