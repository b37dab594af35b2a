"""The network that functions see: one address leads to the machine they run on.

In: `PROCESS_EXECUTOR_HOST_ADDRESS`, an address for documentation (RFC 5737) that nobody has. Out: connections to it
go to 127.0.0.1, same port. Loaded into every function's interpreter at its start by a `.pth` file beside it, since
Lambda's functions cannot reach a server on the developer's machine by loopback: there it is the function's own, and
`argosy.adapters.http.egress` refuses it. This way that rule stays in force, and a test names its server by the
address from outside. Blocking sockets and asyncio connect through the patched method; other event loops do not.
"""

import os
import socket
from typing import Any

_ADDRESS = os.environ.get("PROCESS_EXECUTOR_HOST_ADDRESS")


class _Socket(socket.socket):
    def connect(self, address: Any, /) -> None:
        super().connect(_routed(address))

    def connect_ex(self, address: Any, /) -> int:
        return super().connect_ex(_routed(address))


def _routed(address: Any) -> Any:
    if isinstance(address, tuple) and address[0] == _ADDRESS:
        return ("127.0.0.1", *address[1:])
    return address


if _ADDRESS:
    socket.socket = _Socket  # type: ignore[misc] # every later `socket.socket(...)` makes one that knows the way
