"""Where outgoing HTTP may go.

Checked on the address of every single connection, after DNS and after each redirect, so that neither a name that
resolves elsewhere nor a redirect gets around it. Refused: link-local and cloud metadata addresses, and inside Lambda
loopback, where the runtime API listens.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Final

from argosy.errors import Denied

__all__ = ["check_address"]

_METADATA: Final = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fd00:ec2::/32"))


def check_address(address: str) -> None:
    """Raise Denied when nothing of ours may connect to this IP address: a trigger, or what fetches repositories."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    metadata = any(ip.version == network.version and ip in network for network in _METADATA)
    loopback = ip.is_loopback and "AWS_LAMBDA_FUNCTION_NAME" in os.environ
    if metadata or loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        raise Denied(f"the address {ip} may not be reached from here (link-local, metadata or loopback)")
