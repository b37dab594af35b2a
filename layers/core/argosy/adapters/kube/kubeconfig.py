"""What a kubeconfig tells of a cluster: its address and its CA, and for those who ask the user's client certificate.

Called by `argosy cluster add CONTEXT`, which makes credentials of its own unless it is told to keep the certificate.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from argosy.errors import InvalidObject, NotFound

__all__ = ["certificate_of", "server_of"]


def server_of(kubeconfig: Path | None, context: str) -> tuple[str, str]:
    """(URL, base64 of the CA's PEM, "" for one that this machine trusts anyway) of a context.

    Raises NotFound for a missing file or context, InvalidObject for one whose server nobody could be sure of.
    """
    found = _read(kubeconfig, context)
    ca = Path(found.ssl_ca_cert).read_bytes() if found.ssl_ca_cert else b""
    if not found.verify_ssl:
        raise InvalidObject(
            "skips the verification of the server's certificate: whoever stands in between could read the token; "
            "name the cluster's CA in it",
            obj=f"context {context}",
            field="insecure-skip-tls-verify",
        )
    return str(found.host), base64.b64encode(ca).decode()


def certificate_of(kubeconfig: Path | None, context: str) -> tuple[str, str]:
    """(certificate, key) of a context's user, as PEM. Raises NotFound for a missing file, context or certificate."""
    found = _read(kubeconfig, context)
    if not (found.cert_file and found.key_file):
        raise NotFound(
            f"context {context}: its user has no client certificate; without --client-certificate an account is made"
        )
    return Path(found.cert_file).read_text(), Path(found.key_file).read_text()


def _read(kubeconfig: Path | None, context: str) -> Any:
    from kubernetes import config
    from kubernetes.client import Configuration

    found = Configuration()
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]  # untyped in kubernetes 37
            config_file=str(kubeconfig) if kubeconfig else None,
            context=context,
            client_configuration=found,
            persist_config=False,
        )
        for file in (found.ssl_ca_cert, found.cert_file, found.key_file):
            if file:
                Path(file).read_bytes()
    except (config.ConfigException, OSError) as x:
        raise NotFound(f"kubeconfig {kubeconfig or '(default)'}, context {context}: {x}") from x
    return found
