"""What a request to render comes to, on a bench where its files lie.

In: a `RenderRequest` and a bench; out: a `Product`: manifests, or what has to be fetched before there can be any. Called
by `argosy.services.rendering`, which keeps what is made. Matches `GenerateManifests` of
`reposerver/repository/repository.go` in Argo CD 3.6 up to where it writes tracking.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from argosy.errors import EvaluationError, Unsupported
from argosy.gitops import charts, directory, helm, kustomizations, kustomize, objects, overrides
from argosy.gitops import plugins as plugin_calls
from argosy.gitops.calls import Call
from argosy.gitops.paths import folder as folder_of
from argosy.gitops.remotes import Need
from argosy.gitops.requests import RenderRequest
from argosy.gitops.sources import Kind, check_served, kind_of
from argosy.ports.workshop import Bench
from argosy.resources.plugin import ConfigManagementPlugin
from argosy.resources.source import Directory, Source

__all__ = ["Manifests", "Product", "plainly_produced", "produced"]

type Manifests = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Product:
    """The manifests, what was run for them, or what is needed first."""

    kind: Kind
    manifests: Manifests
    commands: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class _Task:
    """A source with what its repository says of it, and its folder."""

    request: RenderRequest
    bench: Bench
    source: Source
    kind: Kind
    folder: str
    env: Mapping[str, str]
    plugin: ConfigManagementPlugin | None = None


type Plugins = Sequence[ConfigManagementPlugin]


class _Undecided(Exception):
    """Only a command of a plugin can tell what a source is."""


def produced(request: RenderRequest, bench: Bench, plugins: Plugins = ()) -> Product:
    """What a request comes to. Raises what `Rendering.render` does."""
    task = _task(request, bench, plugins)
    if task.plugin is not None:
        return _from_plugin(task, task.plugin)
    if task.kind == "Directory":
        return Product(task.kind, _plain(task))
    return _from_chart(task) if task.kind == "Helm" else _from_kustomization(task)


def plainly_produced(request: RenderRequest, bench: Bench, plugins: Plugins = ()) -> Product | None:
    """The manifests of a plain directory, for which no tool is run; None for everything else."""
    try:
        task = _task(request, bench, plugins, run=False)
    except _Undecided:
        return None
    if task.kind != "Directory":
        return None
    texts = list(directory.manifests(bench, task.folder, task.source.directory or Directory()))
    if any(path.endswith(".jsonnet") for path, _ in texts) and "Directory" not in request.manner.off:
        return None
    return Product(task.kind, _plain(task))


def _task(request: RenderRequest, bench: Bench, plugins: Plugins, *, run: bool = True) -> _Task:
    # A chart of a repository is all that there is.
    folder = "" if request.source.chart else folder_of(request.source.path, "spec.source.path")
    files = bench.files(folder)
    source = _overridden(request, bench, folder)
    kind = kind_of(source, files, dict.fromkeys(request.manner.off, False))
    check_served(source)
    task = _Task(request, bench, source, kind, folder, request.environment(source))
    if source.helm or source.kustomize or source.directory:
        return task
    if source.plugin is not None and not plugins:
        raise Unsupported(
            "plugins are run by `argosy up --plugins FOLDER` alone; render to plain manifests and commit them",
            field="spec.source.plugin",
        )
    env = _plugin_environment(task)

    def asks(plugin: ConfigManagementPlugin) -> bool:
        if not run:
            raise _Undecided
        return bool(_said(task, plugin, plugin_calls.finding(plugin, folder, env)))

    plugin = plugin_calls.chosen(source, plugins, bench, folder, asks)
    return task if plugin is None else replace(task, kind="Plugin", env=env, plugin=plugin)


def _plugin_environment(task: _Task) -> Mapping[str, str]:
    about = task.request.app
    return plugin_calls.environment(
        task.source, task.env, kube_version=about.kube_version, api_versions=about.api_versions
    )


def _from_plugin(task: _Task, plugin: ConfigManagementPlugin) -> Product:
    calls = plugin_calls.calls(plugin, task.folder, task.env)
    output = [_said(task, plugin, call) for call in calls][-1]
    return Product(task.kind, objects.of_output(output, f"plugin {plugin.name}"), tuple(map(str, calls)))


def _said(task: _Task, plugin: ConfigManagementPlugin, call: Call) -> str:
    try:
        return task.bench.run(call)
    except EvaluationError as x:
        raise EvaluationError(f"plugin {plugin.name}: {str(x).removeprefix('plugin: ')}") from x


def _overridden(request: RenderRequest, bench: Bench, folder: str) -> Source:
    paths = {name: posixpath.join(folder, name) for name in overrides.names(request.app.name)}
    found = [(name, bench.read(path)) for name, path in paths.items() if bench.is_file(path)]
    return overrides.merged(request.source, found) if found else request.source


def _from_chart(task: _Task) -> Product:
    about, request = task.request.app, task.request
    files = helm.Files(request.refs, request.manner.value_file_schemes, {part.at for part in request.parts})
    call = helm.plan(
        task.source,
        task.folder,
        task.bench,
        task.env,
        files=files,
        app=about.name,
        namespace=about.namespace,
        kube_version=about.kube_version,
        api_versions=about.api_versions,
    )
    if files.needs:
        return Product(task.kind, [], needs=tuple(files.needs))
    local = charts.locals_of(task.bench, task.folder)
    calls = [*(helm.packing(there, into, task.folder) for there, into in local), call]
    outputs = [_run(task.bench, one) for one in calls]
    return Product(task.kind, objects.of_output(outputs[-1], call.tool), tuple(str(one) for one in calls))


def _from_kustomization(task: _Task) -> Product:
    about, bench = task.request.app, task.bench
    options = kustomize.options_of(task.request.manner.build_options)
    plan = kustomize.plan(
        task.source,
        task.folder,
        bench,
        task.env,
        options,
        kube_version=about.kube_version,
        api_versions=about.api_versions,
    )
    commands = [str(call) for call in plan.edits]
    for call in plan.edits:
        bench.run(call)
    file = kustomizations.file_of(bench, task.folder)
    if file and (plan.patches or plan.components):
        bench.write(file, kustomize.extended(bench.read(file), file, plan.patches, plan.components))
        commands.append(f"# {file}: patches and components of the source are put in")
    parts = {part.at for part in task.request.parts}
    looked = kustomizations.look_through(bench, task.folder, parts, unrestricted=options.unrestricted)
    if looked.needs:
        return Product(task.kind, [], needs=looked.needs)
    for path, text in looked.texts.items():
        bench.write(path, text)
    output = bench.run(plan.build)
    return Product(task.kind, objects.of_output(output, "kustomize"), (*commands, str(plan.build)))


def _run(bench: Bench, call: Call) -> str:
    try:
        return bench.run(call)
    except EvaluationError as x:
        if "missing in charts/" not in str(x):
            raise
        raise EvaluationError(f"{x}; without a repository nobody knows where they are: commit them to charts/") from x


def _plain(task: _Task) -> Manifests:
    asked = task.source.directory or Directory()
    found: Manifests = []
    for path, text in directory.manifests(task.bench, task.folder, asked):
        shown = posixpath.join(task.folder, path)
        if not path.endswith(".jsonnet"):
            found += objects.of_file(text, shown)
        elif "Directory" not in task.request.manner.off:
            call = directory.jsonnet(task.folder, path, asked.jsonnet, task.env)
            found += objects.of_jsonnet(task.bench.run(call), shown)
        objects.limited(found)
    return found
