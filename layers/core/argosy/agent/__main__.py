"""`python -m argosy.agent`: the agent in its pod, which `argosy agent run` starts elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import threading
from typing import Final

from argosy.adapters.afterwards import Afterwards
from argosy.adapters.aws.clients import Clients
from argosy.adapters.kube.direct import DirectCluster
from argosy.agent.memory import bound_memory, trim
from argosy.agent.runner import Agent
from argosy.agent.settings import WAIT_SECONDS, Settings, connections
from argosy.errors import ArgosyError

__all__ = ["main", "run"]

_TRIM_SECONDS: Final = 1.0
_log = logging.getLogger("argosy.agent")


def run(settings: Settings, cluster: DirectCluster | None = None) -> None:
    """Run until SIGTERM or Ctrl-C. Raises what connecting raises."""
    bound_memory()
    asyncio.run(_run(settings, cluster))


async def _run(settings: Settings, cluster: DirectCluster | None) -> None:
    afterwards = Afterwards()
    given = connections(settings, Clients(patience=WAIT_SECONDS + 10), cluster, afterwards)
    agent, stop = Agent(given), threading.Event()
    receiving = threading.Thread(target=agent.receive, args=(stop,), name="commands", daemon=True)
    running, trimming = asyncio.create_task(agent.run()), asyncio.create_task(_trimming())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    receiving.start()
    _log.info("agent of cluster %s started", settings.cluster)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    trimming.cancel()
    stop.set()
    await asyncio.to_thread(afterwards.close)


async def _trimming() -> None:
    """Lists of many objects come and go; what one leaves behind is given back before the next adds to it."""
    while True:
        await asyncio.sleep(_TRIM_SECONDS)
        trim()


def main() -> None:
    """Entry point of the container."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        run(Settings.read())
    except ArgosyError as x:
        sys.exit(f"argosy agent: {x}")


if __name__ == "__main__":
    main()
