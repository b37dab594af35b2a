"""The connector of `sftp`, on asyncssh.

Follows `pkg/eventsources/sources/sftp/start.go` of Argo Events 1.9: the folder is listed every `pollIntervalDuration` (ten
seconds unless given), with those below it, and compared with the former listing. Log in by password, or by a private key.
As in Argo the server's key is not checked. What changes while the connection is lost is told of after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import asyncssh

from argosy.adapters.brokers.common import address, check_host
from argosy.adapters.brokers.listing import Seen, differences
from argosy.errors import ArgosyError, Denied, InvalidObject, NotFound, Unavailable
from argosy.lang import duration
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.places import SftpSource

__all__ = ["SftpConnector"]

_PORT: Final = 22
_DEFAULT_SECONDS: Final = 10.0
_MOST_FOLDERS: Final = 1000


class SftpConnector:
    """See `Connector`."""

    def __init__(self, entry: SftpSource) -> None:
        self._entry = entry
        self._seconds = _seconds(entry.poll_interval_duration)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._seen: Mapping[str, Seen] | None = None
        self._where = ""

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        entry = self._entry
        host, port = address(secret(entry.address), _PORT)
        self._where = f"{host}:{port}"
        await check_host(host, port)
        login: dict[str, Any] = {"username": secret(entry.username), "known_hosts": None, "agent_path": None}
        if entry.ssh_key_secret is not None:
            try:
                key = asyncssh.import_private_key(secret(entry.ssh_key_secret) + "\n")
            except (asyncssh.KeyImportError, ValueError) as x:
                raise InvalidObject(f"no private key: {type(x).__name__}", field="sshKeySecret") from x
            login |= {"client_keys": [key], "password": None}
        else:
            login |= {"client_keys": None, "password": secret(entry.password)}
        async with self._told():
            self._connection = await asyncssh.connect(
                host, port, config=[], connect_timeout=10, keepalive_interval=15, **login
            )
            self._client = await self._connection.start_sftp_client()
            if self._seen is None:
                self._seen = await self._look()
            else:
                await self._client.stat(entry.watch_path_config.directory)

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        async with self._told():
            while True:
                await self._pause()
                now = await self._look()
                found = [Delivery({"name": name, "op": op}) for name, op in differences(self._seen or {}, now)]
                self._seen = now
                if found:
                    return found

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`: nothing is acknowledged."""
        del deliveries

    async def close(self) -> None:
        """See `Connector.close`."""
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.abort()
                await connection.wait_closed()

    async def _pause(self) -> None:
        """Until the next look, or the end of the connection."""
        if self._connection is None:
            raise Unavailable("not connected")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._connection.wait_closed()
            raise Unavailable(f"{self._where}: the connection is lost")

    async def _look(self) -> dict[str, Seen]:
        if self._client is None:
            raise Unavailable("not connected")
        found: dict[str, Seen] = {}
        folders = [self._entry.watch_path_config.directory]
        for _ in range(_MOST_FOLDERS):
            if not folders:
                break
            folder = folders.pop()
            async for one in self._client.scandir(folder):
                name = str(one.filename)
                if name in (".", ".."):
                    continue
                path, attributes = f"{folder.rstrip('/')}/{name}", one.attrs
                mode = attributes.permissions or 0
                found[path] = Seen(attributes.size or 0, float(attributes.mtime or 0), stat.S_IMODE(mode))
                if stat.S_ISDIR(mode):
                    folders.append(path)
        return found

    @contextlib.asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """What asyncssh raises, as ours."""
        try:
            yield
        except (asyncssh.PermissionDenied, asyncssh.SFTPPermissionDenied) as x:
            raise Denied(f"{self._where}: {x.reason}") from x
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as x:
            raise NotFound(f"{self._where}: {self._entry.watch_path_config.directory}: {x.reason}") from x
        except (asyncssh.Error, OSError, TimeoutError) as x:
            raise Unavailable(f"{self._where}: {x or type(x).__name__}") from x


def _seconds(text: str) -> float:
    try:
        return max(0.05, duration.parse(text) / 1e9) if text else _DEFAULT_SECONDS
    except ArgosyError as x:
        raise InvalidObject(str(x), field="pollIntervalDuration") from x
