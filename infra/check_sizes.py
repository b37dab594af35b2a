"""Fails when a Python file has more than 600 lines, or a function's app.py more than 60; names those above 400."""

import subprocess
import sys
from pathlib import Path

HARD, TARGET, HANDLER = 600, 400, 60


def main() -> int:
    """Check every tracked or new Python file."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    bad = 0
    for name in listed:
        path = Path(name)
        if not path.exists():
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        limit = HANDLER if path.parts[0] == "functions" else HARD
        if lines > limit:
            print(f"{name}: {lines} lines, at most {limit}")
            bad += 1
        elif lines > TARGET:
            print(f"note: {name}: {lines} lines, {TARGET} is the aim")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
