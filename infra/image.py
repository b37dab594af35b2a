"""The agent's image without a registry and without Docker: for the development cluster's real node.

In: this machine's Python 3.13, infra/agent-requirements.txt (pinned, `make pins`), the package as it is now. Out: a
docker-archive for `argosy dev cluster load`. Called by the integration tests, and by hand:

    python -m infra.image agent.tar && argosy dev cluster load agent.tar

It is meant to behave as the image of agent.Dockerfile does: the same packages, user, command. Python lies where it lies
on this machine, with the libraries that the loader finds for it here, each in its own place; so it needs neither a
distribution's packages nor changes to any file. Two layers: Python with the dependencies, which is kept in the cache by
a hash of what it is made of, and the package, made each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "layers" / "core")]

from argosy.errors import ArgosyError, NotFound, Unavailable  # noqa: E402 - works without an installation, as the tests do
from argosy.local.devcluster import Locations  # noqa: E402
from argosy.local.devcluster.files import locked, private_directory  # noqa: E402
from argosy.local.devcluster.node.images import write_image  # noqa: E402
from argosy.local.devcluster.progress import QUIET, Progress, shown_on  # noqa: E402

__all__ = ["AGENT_IMAGE", "agent_image"]

AGENT_IMAGE: Final = "localhost/argosy-agent:dev"
_REQUIREMENTS: Final = ROOT / "infra" / "agent-requirements.txt"
_USER: Final = "65532:65532"
_PACKAGES: Final = Path("/packages")
"""Where the image has the dependencies and the package."""

# What no agent imports, or only a build does: nine tenths of an installation by size.
_UNUSED: Final = ("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages", "lib2to3", "pydoc_data")
_LIBRARY: Final = re.compile(r"(?:=> )?(/\S+) \(0x")


def agent_image(target: Path, *, progress: Progress = QUIET) -> Path:
    """Write the agent's image, named `AGENT_IMAGE`, to `target`, and return it.

    Raises `Unavailable` when packages cannot be had, `NotFound` without a Python 3.13.
    """
    python = _python()
    base = _base(python, progress)
    with tempfile.TemporaryDirectory(prefix="argosy-agent-") as made, progress.step("the agent's image", 5):
        package = Path(made) / _PACKAGES.relative_to("/") / "argosy"
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "layers" / "core" / "argosy", package, ignore=unwanted)
        _compile(python, [package])
        _open_to_all(Path(made))
        write_image(
            target,
            AGENT_IMAGE,
            [base, Path(made)],
            ["python", "-m", "argosy.agent"],
            environment={
                "PATH": f"{Path(python).parent}:/usr/bin:/bin",
                "PYTHONPATH": str(_PACKAGES),
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            user=_USER,
        )
    return target


def _python() -> str:
    found = subprocess.run([ROOT / "infra" / "find-python"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise NotFound(found.stderr.strip())
    return _run([found.stdout.strip(), "-c", "import os, sys; print(os.path.realpath(sys.executable))"]).strip()


def _base(python: str, progress: Progress) -> Path:
    cache = private_directory(Locations.default().clusters.parent / "agent")
    with locked(cache / ".lock", lambda: progress.note("another process makes the agent's image; waiting for it")):
        folder = cache / _digest(python)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as staging, progress.step("agent's Python", 20):
                root = Path(staging) / "root"
                _make_base(python, root)
                _forget(cache)
                root.rename(folder)
    return folder


def _digest(python: str) -> str:
    version = _run([python, "-c", "import sys; print(sys.version, sys.prefix, sys.base_prefix)"])
    parts = (version.encode(), Path(__file__).read_bytes(), _REQUIREMENTS.read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _forget(cache: Path) -> None:
    for old in cache.iterdir():
        if old.is_dir() and not old.name.startswith("."):
            shutil.rmtree(old)


def _make_base(python: str, root: Path) -> None:
    packages = root / _PACKAGES.relative_to("/")
    _install(python, packages)
    library = Path(_run([python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"]).strip())
    _copy_python(Path(python), library, root)
    extensions = [*packages.rglob("*.so"), *_within(root, library).rglob("*.so")]
    for shared in _libraries([Path(python), *extensions]):
        if not shared.is_relative_to(root):
            _copy(shared, root)
    # What Python loads by name when it is needed, and no loader's list tells.
    for shared in _loaded_later(python):
        _copy(shared, root)
    _system_files(root)
    _compile(python, [packages, _within(root, library)])
    _open_to_all(root)


def _install(python: str, packages: Path) -> None:
    uv = shutil.which("uv") or _run(["make", "--silent", "tools"]).split()[0]
    command = [uv, "pip", "install", "--quiet", "--python", python, "--target", str(packages), "--no-deps"]
    _run([*command, "--only-binary", ":all:", "--requirement", str(_REQUIREMENTS)])
    shutil.rmtree(packages / "bin", ignore_errors=True)


def _copy_python(python: Path, library: Path, root: Path) -> None:
    _copy(python, root)
    (_within(root, python).with_name("python")).symlink_to(python.name)
    unwanted = shutil.ignore_patterns("__pycache__", "config-*", "*.a")

    def ignored(folder: str, names: list[str]) -> Iterable[str]:
        skipped = {name for name in names if Path(folder) == library and name in _UNUSED}
        return skipped | set(unwanted(folder, names))

    shutil.copytree(library, _within(root, library), ignore=ignored, symlinks=True)


def _libraries(files: Sequence[Path]) -> set[Path]:
    """The shared libraries that the loader of this machine takes for `files`, the loader among them."""
    done = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False)
    return {Path(match[1]) for match in map(_LIBRARY.search, done.stdout.splitlines()) if match}


def _loaded_later(python: str) -> list[Path]:
    found = {library.parent for library in _libraries([Path(python)]) if library.name.startswith("libc.so")}
    names = ("libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2")
    return [folder / name for folder in found for name in names if (folder / name).is_file()]


def _system_files(root: Path) -> None:
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc" / "passwd").write_text(f"root:x:0:0::/:/none\nargosy:x:{_USER}::/tmp:/none\n")
    (root / "tmp").mkdir(mode=0o1777, exist_ok=True)
    paths = ssl.get_default_verify_paths()
    for place in {paths.cafile, paths.openssl_cafile}:
        if place and Path(place).is_file():
            _copy(Path(place), root)


def _copy(path: Path, root: Path) -> None:
    """`path` of this machine at the same place below `root`; a link becomes what it leads to."""
    target = _within(root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copy(path, target)


def _within(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _compile(python: str, folders: list[Path]) -> None:
    # Unchecked, since images carry no times of files; without the folder, which is another one in the image.
    options = ("-q", "-j", "0", "--invalidation-mode", "unchecked-hash")
    _run([python, "-m", "compileall", *options, *map(str, folders)], PYTHONDONTWRITEBYTECODE="")


def _open_to_all(root: Path) -> None:
    """What this user's umask kept for himself is for the image's user, too."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))


def _run(command: Sequence[str], **environment: str) -> str:
    variables = {**os.environ, **environment}
    done = subprocess.run(
        command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"{Path(command[0]).name} failed: {(done.stdout + done.stderr).strip()[-800:]}")
    return done.stdout


def main(arguments: list[str]) -> int:
    """`python -m infra.image TARGET`."""
    with shown_on(sys.stderr) as progress:
        try:
            print(agent_image(Path(arguments[0]), progress=progress))
        except ArgosyError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
