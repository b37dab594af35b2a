"""A real Prometheus, of Debian's package, on a port of its own; what the machine lacks is fetched once."""

from __future__ import annotations

import contextlib
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from argosy.local.devcluster import Locations
from support.up import free_port, until

__all__ = ["prometheus"]


def _binary() -> Path:
    """Unpacked beside the other tools; nothing is installed."""
    folder = Locations.default().binaries.parent / "tools" / "prometheus"
    binary = folder / "usr" / "bin" / "prometheus"
    if not binary.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = ["apt-get", "download", "prometheus"]
        if subprocess.run(fetch, cwd=folder, capture_output=True, check=False).returncode:
            subprocess.run(["apt-get", "update"], capture_output=True, check=True)
            subprocess.run(fetch, cwd=folder, capture_output=True, check=True)
        (package,) = folder.glob("*.deb")
        subprocess.run(["dpkg", "-x", package.name, "."], cwd=folder, check=True)
        package.unlink()
    return binary


@contextlib.contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """Its URL; it scrapes itself once a second."""
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    command: list[str] = [
        str(_binary()),
        f"--config.file={config}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={folder}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _ready(url), "Prometheus is ready")
        yield url
    finally:
        process.kill()
        process.wait()


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
