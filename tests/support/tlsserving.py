"""TLS for the servers of tests, with a certificate for localhost and 127.0.0.1 that is its own authority."""

from __future__ import annotations

import ssl
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Final

from support.brokers.base import TLS

__all__ = ["CERTIFICATE", "KEY", "speak_tls"]

CERTIFICATE: Final = (TLS / "cert.pem").read_text()
KEY: Final = (TLS / "key.pem").read_text()


def speak_tls(server: ThreadingHTTPServer, *, mutual: bool = False, pair: Path | None = None) -> None:
    """Make a server speak TLS; `mutual`: it lets in who shows that certificate alone; `pair`: another than that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if pair is None:
        context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    else:
        context.load_cert_chain(pair)
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(TLS / "cert.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
