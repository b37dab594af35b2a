"""The quickstart as a newcomer runs it: a real Kubernetes, real HTTP, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.local.devcluster import Locations


@pytest.mark.xdist_group("fixed-ports")
def test_quickstart(tmp_path: Path) -> None:
    binaries = Locations.default().binaries.parents[1]
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environ |= {"ARGOSY_CACHE": str(tmp_path), "ARGOSY_KUBE_CACHE": str(binaries)}
    command = [sys.executable, "-m", "argosy.cli.main", "dev", "quickstart", "--once"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.splitlines()[-1] == "quickstart: 8 of 8 steps ok", done.stdout + done.stderr
    assert done.returncode == 0
    status = [sys.executable, "-m", "argosy.cli.main", "dev", "cluster", "status", "-o", "json"]
    left = subprocess.run(status, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert '"running"' not in left.stdout
