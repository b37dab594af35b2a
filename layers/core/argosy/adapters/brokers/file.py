"""The connector of `file`: a folder of this machine (in an agent: of its pod), by inotify or by looking again and again.

Follows `pkg/eventsources/sources/file/start.go` of Argo Events 1.9, and of the `fsnotify` below it what inotify's events are
called. Folders below are not watched. With `polling: true` the folder is compared with its former look ten times a second.
Nothing is acknowledged or remembered: what changes while nobody watches is not told of.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from argosy.adapters.brokers.common import drain
from argosy.adapters.brokers.listing import Seen, differences
from argosy.errors import ArgosyError, Denied, NotFound, Unavailable, Unsupported
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.places import FileSource

if TYPE_CHECKING:
    from asyncinotify import Event, Inotify

__all__ = ["FileConnector"]

_POLL_SECONDS: Final = 0.1


class FileConnector:
    """See `Connector`."""

    def __init__(self, entry: FileSource) -> None:
        self._entry = entry
        self._folder = entry.watch_path_config.directory
        self._inotify: Inotify | None = None
        self._seen: Mapping[str, Seen] = {}
        self._queue: asyncio.Queue[Delivery | Exception] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        del secret
        await asyncio.to_thread(_check, self._folder)
        if self._entry.polling:
            self._seen = await asyncio.to_thread(_look, self._folder)
            return
        try:
            from asyncinotify import Inotify, Mask
        except (ImportError, AttributeError, OSError) as x:
            raise Unsupported("this machine has no inotify: set polling: true", field="polling") from x
        wanted = Mask.CREATE | Mask.DELETE | Mask.MODIFY | Mask.MOVED_FROM | Mask.MOVED_TO | Mask.ATTRIB
        try:
            self._inotify = Inotify()
            self._inotify.add_watch(self._folder, wanted | Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.ONLYDIR)
        except OSError as x:
            raise Unavailable(f"{self._folder} cannot be watched: {x.strerror or x}") from x
        self._queue = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(self._inotify))

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        return await (self._polled() if self._entry.polling else drain(self._queue))

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`: nothing is acknowledged."""
        del deliveries

    async def close(self) -> None:
        """See `Connector.close`."""
        if self._reading is not None:
            self._reading.cancel()
        inotify, self._inotify = self._inotify, None
        if inotify is not None:
            with contextlib.suppress(Exception):
                inotify.close()

    async def _polled(self) -> list[Delivery]:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            now = await asyncio.to_thread(_look, self._folder)
            found = [Delivery({"name": name, "op": op}) for name, op in differences(self._seen, now)]
            self._seen = now
            if found:
                return found

    async def _read(self, inotify: Inotify) -> None:
        """What inotify tells, into the queue, until the watch ends."""
        try:
            async for event in inotify:
                for found in self._operations(event):
                    self._queue.put_nowait(found)
        except ArgosyError as x:
            self._queue.put_nowait(x)
        except (OSError, RuntimeError) as x:
            self._queue.put_nowait(Unavailable(f"{self._folder} is watched no more: {type(x).__name__}"))

    def _operations(self, event: Event) -> list[Delivery]:
        from asyncinotify import Mask

        if event.mask & (Mask.IGNORED | Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.UNMOUNT):
            raise NotFound(f"{self._folder} is there no more")
        if event.mask & Mask.Q_OVERFLOW:
            raise Unavailable(f"{self._folder} changes faster than it is watched: changes were lost")
        operations = {
            Mask.CREATE | Mask.MOVED_TO: "CREATE",
            Mask.MODIFY: "WRITE",
            Mask.DELETE: "REMOVE",
            Mask.MOVED_FROM: "RENAME",
            Mask.ATTRIB: "CHMOD",
        }
        names = [name for mask, name in operations.items() if event.mask & mask]
        if not names or event.name is None:
            return []
        return [Delivery({"name": _joined(self._folder, str(event.name)), "op": "|".join(names)})]


def _joined(folder: str, name: str) -> str:
    return os.path.join(folder, name)  # noqa: PTH118 - as the manifest writes the folder


def _check(folder: str) -> None:
    path = Path(folder)
    if not path.is_dir():
        raise NotFound(f"{folder} is no folder of the machine that watches it")
    if not os.access(path, os.R_OK | os.X_OK):
        raise Denied(f"{folder} may not be read")


def _look(folder: str) -> dict[str, Seen]:
    """Raises Unavailable."""
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    one = entry.stat(follow_symlinks=False)
                    identity = (one.st_dev, one.st_ino)
                    found[_joined(folder, entry.name)] = Seen(
                        one.st_size, one.st_mtime, stat.S_IMODE(one.st_mode), identity
                    )
    except OSError as x:
        raise Unavailable(f"{folder}: {x.strerror or x}") from x
    return found
