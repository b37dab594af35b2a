"""One event loop for each thread, kept from invocation to invocation so that connections outlive one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from argosy.adapters.http.pools import close_pools, rest

__all__ = ["close_thread_loop", "run", "thread_loop"]

_local = threading.local()


def thread_loop() -> asyncio.AbstractEventLoop:
    """This thread's own event loop."""
    loop: asyncio.AbstractEventLoop | None = getattr(_local, "loop", None)
    if loop is None or loop.is_closed():
        loop = _local.loop = asyncio.new_event_loop()
    return loop


def close_thread_loop() -> None:
    """Close this thread's loop, if it has one, with the HTTP connections on it; call it when the thread ends."""
    loop: asyncio.AbstractEventLoop | None = getattr(_local, "loop", None)
    if loop is None or loop.is_closed():
        return
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    close_pools(loop)
    loop.run_until_complete(asyncio.sleep(0))  # sockets are closed when the loop turns
    loop.close()
    del _local.loop


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on this thread's loop."""
    loop = thread_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        if rest(loop):
            loop.run_until_complete(asyncio.sleep(0))
