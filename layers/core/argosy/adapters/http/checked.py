"""urllib3 within the egress rule: every connection goes to an address that was looked up and checked here.

Also one that a redirect leads to. Proxies of the environment are not used.
"""

from __future__ import annotations

import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from argosy.adapters.http.egress import check_address

__all__ = ["CheckedPools"]


def _connected(host: str, port: int, seconds: float | None) -> socket.socket:
    problem: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        check_address(str(address[0]))
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(address)
            return connection
        except OSError as x:
            connection.close()
            problem = x
    raise problem or OSError(f"{host} has no address")


class _Checked(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if isinstance(self.timeout, int | float) else None
        try:
            return _connected(self._dns_host, self.port, seconds)
        except OSError as x:
            raise urllib3.exceptions.NewConnectionError(self, str(x)) from x


class _CheckedTls(_Checked, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.is_verified = True  # else every request warns of a check that its manifest has turned off


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


class CheckedPools(urllib3.PoolManager):
    """Connections within the egress rule."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
