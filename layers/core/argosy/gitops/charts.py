"""The charts of a commit or a package: which dependencies they name, in which versions, and which are missing.

In: an archive, or a tree that is read; out: `Chart` by its folder. Called by `argosy.services.fetching` for each archive
that is new, by `argosy.services.applications.dependencies`, which has the missing ones fetched, and by `gitops.helm` for
those that lie in the same tree. Matches `helm dependency build` of Helm 4 (`pkg/downloader`, `internal/resolver`), which
Argo CD runs when a chart's dependencies are not in `charts/`.

On purpose different: what is in `charts/` is taken as it is; dependencies of dependencies are looked at, too.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.sources import KUSTOMIZATIONS
from argosy.gitops.tree import Tree
from argosy.lang import semver
from argosy.lang.strconv import format_general
from argosy.resources.manifests import read_value

__all__ = [
    "LOCAL",
    "MOST_DEPTH",
    "Chart",
    "Charts",
    "Dependency",
    "allows",
    "as_json",
    "check_local",
    "from_json",
    "local_folder",
    "locals_of",
    "missing",
    "read_chart",
]

LOCAL: Final = "file://"
MOST_DEPTH: Final = 8
_NAMES: Final = ("Chart.yaml", "requirements.yaml", "Chart.lock", "requirements.lock")
_MOST_TEXT: Final = 1_000_000
_MOST_DEPENDENCIES: Final = 100
_PACKAGE: Final = re.compile(r"(.+?)-(v?\d.*)\.tgz\Z")


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of `dependencies`; `version` may be a constraint. `repository` "" = it must lie in `charts/`."""

    name: str
    version: str = ""
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What one chart says. `locked` are the entries of its lock, None without one; `stale`: the lock is for others.

    `present` are the names of the charts in `charts/`. `kustomized`: a kustomization lies beside it.
    """

    name: str = ""
    version: str = ""
    dependencies: Sequence[Dependency] = ()
    locked: Sequence[Dependency] | None = None
    stale: bool = False
    present: Sequence[str] = ()
    kustomized: bool = False


@dataclass
class _Found:
    """What an archive or a tree holds of one chart."""

    texts: dict[str, bytes] = field(default_factory=dict)
    inside: set[str] = field(default_factory=set)
    kustomized: bool = False


class Charts:
    """The charts of an archive that is being read."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}

    def add(self, path: str, data: bytes | None, *, link: bool) -> None:
        """A file, or what is none (`data` None); `link`: a symbolic one."""
        folder, name = posixpath.split(path)
        if name in _NAMES and data is not None and len(data) <= _MOST_TEXT:
            self._of(folder).texts[name] = data
        if name in KUSTOMIZATIONS:
            self._of(folder).kustomized = True
        if posixpath.basename(folder) == "charts" and (name.endswith(".tgz") or link):
            self._of(posixpath.dirname(folder)).inside.add(name)

    def told(self) -> dict[str, Chart]:
        """The charts by their folders, "" for the root.

        A chart that cannot be read is one without dependencies: whoever renders it is told by Helm what is wrong.
        """
        found = self._found
        read = {folder: _tolerant(one.texts) for folder, one in found.items() if "Chart.yaml" in one.texts}
        whole = {folder: _with_present(chart, folder, found[folder].inside, read) for folder, chart in read.items()}
        return {folder: replace(one, kustomized=found[folder].kustomized) for folder, one in whole.items()}

    def _of(self, folder: str) -> _Found:
        return self._found.setdefault(folder, _Found())


def _tolerant(texts: Mapping[str, bytes]) -> Chart:
    try:
        return read_chart({name: data.decode() for name, data in texts.items()})
    except (InvalidObject, UnicodeDecodeError):
        return Chart()


def _with_present(chart: Chart, folder: str, inside: set[str], read: Mapping[str, Chart]) -> Chart:
    if not chart.dependencies:
        return chart
    below = posixpath.join(folder, "charts")
    names = {one.name or posixpath.basename(path) for path, one in read.items() if posixpath.dirname(path) == below}
    for name in inside:
        package = _PACKAGE.match(name)
        names.add(package[1] if package else name)
    return replace(chart, present=sorted(names))


def read_chart(texts: Mapping[str, str]) -> Chart:
    """A chart by its files `Chart.yaml`, `requirements.yaml` and locks. Raises InvalidObject for what is no YAML."""
    about = _mapping(texts.get("Chart.yaml", ""), "Chart.yaml")
    old = about.get("apiVersion") != "v2" and not about.get("dependencies")
    wanted, lock = ("requirements.yaml", "requirements.lock") if old else ("Chart.yaml", "Chart.lock")
    entries = _entries(_mapping(texts.get(wanted, ""), wanted) if old else about)
    locked = _mapping(texts[lock], lock) if lock in texts else None
    chart = Chart(_text(about.get("name")), _text(about.get("version")), _dependencies(entries))
    if locked is None or not chart.dependencies:
        return chart
    fits = locked.get("digest") in _digests(entries, _entries(locked), old=old)
    return Chart(chart.name, chart.version, chart.dependencies, _dependencies(_entries(locked)), not fits)


def missing(chart: Chart, where: str) -> Iterator[Dependency]:
    """The dependencies that have to be brought, in the versions of the lock. Raises InvalidObject for a lock of others.

    `where` names the chart's folder. Those without a repository are not told: nobody knows where they are.
    """
    wanted = [one for one in chart.dependencies if one.name not in chart.present and one.repository]
    if wanted and chart.stale:
        raise InvalidObject(
            "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the "
            "dependencies (helm dependency update)",
            file=posixpath.join(where, "Chart.lock"),
        )
    locked = list(chart.locked or ())
    for one in wanted:
        fixed = next((lock for lock in locked if lock.name == one.name), None)
        if fixed is not None:
            locked.remove(fixed)
        yield Dependency(one.name, fixed.version if fixed is not None else one.version, one.repository)


def locals_of(tree: Tree, folder: str) -> list[tuple[str, str]]:
    """What must be packed before a chart of a tree is rendered: (folder of a dependency, folder that it is packed into).

    The innermost first. Raises InvalidObject for a loop, and for a dependency that is not there or of another version.
    """
    found: list[tuple[str, str]] = []
    _pack(tree, folder, (folder,), found)
    return list(dict.fromkeys(found))


def _pack(tree: Tree, folder: str, chain: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    chart = _in_tree(tree, folder)
    for one in missing(chart, folder) if chart is not None else ():
        if one.repository.startswith(LOCAL):
            there = local_folder(one, folder, chain)
            check_local(_in_tree(tree, there), one, there, folder)
            _pack(tree, there, (*chain, there), found)
            found.append((there, posixpath.join(folder, "charts")))


def local_folder(dependency: Dependency, folder: str, chain: Sequence[str]) -> str:
    """The folder of a dependency in the same tree. Raises InvalidObject outside of it, for a loop and too deep a chain."""
    where = posixpath.join(folder, "Chart.yaml")
    path = dependency.repository.removeprefix(LOCAL)
    found = posixpath.normpath(posixpath.join(folder or ".", path)) if path else folder
    found = "" if found == "." else found
    if path.startswith("/") or found == ".." or found.startswith("../") or "\0" in path:
        said = f"dependency {dependency.name}: {dependency.repository} leads out of the repository"
        raise InvalidObject(said, file=where, field="dependencies")
    if found in chain:
        way = " → ".join(one or "." for one in (*chain, found))
        raise InvalidObject(f"dependency {dependency.name} leads in a circle: {way}", file=where, field="dependencies")
    if len(chain) > MOST_DEPTH:
        raise InvalidObject(f"dependencies lie deeper than {MOST_DEPTH} levels", file=where, field="dependencies")
    return found


def check_local(chart: Chart | None, dependency: Dependency, there: str, folder: str) -> None:
    """Raises InvalidObject when there is no chart in a folder, or one of a version that does not do."""
    where = posixpath.join(folder, "Chart.yaml")
    if chart is None:
        said = f"dependency {dependency.name}: there is no chart in {there or '.'} ({dependency.repository})"
        raise InvalidObject(said, file=where, field="dependencies")
    if dependency.version and not allows(dependency.version, chart.version):
        said = (
            f"dependency {dependency.name}: {there or '.'} has version {chart.version}, wanted is {dependency.version}"
        )
        raise InvalidObject(said, file=where, field="dependencies")


def allows(asked: str, version: str) -> bool:
    """Whether a version is the one that is asked for, or satisfies the constraint."""
    if asked == version:
        return True
    try:
        return semver.constraint(asked).allows(semver.parse(version))
    except EvaluationError:
        return False


def as_json(charts: Mapping[str, Chart]) -> dict[str, Any]:
    """For a blob."""

    def listed(entries: Sequence[Dependency]) -> list[list[str]]:
        return [[one.name, one.version, one.repository] for one in entries]

    return {
        folder: {
            "name": one.name,
            "version": one.version,
            "dependencies": listed(one.dependencies),
            "locked": listed(one.locked) if one.locked is not None else None,
            "stale": one.stale,
            "present": list(one.present),
            "kustomized": one.kustomized,
        }
        for folder, one in charts.items()
    }


def from_json(body: Mapping[str, Any]) -> dict[str, Chart]:
    """The inverse. Raises TypeError or KeyError for anything else."""
    return {
        folder: Chart(
            one["name"],
            one["version"],
            [Dependency(*entry) for entry in one["dependencies"]],
            [Dependency(*entry) for entry in one["locked"]] if one["locked"] is not None else None,
            one["stale"],
            one["present"],
            one["kustomized"],
        )
        for folder, one in body.items()
    }


def _in_tree(tree: Tree, folder: str) -> Chart | None:
    texts = {name: tree.read(path) for name in _NAMES if tree.is_file(path := posixpath.join(folder, name))}
    if "Chart.yaml" not in texts:
        return None
    chart, below = read_chart(texts), posixpath.join(folder, "charts")
    if not chart.dependencies or not tree.is_folder(below):
        return chart
    inside = {name for name in tree.files(below) if name.endswith(".tgz")}
    read: dict[str, Chart] = {}
    for one in chart.dependencies:
        path = posixpath.join(below, one.name)
        if tree.is_folder(path):
            read[path] = Chart(one.name)
    for name in tree.files(below, recurse=True):
        if name.count("/") == 1 and name.endswith("/Chart.yaml"):
            path = posixpath.join(below, posixpath.dirname(name))
            read[path] = _tolerant({"Chart.yaml": tree.read(posixpath.join(path, "Chart.yaml")).encode()})
    return _with_present(chart, folder, inside, read)


def _mapping(text: str, name: str) -> Mapping[str, Any]:
    try:
        body = read_value(text)
    except InvalidObject as x:
        raise InvalidObject(x.reason, line=x.line, file=name) from x
    if body not in (None, "") and not isinstance(body, dict):
        raise InvalidObject("not a mapping", file=name)
    return body or {}


def _text(value: Any) -> str:
    """What Go makes of a value where a text belongs: `1.20` without quotes is the number 1.2."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format_general(value)
    return str(value) if isinstance(value, str | int) else ""


def _entries(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    entries = body.get("dependencies")
    found = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    if len(found) > _MOST_DEPENDENCIES:
        raise InvalidObject(f"more than {_MOST_DEPENDENCIES} dependencies", field="dependencies")
    return found


def _dependencies(entries: Sequence[Mapping[str, Any]]) -> list[Dependency]:
    made = [Dependency(*(_text(one.get(name)) for name in ("name", "version", "repository"))) for one in entries]
    return [one for one in made if one.name]


def _digests(wanted: Sequence[Mapping[str, Any]], locked: Sequence[Mapping[str, Any]], *, old: bool) -> set[str]:
    """What a lock's digest may be (`HashReq` and for charts of Helm 2 `HashV2Req`): a hash of Go's JSON of both lists."""
    asked = [_as_go(one) for one in wanted]
    hashes = {_hashed([asked, [_as_go(one) for one in locked]])}
    return hashes | {_hashed({"dependencies": asked})} if old else hashes


def _as_go(entry: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: _text(entry.get(name)) for name in ("name", "version", "repository", "condition", "alias")}
    tags, values = entry.get("tags"), entry.get("import-values")
    made: dict[str, Any] = {
        "name": texts["name"],
        "version": texts["version"],
        "repository": texts["repository"],
        "condition": texts["condition"],
        "tags": [_text(one) for one in tags] if isinstance(tags, list) else [],
        "enabled": entry.get("enabled") is True,
        "import-values": [_in_order(one) for one in values] if isinstance(values, list) else [],
        "alias": texts["alias"],
    }
    return {name: value for name, value in made.items() if value or name in ("name", "repository")}


def _in_order(value: Any) -> Any:
    """The same with the keys of mappings in Go's order."""
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def _hashed(body: Any) -> str:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
