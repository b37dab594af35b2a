"""How a repository's certificate is checked, and what is shown to one that asks for a certificate.

In: `Credentials`; out: a context for Python's ssl. Called by what talks to Git hosts and to repositories of charts.
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from argosy.errors import InvalidObject
from argosy.ports.repository import Credentials

__all__ = ["context_of"]


def context_of(credentials: Credentials) -> ssl.SSLContext:
    """The context. Raises InvalidObject for certificates or a key that are none.

    Where certificates are given, no other authority is trusted, as in Argo CD.
    """
    try:
        context = ssl.create_default_context(cadata=credentials.ca or None)
    except (ssl.SSLError, ValueError, TypeError):  # the last for what is not ASCII
        raise InvalidObject("no certificates in PEM form", obj="ConfigMap/argocd-tls-certs-cm") from None
    if credentials.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if credentials.client_key:
        with tempfile.TemporaryDirectory(prefix="argosy-tls-") as folder:
            pair = Path(folder) / "pair.pem"  # Python's ssl reads keys from files alone; the folder is its owner's
            pair.write_text(f"{credentials.client_cert}\n{credentials.client_key}\n")
            try:
                context.load_cert_chain(pair, password="")
            except (ssl.SSLError, ValueError):
                raise InvalidObject("no certificate and key that fit", field="tlsClientCertKey") from None
    return context
