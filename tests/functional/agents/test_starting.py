"""What an agent loads: no more than its image has (infra/agent-requirements.txt)."""

from __future__ import annotations

import subprocess
import sys

ABSENT = ("yaml", "pydantic", "botocore.handlers", "dulwich", "typer", "lupa")
SCRIPT = """
import sys
sys.modules |= dict.fromkeys({absent!r})
import argosy.agent.runner, argosy.agent.settings
print("loaded")
"""


def test_it_loads_what_its_image_has() -> None:
    command = [sys.executable, "-c", SCRIPT.format(absent=ABSENT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("loaded\n", "")
