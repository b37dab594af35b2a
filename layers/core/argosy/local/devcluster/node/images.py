"""Images without a registry: made of folders, handed to the node's containerd.

In: folders, each a layer. Out: a docker-archive (the format of `docker save`), byte for byte the same for the same
files, and its import. Called by the supervisor for the images that a node itself needs, by `lifecycle.load_image`, and
by infra/image.py. Pods use such images with `imagePullPolicy: Never`.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from argosy.errors import Unavailable
from argosy.local.devcluster.node.machine import program
from argosy.local.devcluster.versions import platform_tag

__all__ = ["BUSYBOX_IMAGE", "load", "write_busybox_image", "write_image"]

BUSYBOX_IMAGE: Final = "localhost/busybox:1"
_IMPORT_SECONDS: Final = 300


def write_image(
    target: Path,
    name: str,
    layers: Sequence[Path],
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    user: str = "",
) -> None:
    """Write the image `name` with the content of `layers`, lowest first, to the file `target`.

    All files belong to root, whoever made them.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".image-") as staging:
        packed = [_packed(layer, Path(staging) / f"{index}.tar") for index, layer in enumerate(layers)]
        config = {
            "architecture": platform_tag()[1],
            "os": "linux",
            "config": {
                "Cmd": list(command),
                "Env": [f"{key}={value}" for key, value in (environment or {}).items()],
                "User": user,
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for _, digest in packed]},
            "history": [{"created_by": "argosy"} for _ in packed],
        }
        content = json.dumps(config).encode()
        named = f"{hashlib.sha256(content).hexdigest()}.json"
        inside = [f"{index}/layer.tar" for index in range(len(packed))]
        manifest = json.dumps([{"Config": named, "RepoTags": [name], "Layers": inside}]).encode()
        finished = Path(staging) / "image.tar"
        with tarfile.open(finished, "w") as archive:
            _add(archive, named, content)
            for (tar, _), place in zip(packed, inside, strict=True):
                archive.add(tar, place, filter=_plain)
            _add(archive, "manifest.json", manifest)
        finished.replace(target)


def write_busybox_image(target: Path, name: str, command: Sequence[str]) -> None:
    """An image of this machine's static busybox with all its commands, to the file `target`."""
    busybox = program("busybox")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        root = Path(made)
        for folder in ("bin", "etc", "proc", "sys", "dev", "tmp"):
            (root / folder).mkdir(mode=0o1777 if folder == "tmp" else 0o755)
        shutil.copy(busybox, root / "bin" / "busybox")
        for applet in listed:
            if applet != "busybox":
                (root / "bin" / applet).symlink_to("busybox")
        (root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
        root.chmod(0o755)
        write_image(target, name, [root], command, environment={"PATH": "/bin"})


def load(socket: Path, archive: Path) -> None:
    """Import the image in `archive` into the containerd at `socket`. Raises `Unavailable` with what it said."""
    command = [str(program("ctr")), "--address", str(socket), "--namespace", "k8s.io", "images", "import"]
    try:
        done = subprocess.run(
            [*command, "--snapshotter", "native", str(archive)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_IMPORT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"containerd did not take {archive} within {_IMPORT_SECONDS} s") from error
    if done.returncode:
        raise Unavailable(f"containerd did not take {archive}: {done.stderr.strip()[-400:]}")


def _packed(folder: Path, target: Path) -> tuple[Path, str]:
    with tarfile.open(target, "w") as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            tar.add(path, str(path.relative_to(folder)), recursive=False, filter=_plain)
    with target.open("rb") as file:
        return target, hashlib.file_digest(file, "sha256").hexdigest()


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
