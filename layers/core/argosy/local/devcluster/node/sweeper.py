"""The process that sweeps when the supervisor cannot.

In: `python -m argosy.local.devcluster.node.sweeper FOLDER`, standard input a pipe that nobody writes to: it closes when
its holder, the supervisor, is done or was killed. Out: exit code 0 when nothing is left.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from argosy.errors import ArgosyError
from argosy.local.devcluster.node.sweep import sweep

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Wait for the end of standard input, then sweep; 1 with the reason on standard error when something is left."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it is needed most when everything is being ended
    sys.stdin.buffer.read()
    try:
        sweep(Path(arguments[0]))
    except (ArgosyError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
