"""What LocalStack needs on this machine, made once and kept in the cache.

In: the pins beside this file. Out: `Installation`. Called by `host`. Below `~/.cache/argosy/localstack`
(`ARGOSY_CACHE` names the parent), one folder per part and hash of its pins:

    server-HASH/     environment of LocalStack, with the process executor
    functions-HASH/  environment of the functions: what Lambda's Python 3.13 brings
    dynamodb-HASH/   jars of DynamoDB Local

A part is whole when `.done` is in it; one that is not is made anew, so an interrupted set-up goes on with the part
it stopped at; one that nobody used for 30 days goes. One lock for all: a second process waits, then finds the work
done.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from argosy.errors import Unavailable, Unsupported
from argosy.local.devcluster.files import locked, private_directory
from argosy.local.devcluster.progress import Progress

__all__ = ["ROOT", "Installation", "cache", "install", "run", "tools"]

ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
_EXECUTOR = _HERE / "process_executor"
_JAVA = "Java 17 or later and Maven (DynamoDB Local is a Java program that comes from Maven Central)"
_KEPT_SECONDS = 30 * 86400
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


@dataclass(frozen=True, slots=True)
class Installation:
    """Two interpreters and a folder of jars."""

    server: Path
    functions: Path
    dynamodb: Path


def cache() -> Path:
    """The folder of everything that LocalStack keeps between its lives."""
    root = Path(os.environ.get("ARGOSY_CACHE") or Path.home() / ".cache" / "argosy")
    return private_directory(root.absolute() / "localstack")


def install(progress: Progress) -> Installation:
    """Make what is not there yet.

    Raises `Unsupported` where LocalStack cannot run, `Unavailable` when something cannot be had.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Unsupported(
            f"LocalStack without containers runs on Linux x86_64 only, not on {platform.system()} "
            f"{platform.machine()}: there is no DynamoDB Local for it; deploy to AWS instead (make deploy)"
        )
    with locked(cache() / ".lock", lambda: progress.note(f"another process sets up {cache()}; waiting for it")):
        _java(progress)
        return Installation(
            server=_part("server", "LocalStack", 60, progress, _server) / "bin" / "python",
            functions=_part("functions", "Lambda's Python", 15, progress, _functions) / "bin" / "python",
            dynamodb=_part("dynamodb", "DynamoDB Local", 30, progress, _dynamodb) / "lib",
        )


def run(command: Sequence[str | Path], *, cwd: Path = ROOT, **environment: str) -> str:
    """The output of a command; `Unavailable` with its last words when it fails."""
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=variables | environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise Unavailable(f"cannot run {command[0]}: {error}") from error
    if done.returncode:
        words = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Unavailable(f"{Path(command[0]).name} ended with exit code {done.returncode}:\n{words}")
    return done.stdout


def tools() -> tuple[str, str]:
    """Paths of uv and sam, in the versions that the Makefile names; it installs them when they are not there."""
    uv, sam = run(["make", "--silent", "tools"]).split()
    return uv, sam


def python() -> str:
    """A Python 3.13: LocalStack and the functions need this very version."""
    return run([ROOT / "infra" / "find-python"], PYTHON=sys.executable).strip()


_INPUTS = {
    "server": ("server-requirements.txt", "process_executor"),
    "functions": ("function-requirements.txt", "process_executor/localstack_process_executor/function_network.py"),
    "dynamodb": ("dynamodb-pom.xml",),
}


def _digest(name: str) -> str:
    digest = hashlib.sha256(platform.python_version().encode())
    for given in _INPUTS[name]:
        path = _HERE / given
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(f"{file.relative_to(_HERE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _part(name: str, title: str, seconds: float, progress: Progress, make: Callable[[Path], None]) -> Path:
    folder = cache() / f"{name}-{_digest(name)}"
    if not (folder / ".done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        with progress.step(f"installing {title}", seconds):
            make(folder)
    (folder / ".done").touch()
    for other in cache().glob(f"{name}-*/.done"):
        if time.time() - other.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(other.parent)
    return folder


def _environment(folder: Path, requirements: str) -> str:
    uv, _ = tools()
    run([uv, "venv", "--quiet", "--python", python(), folder])
    # Bytecode now: an interpreter may have been told to write none, and LocalStack is 5000 modules.
    install_exactly = [uv, "pip", "install", "--quiet", "--no-deps", "--compile-bytecode"]
    run([*install_exactly, "--python", folder / "bin" / "python", "-r", _HERE / requirements])
    return uv


def _server(folder: Path) -> None:
    uv = _environment(folder, "server-requirements.txt")
    source = folder / "process_executor"  # a copy: the build writes beside what it builds
    shutil.copytree(_EXECUTOR, source, ignore=shutil.ignore_patterns("__pycache__"))
    without_isolation = [uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    run([*without_isolation, "--python", folder / "bin" / "python", source])


def _functions(folder: Path) -> None:
    _environment(folder, "function-requirements.txt")
    packages = next(folder.glob("lib/python3.*/site-packages"))
    shutil.copy(_EXECUTOR / "localstack_process_executor" / "function_network.py", packages)
    (packages / "function_network.pth").write_text("import function_network\n")


def _dynamodb(folder: Path) -> None:
    version = run(["java", "--version"]).split()[1]
    if int(version.partition(".")[0]) < 17:
        raise Unavailable(f"{_JAVA} is needed; the java on PATH is {version}")
    jars, downloads = folder / "lib", cache() / "maven"  # downloads outlive a failure, not the success
    run(
        [
            *("mvn", "--quiet", "--batch-mode", "--file", _HERE / "dynamodb-pom.xml"),
            *(f"-Dmaven.repo.local={downloads}", f"-DoutputDirectory={jars}", "-DincludeScope=runtime", _COPY_JARS),
        ]
    )
    library = next(jars.glob("libsqlite4java-linux-amd64-*.so"), None)
    if library is None:
        raise Unavailable(f"no libsqlite4java for linux-amd64 in {jars}")
    (jars / "libsqlite4java-linux-amd64.so").symlink_to(library.name)  # the name under which it is looked for
    shutil.rmtree(downloads)


def _java(progress: Progress) -> None:
    """Install Java and Maven when they are missing and this may be done."""
    if shutil.which("java") and shutil.which("mvn"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"{_JAVA} is needed and was not found; install it, for example: apt install maven")
    with progress.step("installing Java and Maven", 90):
        run(["apt-get", "update"])
        run(["apt-get", "install", "--yes", "--no-install-recommends", "maven"], DEBIAN_FRONTEND="noninteractive")
