"""`argosy up`: the whole of Argosy on one machine, in two processes.

The gateway process takes requests in and makes them durable; the worker process runs sensors, triggers and the clock.
They share the data directory and nothing else. Either may be killed at any moment: what was answered is on disk, and
what was in flight is taken up again at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from argosy.errors import ArgosyError, Unavailable
from argosy.local.apidoor import ApiDoor, GitDoor, is_near
from argosy.local.assembly import ClusterAccess, Embedded, assemble
from argosy.local.datadir import DataDir
from argosy.local.doors import Doors
from argosy.local.draining import DRAIN, DRAIN_SECONDS
from argosy.local.functions import handler
from argosy.local.gateway import Gateway
from argosy.local.memory import settle_memory
from argosy.local.plugins import load_plugins
from argosy.local.token import local_actor, make_token
from argosy.local.wake import WORK, Sleeper, Waker
from argosy.resources.manifests import Manifest
from argosy.services.access import TokenAuthoriser
from argosy.services.queues import BUS, TRIGGERS
from argosy.services.runtime import use

__all__ = ["UpOptions", "up"]

_log = logging.getLogger("argosy.local")
_POLL = 2.0
_REQUEST_SECONDS = 10.0


@dataclass(frozen=True)
class UpOptions:
    """What `argosy up` was told: where the data lies, what to apply first, the cluster, the API address, whether to stay.

    `plugins`: a folder of ConfigManagementPlugins.
    """

    data: Path
    apply: Sequence[Manifest] = ()
    cluster: ClusterAccess | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    once: bool = False
    plugins: Path | None = None


def up(options: UpOptions) -> int:
    """Run until Ctrl-C or SIGTERM (or, with `once`, until nothing is left to do); returns the exit code.

    Raises Unavailable when the data directory is in use, InvalidObject for a bad manifest.
    """
    load_plugins(options.plugins)  # what is wrong with them is told before anything is started
    data = DataDir(options.data)
    data.claim("instance", {"pid": os.getpid()})
    data.wait_for("worker", DRAIN_SECONDS)  # one whose gateway was killed ends by itself, at once
    authoriser = TokenAuthoriser(make_token(data.token), local_actor())
    embedded = assemble(data, cluster=options.cluster, authoriser=authoriser)
    try:
        embedded.queue.recover()
        left = sum(embedded.queue.depth(name).total for name in (BUS, TRIGGERS))
        if left:
            _log.info("%d messages are left from the last run; they are taken up again", left)
        for result in embedded.runtime.objects.apply(options.apply, actor=local_actor()):
            _log.info("%s", result)
        use(embedded.runtime)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_Installation(options, data, embedded).run())
    finally:
        embedded.close()
        data.release()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class _Installation:
    def __init__(self, options: UpOptions, data: DataDir, embedded: Embedded) -> None:
        self._options, self._data, self._embedded = options, data, embedded
        self._waker, self._own_waker = Waker(data.pipe("worker")), Waker(data.pipe("gateway"))
        self._stop = asyncio.Event()
        self._worker: asyncio.subprocess.Process | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        declarations = self._embedded.runtime.receiver.declarations
        declarations.refresh()
        self._embedded.queue.watchers = dict.fromkeys(WORK, Waker(self._data.pipe("work")).wake)
        gateway = Gateway(self._embedded.queue, handler("webhook"), self._waker.wake)
        api = ApiDoor(self._embedded.runtime.authoriser, self._own_waker.wake)
        git = GitDoor()
        doors = Doors(gateway, declarations, self._embedded.patient_secrets, self._options.host, api, git)
        port = await self._open_api(doors)
        await self._start_worker()
        supervisor = asyncio.create_task(self._supervise())
        await doors.sync()
        settle_memory()
        where = f"http://{_in_url(self._options.host)}:{port}/hooks/" if port is not None else "without the API port"
        _log.info("ready: %s, data in %s", where, self._data.root)
        if self._options.once:
            await self._until_idle()
        else:
            await self._follow(doors)
        _log.info("draining; Ctrl-C again ends at once")
        loop.remove_signal_handler(signal.SIGINT)
        supervisor.cancel()
        self._embedded.clock.end()  # requests that wait for a change are answered now
        try:
            await doors.close(_REQUEST_SECONDS)
            api.close()
            git.close()
            code = await self._stop_worker()
        finally:
            self._kill_worker()
        _log.info("stopped" if code == 0 else "stopped with work left; the next start takes it up")
        return 0

    async def _open_api(self, doors: Doors) -> int | None:
        """Open the API port and tell other processes of this machine where it is, if they may use it."""
        port = await doors.open_api(self._options.port)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._options.host, self._options.host)  # noqa: S104 - what to avoid
        if port is not None and (host == "localhost" or is_near(host)):
            self._data.tell("instance", {"pid": os.getpid(), "api": f"http://{_in_url(host)}:{port}"})
        return port

    async def _follow(self, doors: Doors) -> None:
        """Keep ports in step with the declarations until told to stop."""
        sleeper, changed = Sleeper(self._data.pipe("gateway")), asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(sleeper.fileno(), changed.set)
        declarations = self._embedded.runtime.receiver.declarations
        told = declarations.version
        while not self._stop.is_set():
            waits = [asyncio.create_task(changed.wait()), asyncio.create_task(self._stop.wait())]
            await asyncio.wait(waits, timeout=_POLL, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()
            changed.clear()
            sleeper.clear()
            try:
                declarations.refresh(now=True)
                if declarations.version != told:
                    self._waker.wake()
                told = declarations.version
                if not doors.has_api:
                    await self._open_api(doors)
                await doors.sync()
            except ArgosyError as x:
                _log.error("declarations: %s", x)
        loop.remove_reader(sleeper.fileno())
        sleeper.close()

    async def _until_idle(self) -> None:
        while not self._stop.is_set():
            depths = [self._embedded.queue.depth(name) for name in (BUS, TRIGGERS)]
            if all(depth.total == 0 for depth in depths):
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 0.1)

    async def _start_worker(self) -> None:
        cluster = self._options.cluster
        arguments = [
            "yes" if cluster else "no",
            cluster.kubeconfig if cluster else "",
            cluster.context if cluster else "",
            str(self._options.plugins or ""),
        ]
        self._worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "argosy.local.worker",
            str(self._data.root),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        if self._worker.stdout is None or await self._worker.stdout.readline() != b"ready\n":
            raise Unavailable("the worker process did not start; its own message stands above")

    async def _supervise(self) -> None:
        """Start the worker again when it dies."""
        while self._worker is not None:
            code = await self._worker.wait()
            if self._stop.is_set():
                return
            _log.error("the worker process ended with %s; starting it again", code)
            await asyncio.sleep(1)
            try:
                self._embedded.queue.recover()
                await self._start_worker()
            except (ArgosyError, OSError) as x:
                _log.error("the worker process cannot be started: %s; trying again", x)

    def _kill_worker(self) -> None:
        if self._worker is not None and self._worker.returncode is None:
            self._worker.kill()

    async def _stop_worker(self) -> int:
        if self._worker is None:
            return 0
        if self._worker.returncode is None and self._worker.stdin is not None:
            with contextlib.suppress(OSError):
                self._worker.stdin.write(DRAIN)
                await self._worker.stdin.drain()
            self._worker.stdin.close()
        try:
            return await asyncio.wait_for(self._worker.wait(), 2 * DRAIN_SECONDS + 5)
        except TimeoutError:
            self._kill_worker()
            return await self._worker.wait()
