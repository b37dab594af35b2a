"""Helm charts: `spec.source.helm` as arguments of `helm template`.

In: a source, its folder's files and the build environment; out: one `Call`. Called by `argosy.services.producing`. Matches
`helmTemplate` of `reposerver/repository/repository.go` and `Cmd.template` of `util/helm/cmd.go` in Argo CD 3.6, whose Helm
is 4.3 too.

On purpose different: inline values go in by standard input, so that no file of ours lies in the chart; the release's name is
an argument and no template; names of value files are quoted, because Helm splits them at commas and would read the rest as
a path of its own; a name of a file parameter that holds a path is refused for the same reason; files at addresses and in
other sources are fetched before Helm is run, which gets no network. Of value files that a pattern finds each counts once,
where it is found first, in the order of their names.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from argosy.errors import InvalidObject
from argosy.gitops.calls import Call
from argosy.gitops.environment import substitute
from argosy.gitops.paths import SCHEMES, relative, value_file
from argosy.gitops.remotes import Need, file_at
from argosy.gitops.tree import Tree
from argosy.lang import doublestar
from argosy.resources.source import Helm, Source

__all__ = ["Files", "escaped", "flat_values", "packing", "parameter", "plan"]

_BARE_COMMA = re.compile(r"(?<!\\),")
_BEFORE_COMMA = re.compile(r"([^\\]),")
_PATTERN = frozenset("*?[")
_FIELD = "spec.source.helm"


@dataclass
class Files:
    """Where files may be: names of other sources (`refs`, with their `$`), and addresses of some `schemes`.

    `fetched` are the parts that are there (`Need.at`); `needs` fills with those that are not.
    """

    refs: Collection[str] = ()
    schemes: Collection[str] = SCHEMES
    fetched: Collection[str] = ()
    needs: dict[Need, None] = field(default_factory=dict)


def plan(
    source: Source,
    folder: str,
    tree: Tree,
    env: Mapping[str, str],
    *,
    files: Files,
    app: str,
    namespace: str,
    kube_version: str,
    api_versions: Sequence[str],
) -> Call:
    """The call that renders the chart in `folder`; it is none while `files` has needs.

    Raises InvalidObject for what cannot be asked of Helm.
    """
    helm = source.helm or Helm()
    values = _values(helm)
    options = [
        *_named("--namespace", helm.namespace or namespace),
        *_named("--kube-version", helm.kube_version or kube_version),
        *_parameters(helm, env),
        *_file_parameters(helm, folder, tree, env, files),
        *(f"--values={_listed(relative(path, folder))}" for path in _value_files(helm, folder, tree, env, files)),
        *(["--values=-"] if values else []),
        *(f"--api-versions={version}" for version in (helm.api_versions or api_versions)),
        *(["--include-crds"] if not helm.skip_crds else []),
        *(["--skip-schema-validation"] if helm.skip_schema_validation else []),
        *(["--skip-tests"] if helm.skip_tests else []),
    ]
    return Call("helm", ("template", *options, "--", helm.release_name or app, "."), folder, values)


def packing(chart: str, into: str, folder: str) -> Call:
    """The call that packs a chart of the tree into a folder of it, as `helm dependency build` does with one at `file://`."""
    return Call("helm", ("package", f"--destination={relative(into, folder)}", "--", relative(chart, folder)), folder)


def _values(helm: Helm) -> str:
    """The inline values; an object wins over a text. JSON is YAML."""
    return json.dumps(dict(helm.values_object)) if helm.values_object is not None else helm.values


def _named(option: str, value: str) -> list[str]:
    return [f"{option}={value}"] if value else []


def _parameters(helm: Helm, env: Mapping[str, str]) -> Iterator[str]:
    # A name that is given twice has the last value, and texts come behind all others: Argo collects them in two maps.
    for option, forced in (("--set", False), ("--set-string", True)):
        last = {one.name: one.value for one in helm.parameters if one.force_string is forced}
        for name, value in last.items():
            yield f"{option}={name}={escaped(substitute(value, env))}"


def _file_parameters(helm: Helm, folder: str, tree: Tree, env: Mapping[str, str], files: Files) -> Iterator[str]:
    for index, one in enumerate(helm.file_parameters):
        field = f"{_FIELD}.fileParameters[{index}]"
        if not one.name or set(one.name) & set("=,{}"):
            raise InvalidObject(
                f"{one.name!r} is no name of a value: it is empty or holds = , {{ or }}", field=f"{field}.name"
            )
        path = _place(one.path, folder, env, f"{field}.path", files)
        if not path:
            continue
        if not tree.is_file(path):
            raise InvalidObject(f"{one.path!r} is no file of the repository", field=f"{field}.path")
        yield f"--set-file={one.name}={escaped(relative(path, folder))}"


def _value_files(helm: Helm, folder: str, tree: Tree, env: Mapping[str, str], files: Files) -> Iterator[str]:
    seen: set[str] = set()
    for index, text in enumerate(helm.value_files):
        field = f"{_FIELD}.valueFiles[{index}]"
        path = _place(text, folder, env, field, files)
        if not path:
            continue
        found = _matching(path, tree) if _PATTERN & set(path) else [path] if tree.is_file(path) else []
        if not found and not helm.ignore_missing_value_files:
            raise InvalidObject(f"{text!r} is no file of the repository (looked for {_shown(path)})", field=field)
        yield from (one for one in found if one not in seen)
        seen.update(found)


def _matching(pattern: str, tree: Tree) -> list[str]:
    """The files that a pattern finds, in the order of their names; later ones win over earlier ones."""
    part = "/".join(pattern.split("/", 2)[:2]) if pattern.startswith("../") else ""
    there = (posixpath.join(part, path) for path in tree.files(part, recurse=True))
    return [path for path in doublestar.find(pattern, there) if tree.is_file(path)]


def _place(text: str, folder: str, env: Mapping[str, str], field: str, files: Files) -> str:
    """The path of a file, "" when it has to be fetched first."""
    found = value_file(text, folder, env, field=field, refs=files.refs, schemes=files.schemes)
    if not found.remote and not found.ref:
        return found.path
    need = Need("ref", found.ref) if found.ref else Need("file", found.path)
    if need.at not in files.fetched:
        files.needs[need] = None
        return ""
    return f"{need.at}/{found.path if found.ref else file_at(found.path).path}"


def _shown(path: str) -> str:
    return path.split("/", 2)[2] if path.startswith("../") else path


def _listed(path: str) -> str:
    """A path as one entry of an option that takes a list separated by commas."""
    return '"' + path.replace('"', '""') + '"' if set(path) & set(',"\n\r') else path


def escaped(value: str) -> str:
    """A value as `--set` takes it: commas escaped, unless it is a list in braces (`cleanSetParameters`)."""
    if value.startswith("{") and value.endswith("}"):
        return value
    return _BARE_COMMA.sub(r"\\,", value)


def parameter(text: str, *, force_string: bool) -> dict[str, object]:
    """`name=value` as an entry of `helm.parameters` (`NewHelmParameter`). Raises InvalidObject without a `=`."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidObject(f"{text!r} is no parameter of the form name=value")
    return {"name": name, "value": _BEFORE_COMMA.sub(r"\1\\,", value), "forceString": force_string}


def flat_values(values: object) -> dict[str, str]:
    """Values of a chart by their paths, as parameters name them: `a.b[0].c`."""
    return dict(_flat(values, ""))


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}[{index}]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)
