"""Names, folders, kubeconfig files, definitions, progress: what needs no process."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.errors import InvalidObject, NotFound
from argosy.local.devcluster import Locations, list_clusters, shown_on, status, stop
from argosy.local.devcluster.crds import crd_manifests
from argosy.local.devcluster.credentials import make_service_account_key, make_token
from argosy.local.devcluster.files import private_directory, read_json, write_private
from argosy.local.devcluster.kubeconfig import merge_into, remove_from, write_kubeconfig
from argosy.local.devcluster.progress import in_words
from argosy.local.devcluster.versions import KUBERNETES
from argosy.resources.definitions import DEFINITIONS


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("environ", "clusters", "tools"),
    [
        ({"ARGOSY_CACHE": "/c"}, "/c/clusters", "/c"),
        ({"ARGOSY_CACHE": "/c", "ARGOSY_KUBE_CACHE": "/shared"}, "/c/clusters", "/shared"),
    ],
)
def test_locations(environ: dict[str, str], clusters: str, tools: str) -> None:
    places = Locations.default(environ)
    assert places.clusters == Path(clusters)
    assert places.binaries.parent == Path(tools) / "kube"
    assert places.binaries.name.startswith(f"{KUBERNETES}-")
    assert places.go == Path(tools) / "go"


@pytest.mark.parametrize("name", ["", "..", "a/b", "Upper", "-a", "a-", "x" * 41, "a\n"])
def test_a_name_that_is_no_label_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidObject, match="is no name for a cluster"):
        Locations(tmp_path, tmp_path, tmp_path).cluster(name)


def test_no_cluster(tmp_path: Path) -> None:
    places = Locations(tmp_path / "c", tmp_path / "b", tmp_path / "g")
    assert list_clusters(locations=places) == []
    assert stop("dev", locations=places) is False
    with pytest.raises(NotFound, match="argosy dev cluster up --name dev"):
        status("dev", locations=places)


def test_private_files_are_replaced_whole(tmp_path: Path) -> None:
    path = private_directory(tmp_path / "a" / "b") / "secret"
    write_private(path, "one")
    write_private(path, b"two")
    assert path.read_text() == "two"
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o600, 0o700, 0o700)
    assert [one.name for one in path.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", [None, "", "{", "\0"])
def test_a_spoilt_json_file_reads_as_nothing(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    assert read_json(path) is None


def test_credentials_are_random_and_private(tmp_path: Path) -> None:
    tokens = {make_token(tmp_path / f"t{n}") for n in range(3)}
    make_service_account_key(tmp_path / "one.key")
    make_service_account_key(tmp_path / "two.key")
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 40
    assert (tmp_path / "one.key").read_text() != (tmp_path / "two.key").read_text()
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}


def own(tmp_path: Path) -> Path:
    path = tmp_path / "own"
    write_kubeconfig(path, cluster="dev", server="https://127.0.0.1:1", authority="PEM", token="t")
    return path


def entry(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name} | fields


def test_a_kubeconfig_is_made_where_none_is(tmp_path: Path) -> None:
    target = tmp_path / "new" / "config"
    merge_into(target, own(tmp_path))
    document = yaml.safe_load(target.read_text())
    assert document == yaml.safe_load(own(tmp_path).read_text())
    assert mode(target) == 0o600


def test_the_entries_of_others_survive_merging_and_removing(tmp_path: Path) -> None:
    target = tmp_path / "config"
    theirs = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [entry("prod", cluster={"server": "https://prod"})],
        "users": [entry("prod", user={"token": "p"}), entry("argosy-dev", user={"token": "old"})],
        "contexts": [entry("prod", context={"cluster": "prod", "user": "prod"})],
        "current-context": "prod",
    }
    target.write_text(yaml.safe_dump(theirs))
    merge_into(target, own(tmp_path))
    merged = yaml.safe_load(target.read_text())
    assert merged["current-context"] == "argosy-dev"
    assert [one["name"] for one in merged["users"]] == ["prod", "argosy-dev"]
    assert merged["users"][1]["user"] == {"token": "t"}
    remove_from(target, "dev")
    left = yaml.safe_load(target.read_text())
    assert [left[key] for key in ("clusters", "contexts")] == [theirs["clusters"], theirs["contexts"]]
    assert [one["name"] for one in left["users"]] == ["prod"]
    assert left["current-context"] == ""


def test_a_context_chosen_meanwhile_stays_chosen(tmp_path: Path) -> None:
    target = tmp_path / "config"
    merge_into(target, own(tmp_path))
    document = yaml.safe_load(target.read_text()) | {"current-context": "prod"}
    target.write_text(yaml.safe_dump(document))
    remove_from(target, "dev")
    assert yaml.safe_load(target.read_text())["current-context"] == "prod"


@pytest.mark.parametrize("content", ["{", "- a", "clusters: 5", "users: [x]"])
def test_what_is_no_kubeconfig_is_not_touched(content: str, tmp_path: Path) -> None:
    target = tmp_path / "config"
    target.write_text(content)
    with pytest.raises(InvalidObject, match="nothing was changed"):
        merge_into(target, own(tmp_path))
    remove_from(target, "dev")
    assert target.read_text() == content


def test_a_place_that_cannot_be_written_is_an_invalid_target(tmp_path: Path) -> None:
    with pytest.raises(InvalidObject, match="cannot be written"):
        merge_into(tmp_path, own(tmp_path))


def test_a_cluster_gets_the_definition_of_every_kind() -> None:
    found = {one["spec"]["names"]["kind"]: one["metadata"]["name"] for one in crd_manifests()}
    assert found == {one.kind: one.name for one in DEFINITIONS.values()}


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0s"), (18, "18s"), (193, "3m13s"), (60, "1m00s")])
def test_durations_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_a_pipe_gets_one_line_per_step() -> None:
    stream = io.StringIO()
    with shown_on(stream) as progress, progress.step("building: kwok", 106):
        progress.note("a remark")
    assert stream.getvalue() == "building: kwok (up to 1m46s)\na remark\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_bars_and_keeps_the_notes() -> None:
    stream = Terminal()
    with shown_on(stream) as progress:
        with progress.step("building: kwok", 106):
            progress.note("a [remark]")
        with pytest.raises(NotFound), progress.step("vanishing", 1):
            raise NotFound("x")
    assert "building: kwok" in stream.getvalue()
    assert "a [remark]" in stream.getvalue()
