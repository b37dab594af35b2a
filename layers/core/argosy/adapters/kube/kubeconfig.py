"""What a kubeconfig tells of a cluster itself: its address and its CA, to be kept without the user's own credentials.

Called by `argosy cluster add CONTEXT`, which makes credentials of its own.
"""

from __future__ import annotations

import base64
from pathlib import Path

from argosy.errors import InvalidObject, NotFound

__all__ = ["server_of"]


def server_of(kubeconfig: Path | None, context: str) -> tuple[str, str]:
    """(URL, base64 of the CA's PEM, "" for one that this machine trusts anyway) of a context.

    Raises NotFound for a missing file or context, InvalidObject for one whose server nobody could be sure of.
    """
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
        ca = Path(found.ssl_ca_cert).read_bytes() if found.ssl_ca_cert else b""
    except (config.ConfigException, OSError) as x:
        raise NotFound(f"kubeconfig {kubeconfig or '(default)'}, context {context}: {x}") from x
    if not found.verify_ssl:
        raise InvalidObject(
            "skips the verification of the server's certificate: whoever stands in between could read the token; "
            "name the cluster's CA in it",
            obj=f"context {context}",
            field="insecure-skip-tls-verify",
        )
    return str(found.host), base64.b64encode(ca).decode()
