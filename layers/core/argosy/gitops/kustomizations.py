"""Kustomizations looked through before the tool sees them, with all that they build on.

In: a folder of a commit's files, and what was fetched of other repositories. Out: `Looked`: what is to be fetched besides,
or else the files as the tool may have them, in which every address is a path. What leads out of its repository is refused
with its place. (Kustomize itself would go and fetch it.) Called by `argosy.services.producing`, after the edits of the
source.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.errors import InvalidObject, Placed, Unsupported
from argosy.gitops.paths import inside, relative
from argosy.gitops.remotes import Need, is_address, remote_of
from argosy.gitops.sources import KUSTOMIZATIONS
from argosy.gitops.tree import Tree
from argosy.resources.manifests import read_value
from argosy.resources.yamlwriter import write_value

__all__ = ["Looked", "file_of", "look_through"]

_MOST_FOLDERS: Final = 2_000
_FOLDERS: Final = ("resources", "bases", "components", "generators", "transformers", "validators")
_PROGRAMS: Final = ("generators", "transformers", "validators")
_FILES: Final = ("crds", "configurations", "patchesstrategicmerge")
_WITH_PATH: Final = ("patches", "patchesjson6902", "replacements", "openapi")
_GENERATORS: Final = ("configmapgenerator", "secretgenerator")
_GENERATED_FROM: Final = ("files", "envs", "env")
_CHARTS: Final = ("helmcharts", "helmchartinflationgenerator")
_VALUES: Final = ("valuesfile", "additionalvaluesfiles", "values", "charthome")

type _Setter = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Looked:
    """`needs`: what has to be fetched before the build; `texts`: files to be written for it, by their paths."""

    needs: tuple[Need, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


def file_of(tree: Tree, folder: str) -> str:
    """The kustomization in a folder, "" where there is none."""
    names = (posixpath.join(folder, name) for name in KUSTOMIZATIONS)
    return next((name for name in names if tree.is_file(name)), "")


def look_through(tree: Tree, folder: str, fetched: Collection[str] = (), *, unrestricted: bool = False) -> Looked:
    """Look through the kustomization in `folder` and those that it names; `fetched`: where parts lie (`Need.at`).

    `unrestricted`: the tool will read files beside a kustomization; then nothing may make it read what is not seen here.
    Raises InvalidObject for what leads out of its repository or cannot be read, Unsupported for what is not fetched.
    """
    return _Look(tree, fetched, unrestricted).through(folder)


class _Look:
    def __init__(self, tree: Tree, fetched: Collection[str], unrestricted: bool) -> None:
        self._tree, self._fetched, self._unrestricted = tree, fetched, unrestricted
        self._needs: dict[Need, None] = {}
        self._texts: dict[str, str] = {}
        self._waiting: list[str] = []

    def through(self, folder: str) -> Looked:
        seen: set[str] = set()
        self._waiting = [folder]
        while self._waiting:
            now = self._waiting.pop()
            if now in seen:
                continue
            seen.add(now)
            if len(seen) > _MOST_FOLDERS:
                raise InvalidObject(f"the kustomization builds on more than {_MOST_FOLDERS} others", file=folder)
            self._look(now)
        return Looked(tuple(self._needs), {} if self._needs else self._texts)

    def _look(self, folder: str) -> None:
        file = file_of(self._tree, folder)
        if not file:
            return  # the tool says so, better than we could
        try:
            body = read_value(self._tree.read(file))
        except InvalidObject as x:
            raise InvalidObject(x.reason, file=file, line=x.line) from x
        changed = False
        for name, text, put in _references(body):
            try:
                if "\n" not in text:  # else it is written out in place
                    changed = self._entry(folder, name, text, put) or changed
                if self._unrestricted and name in _PROGRAMS:
                    raise Unsupported(
                        "with LoadRestrictionsNone these could read files of this machine; leave them out, or that option"
                    )
            except Placed as x:
                raise type(x)(x.reason, field=name, file=file) from x
        for name, chart in _charts(body):
            if not self._tree.is_folder(_path(chart, folder, self._root(folder))):
                raise Unsupported(
                    f"the chart {chart} is not in the repository, and none is fetched for a kustomization",
                    field=name,
                    file=file,
                )
        if changed:
            self._texts[file] = write_value(body)

    def _entry(self, folder: str, name: str, text: str, put: _Setter) -> bool:
        """One entry; whether it was changed."""
        root = self._root(folder)
        if is_address(text) and not self._tree.is_file(_path(text, folder, root)):
            return self._remote(folder, name, text, put)
        path = _path(text, folder, root)
        if self._tree.is_folder(path):
            self._waiting.append(path)
        return False

    def _remote(self, folder: str, name: str, text: str, put: _Setter) -> bool:
        remote = remote_of(text)
        if remote.need.kind == "git" and name not in _FOLDERS:
            raise Unsupported(f"{text!r} is a repository, where a file is wanted")
        place = remote.need.at
        if place not in self._fetched:
            self._needs[remote.need] = None
            return False
        if remote.need.kind == "file":
            # Kustomize reads no file beside its folder.
            beside = f".fetched-{len(self._texts)}-{remote.path}"
            self._texts[posixpath.join(folder, beside)] = self._tree.read(posixpath.join(place, remote.path))
            put(beside)
            return True
        path = posixpath.join(place, remote.path)
        if not self._tree.is_folder(path):
            raise InvalidObject(f"{text!r}: the repository has no folder {remote.path or '.'}")
        self._waiting.append(path)
        put(relative(path, folder))
        return True

    def _root(self, folder: str) -> str:
        """The folder of the repository that a folder is of, "" for the source's own."""
        fitting = (place for place in self._fetched if folder == place or folder.startswith(f"{place}/"))
        return next(fitting, "")


def _path(text: str, folder: str, root: str) -> str:
    if text.startswith("/"):
        raise InvalidObject(f"{text!r} is absolute, which leads out of the repository")
    below = posixpath.relpath(f"/{folder}", f"/{root}")
    start = "" if below == "." else below
    inner = "" if posixpath.normpath(posixpath.join(start, text)) == "." else inside(start, text, "")
    return posixpath.join(root, inner) if inner else root


def _references(body: Any) -> Iterator[tuple[str, str, _Setter]]:
    """Every path in a kustomization with its field and a way to change it.

    The tool reads fields' names without regard to case, as Go does.
    """
    for key, value in body.items() if isinstance(body, dict) else ():
        name = str(key).lower()
        if name in _FOLDERS or name in _FILES:
            yield from ((name, *one) for one in _texts(body, key))
        elif name in _WITH_PATH:
            for one in value if isinstance(value, list) else [value]:
                yield from ((f"{name}.path", *found) for found in _fields(one, ("path",)))
        elif name in _GENERATORS:
            for one in value if isinstance(value, list) else ():
                yield from (
                    (f"{name}.{field}", *_of_key(*found))
                    for field in _GENERATED_FROM
                    for found in _fields(one, (field,))
                )
        elif name in _CHARTS:
            for one in value if isinstance(value, list) else ():
                yield from ((name, *found) for found in _fields(one, _VALUES))
        elif name == "helmglobals":
            yield from ((f"{name}.charthome", *found) for found in _fields(value, ("charthome", "confighome")))


def _charts(body: Any) -> Iterator[tuple[str, str]]:
    """The folders of the charts that a kustomization inflates, with their fields (`absChartHome` of Kustomize's plugin)."""
    lowered = _lower(body)
    common = str(_lower(lowered.get("helmglobals")).get("charthome") or "charts")
    for name in _CHARTS:
        given = lowered.get(name)
        for one in map(_lower, given if isinstance(given, list) else ()):
            home, chart = one.get("charthome") or common, one.get("name") or one.get("chartname") or ""
            version = one.get("version") or one.get("chartversion")
            if version and (one.get("repo") or one.get("chartrepourl")):
                home = f"{home}/{chart}-{version}"
            yield name, f"{home}/{chart}"


def _lower(value: Any) -> dict[str, Any]:
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _of_key(text: str, put: _Setter) -> tuple[str, _Setter]:
    """An entry of a generator may say under which key a file goes: `key=path`."""
    key, equals, path = text.rpartition("=")
    return path, lambda new: put(f"{key}{equals}{new}")


def _fields(value: Any, names: tuple[str, ...]) -> Iterator[tuple[str, _Setter]]:
    for key in list(value) if isinstance(value, dict) else ():
        if str(key).lower() in names:
            yield from _texts(value, key)


def _texts(holder: dict[Any, Any], key: Any) -> Iterator[tuple[str, _Setter]]:
    value = holder[key]
    places: list[tuple[Any, Any]] = (
        [(holder, key)] if not isinstance(value, list) else [(value, at) for at in range(len(value))]
    )
    for inner, at in places:
        if isinstance(inner[at], str) and inner[at]:
            yield inner[at], lambda new, inner=inner, at=at: inner.__setitem__(at, new)  # type: ignore[misc]
