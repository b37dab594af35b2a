"""Config management plugins: real commands in the cage."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.adapters.render.children import Limits
from argosy.adapters.render.workshop import ToolWorkshop
from argosy.errors import EvaluationError, InvalidObject, NotFound, Unsupported
from argosy.gitops.requests import read
from argosy.local.plugins import load_plugins
from argosy.local.rendertools import find
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.resources.manifests import Manifest
from argosy.resources.plugin import read_plugin
from argosy.services.rendering import Rendering, read_manifests
from support.rendering import CHART, CONFIG_MAP, Rendery, archive

FILES = {
    "app/template.txt": "key: $ARGOCD_ENV_COLOUR",
    "app/deep/er/mark.env": "",
    "plain/a.yaml": CONFIG_MAP.format(name="plain"),
    "chart/Chart.yaml": CHART,
}
FACTS = {
    "archive": "fetch/r/c/a.tar.gz",
    "digest": hashlib.sha256(archive(FILES)).hexdigest(),
    "revision": "c" * 40,
}
CONFIG = "{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'told'}, 'data': dict(os.environ)}"
TELL = f'{sys.executable} -c "import json, os; print(json.dumps({CONFIG}))"'
OBJECT = "printf 'apiVersion: v1\\nkind: A\\nmetadata: {name: %s}' "


def plugin(name: str, script: str = TELL, **spec: Any) -> dict[str, Any]:
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ConfigManagementPlugin", "metadata": {"name": name}}
    return {**body, "spec": {"generate": {"command": ["sh"], "args": ["-c", script]}, **spec}}


class Place:
    """Plugins of a folder, and what they make of `FILES`."""

    def __init__(self, folder: Path, *plugins: dict[str, Any], limits: Limits | None = None) -> None:
        self.folder = folder / "plugins"
        self.folder.mkdir()
        for at, body in enumerate(plugins):
            (self.folder / f"{at}.yaml").write_text(yaml.safe_dump(body))
        self.rendery = Rendery(folder, limits, load_plugins(self.folder))

    def made(self, path: str = "app", **source: Any) -> list[dict[str, Any]]:
        return read_manifests(self.rendery.blobs, self.rendery.rendered(archive(FILES), path, **source))

    def told(self, **section: Any) -> dict[str, str]:
        (body,) = self.made(plugin={"name": "p", **section})
        return dict(body["data"])


def test_what_a_plugin_is_told(tmp_path: Path) -> None:
    told = Place(tmp_path, plugin("p")).told(
        env=[{"name": "COLOUR", "value": "red-$ARGOCD_APP_NAME"}],
        parameters=[{"name": "some-list", "array": ["a", "b"]}, {"name": "text", "string": "x"}],
    )
    assert json.loads(told.pop("ARGOCD_APP_PARAMETERS")) == [
        {"name": "some-list", "array": ["a", "b"]},
        {"name": "text", "string": "x"},
    ]
    assert told.pop("HOME") == told.pop("TMPDIR")
    assert told.pop("PATH") == os.environ["PATH"]
    assert {"PWD", "_", "LC_CTYPE"} >= set(told) - {
        name for name in told if name.startswith(("ARGOCD_", "PARAM_", "KUBE_"))
    }
    assert told["ARGOCD_ENV_COLOUR"] == "red-guestbook"
    assert (told["PARAM_SOME_LIST_0"], told["PARAM_SOME_LIST_1"], told["PARAM_TEXT"]) == ("a", "b", "x")
    assert told["ARGOCD_APP_REVISION_SHORT"] == "ccccccc"


def test_without_parameters(tmp_path: Path) -> None:
    assert Place(tmp_path, plugin("p")).told()["ARGOCD_APP_PARAMETERS"] == "null"


def test_a_plugin_with_a_version_is_named_with_it(tmp_path: Path) -> None:
    place = Place(tmp_path, plugin("p", version="v1.0"))
    assert place.made(plugin={"name": "p-v1.0"})
    with pytest.raises(InvalidObject, match=r"no plugin 'p'; there are: p-v1\.0"):
        place.made(plugin={"name": "p"})


def test_init_runs_before_generate_in_the_same_files(tmp_path: Path) -> None:
    init = {"command": ["sh", "-c"], "args": [f"{OBJECT} x > made.yaml"]}
    place = Place(tmp_path, plugin("p", "cat made.yaml", init=init))
    rendered = place.rendery.rendered(archive(FILES), "app", plugin={"name": "p"})
    assert rendered.kind == "Plugin"
    assert rendered.commands[1] == "sh -c cat made.yaml"
    assert place.rendery.left == []


@pytest.mark.parametrize(
    ("discover", "path", "found"),
    [
        ({"fileName": "template.*"}, "app", True),
        ({"fileName": "./template.txt"}, "app", True),
        ({"fileName": "mark.env"}, "app", False),
        ({"fileName": "**/mark.env"}, "app", False),
        ({"fileName": "../app/template.txt"}, "plain", False),
        ({"find": {"glob": "**/mark.env"}}, "app", True),
        ({"find": {"glob": "**/mark.env"}}, "plain", False),
        ({"find": {"command": ["find"], "args": [".", "-name", "mark.env"]}}, "app", True),
        ({"find": {"command": ["find", ".", "-name", "mark.env"]}}, "plain", False),
        ({"find": {"glob": "Chart.yaml"}}, "chart", True),
    ],
)
def test_discovery(tmp_path: Path, discover: dict[str, Any], path: str, found: bool) -> None:
    """Before charts and kustomizations, and nothing else is a plugin's that is not found."""
    place = Place(tmp_path, plugin("p", discover=discover), plugin("unasked"))
    if found:
        sources: list[dict[str, Any]] = [{}, {"plugin": {}}, {"plugin": {"name": "p"}}]
        for source in sources:
            assert [one["metadata"]["name"] for one in place.made(path, **source)] == ["told"]
        return
    assert [one["metadata"]["name"] for one in place.made(path)] in ([], ["plain"])
    refused: list[tuple[dict[str, Any], str]] = [({}, "no plugin finds"), ({"name": "p"}, "plugin 'p' does not find")]
    for section, says in refused:
        with pytest.raises(InvalidObject, match=says):
            place.made(path, plugin=section)


def test_a_section_of_another_kind_is_not_asked_for(tmp_path: Path) -> None:
    place = Place(tmp_path, plugin("p", discover={"find": {"command": ["sh", "-c", "echo x"]}}))
    assert [one["metadata"]["name"] for one in place.made("plain", directory={})] == ["plain"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'what is wrong' >&2; exit 3", "plugin p: what is wrong"),
        ("exit 3", "plugin p: it ended with exit code 3"),
        ("nothing-of-this-name", "plugin p: .*not found"),
        ("echo '{'", "plugin p: line 2 of its output"),
        ("cat /dev/zero", "plugin p: it makes more than 2000 bytes"),
        ("sleep 60", "plugin p: it takes longer than"),
        ("python3 -c 'import socket; socket.socket()'", "plugin p: .*Permission denied"),
    ],
)
def test_a_plugin_that_fails(tmp_path: Path, script: str, says: str) -> None:
    place = Place(tmp_path, plugin("p", script), limits=Limits(seconds=2, output=2000))
    with pytest.raises(EvaluationError, match=f"(?s){says}"):
        place.made(plugin={"name": "p"})
    assert place.rendery.left == []


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    place = Place(tmp_path, plugin("p", generate={"command": ["nothing-of-this-name"]}))
    with pytest.raises(EvaluationError, match="plugin p: nothing-of-this-name is not on the PATH"):
        place.made(plugin={"name": "p"})


def test_a_network_for_those_that_ask_for_one(tmp_path: Path) -> None:
    body = plugin("p", f"python3 -c 'import socket; socket.socket()' && {OBJECT} x")
    body["metadata"]["annotations"] = {"argosy.dev/network": "true"}
    assert Place(tmp_path, body).made(plugin={"name": "p"})


@pytest.mark.parametrize("keeps", [True, False])
def test_files_that_can_be_run(tmp_path: Path, keeps: bool) -> None:
    place = Place(tmp_path, plugin("p", f"test -x run.sh && {OBJECT} there || {OBJECT} away", preserveFileMode=keeps))
    script = tarfile.TarInfo("app/run.sh")
    script.mode = 0o755
    rendered = place.rendery.rendered(archive({}, script), "app", plugin={"name": "p"})
    (made,) = read_manifests(place.rendery.blobs, rendered)
    assert made["metadata"]["name"] == ("there" if keeps else "away")


def test_another_version_of_a_plugin_renders_again(tmp_path: Path) -> None:
    request = read({**FACTS, "source": {"plugin": {"name": "p"}}})
    blobs = FakeBlobs(FakeClock())
    blobs.put(FACTS["archive"], archive(FILES))
    for name in ("a", "b"):
        plugins = [read_plugin(Manifest(plugin("p", f"{OBJECT} {name}")))]
        rendered = Rendering(blobs, ToolWorkshop(find, folder=tmp_path), plugins).render(request)
        assert [one["metadata"]["name"] for one in read_manifests(blobs, rendered)] == [name]


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ({"kind": "Other"}, InvalidObject, "is no ConfigManagementPlugin"),
        ({"metadata": {}}, InvalidObject, "metadata.name"),
        ({"spec": {}}, InvalidObject, "spec.generate.command"),
        ({"spec": {"generate": {"command": "sh"}}}, InvalidObject, "spec.generate.command"),
        ({"spec": {"generate": {"command": ["a"]}, "provideGitCreds": True}}, Unsupported, "spec.provideGitCreds"),
    ],
)
def test_a_plugin_that_is_refused(tmp_path: Path, body: dict[str, Any], kind: type[Exception], says: str) -> None:
    (tmp_path / "p.yaml").write_text(yaml.safe_dump({**plugin("p"), **body}))
    with pytest.raises(kind, match=says) as refusal:
        load_plugins(tmp_path)
    assert "p.yaml" in str(refusal.value)


def test_a_folder_without_plugins(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(NotFound):
            load_plugins(folder)
    assert load_plugins(None) == ()
    (tmp_path / "a.yaml").write_text(yaml.safe_dump_all([plugin("p"), plugin("p")]))
    with pytest.raises(InvalidObject, match="'p' is there already"):
        load_plugins(tmp_path)
