"""The real node: what a machine must have, its files, its images; without starting anything."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest

from argosy.errors import NotFound, Unavailable, Unsupported
from argosy.local.devcluster import Locations, load_image
from argosy.local.devcluster.node import kernel
from argosy.local.devcluster.node.images import write_image
from argosy.local.devcluster.node.machine import cni_plugins, program, provide, require_root_on_linux
from argosy.local.devcluster.node.network import Network, bridge_name
from argosy.local.devcluster.node.settings import NodeFiles
from argosy.local.devcluster.node.sweep import sweep

PROGRAMS = ("containerd", "ctr", "containerd-shim-runc-v2", "runc", "busybox", "ip", "openssl")
PLUGINS = ("bridge", "host-local", "loopback")


def executable(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("system", "uid", "reason"),
    [
        ("Darwin", 0, "needs Linux, this is Darwin; leave --real-node away, or .* argosy up --cluster CONTEXT"),
        ("Linux", 1000, "needs root, this is user 1000; run the command as root .* argosy up --cluster CONTEXT"),
    ],
)
def test_a_machine_or_a_user_that_cannot(system: str, uid: int, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        require_root_on_linux(system, uid)


def test_a_missing_program_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="needs busybox, of the package busybox-static"):
        program("busybox", str(tmp_path))


def test_nothing_is_installed_where_everything_is_there(tmp_path: Path) -> None:
    for name in PROGRAMS:
        executable(tmp_path / "bin" / name)
    for name in PLUGINS:
        executable(tmp_path / "cni" / name)
    provide(path=str(tmp_path / "bin"), places=(tmp_path / "nowhere", tmp_path / "cni"))
    assert cni_plugins((tmp_path / "nowhere", tmp_path / "cni")) == tmp_path / "cni"


def test_without_apt_the_missing_packages_are_named(tmp_path: Path) -> None:
    for name in PROGRAMS[:-3]:
        executable(tmp_path / name)
    with pytest.raises(Unavailable, match="busybox-static, containernetworking-plugins, iproute2, openssl; install"):
        provide(path=str(tmp_path), places=(tmp_path,))


def test_what_is_missing_is_installed_with_apt(tmp_path: Path) -> None:
    for name in PROGRAMS[1:]:
        executable(tmp_path / name)
    made = " ".join(str(tmp_path / name) for name in ("containerd", *PLUGINS))
    script = f'#!/bin/sh\nPATH=/usr/bin:/bin\necho "$*" >> {tmp_path}/diary\ntouch {made} && chmod +x {made}\n'
    executable(tmp_path / "apt-get", script)
    provide(path=str(tmp_path), places=(tmp_path,))
    updated, installed = (tmp_path / "diary").read_text().splitlines()
    assert updated.endswith(" update")
    assert installed.endswith("install --yes --no-install-recommends containerd containernetworking-plugins")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo no route; exit 100", "apt-get .* failed with exit code 100: no route"),
        ("true", "they are not there after their installation"),
    ],
)
def test_an_installation_that_fails(tmp_path: Path, script: str, reason: str) -> None:
    executable(tmp_path / "apt-get", f"#!/bin/sh\n{script}\n")
    with pytest.raises(Unavailable, match=reason):
        provide(path=str(tmp_path), places=(tmp_path,))


def test_addresses_of_a_network() -> None:
    network = Network(7, "argosy-x")
    assert (network.pods, network.node) == ("198.18.7.0/24", "198.18.7.1")
    assert (network.services, network.api) == ("198.19.7.0/24", "198.19.7.1")


def test_a_bridges_name_is_its_clusters_however_that_is_reached(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to("one")
    assert bridge_name(tmp_path / "link") == bridge_name(tmp_path / "one") != bridge_name(tmp_path / "two")
    assert len(bridge_name(tmp_path)) < 16  # an interface of Linux has no longer name


def layer(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        executable(folder / "bin" / name, content)
    (folder / "link").symlink_to("bin")
    return folder


def test_an_image_of_two_layers(tmp_path: Path) -> None:
    layers = [layer(tmp_path / "low", one="1"), layer(tmp_path / "high", two="2")]
    write_image(tmp_path / "a.tar", "localhost/it:1", layers, ["two"], environment={"PATH": "/bin"}, user="65532:65532")
    with tarfile.open(tmp_path / "a.tar") as archive:

        def read(name: str) -> bytes:
            file = archive.extractfile(name)
            assert file is not None
            return file.read()

        (manifest,) = json.loads(read("manifest.json"))
        config = json.loads(read(manifest["Config"]))
        assert manifest["RepoTags"] == ["localhost/it:1"]
        assert config["config"] == {"Cmd": ["two"], "Env": ["PATH=/bin"], "User": "65532:65532"}
        assert len(config["rootfs"]["diff_ids"]) == len(manifest["Layers"]) == 2
        inside = archive.extractfile(manifest["Layers"][1])
        with tarfile.open(fileobj=inside) as high:
            assert sorted(high.getnames()) == [".", "bin", "bin/two", "link"]
            assert high.getmember("link").linkname == "bin"
            assert {(one.uid, one.gid, one.mtime) for one in high.getmembers()} == {(0, 0, 0)}
            assert high.getmember("bin/two").mode == 0o755


def test_the_same_files_make_the_same_image(tmp_path: Path) -> None:
    for name, moment in (("a", 1), ("b", 2)):
        folder = layer(tmp_path / name, one="1", two="2")
        for path in folder.rglob("*"):
            os.utime(path, (moment, moment), follow_symlinks=False)
        write_image(tmp_path / f"{name}.tar", "localhost/it:1", [folder], ["one"])
    first, second = ((tmp_path / f"{name}.tar") for name in ("a", "b"))
    with tarfile.open(first) as one, tarfile.open(second) as two:
        assert one.getnames() == two.getnames()  # the configuration is named by its content, which names the layers'
    assert first.read_bytes() == second.read_bytes()


def test_an_image_for_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    places = Locations(tmp_path / "c", tmp_path / "b", tmp_path / "g")
    with pytest.raises(NotFound, match="start one with: argosy dev cluster up --real-node --name dev"):
        load_image("dev", tmp_path / "image.tar", locations=places)


def test_settings_of_the_kernel_get_their_values_back(tmp_path: Path) -> None:
    files = NodeFiles(tmp_path)
    files.home.mkdir()
    before = {"vm/overcommit_memory": "0", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "0"}
    before |= {"kernel/keys/root_maxkeys": "200", "kernel/keys/root_maxbytes": "20000"}
    for name, value in before.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{value}\n")
    kernel.remember(files, tmp_path)
    for name in before:
        (tmp_path / name).write_text("77")
    kernel.restore(files, tmp_path)
    # What had the kubelet's value, from another node perhaps, is not ours to give back.
    after = before | {"vm/panic_on_oom": "77", "kernel/panic": "77"}
    assert {name: (tmp_path / name).read_text() for name in before} == after


def test_sweeping_where_nothing_is(tmp_path: Path) -> None:
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
