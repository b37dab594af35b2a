"""How an agent proves to AWS who it is: what that adds to its manifests.

    pod_identity     EKS gives the pod's service account a role; its agent on the node answers on an address of its own
    web_identity     the cluster's own tokens are believed by AWS (IRSA): a role of the service account, by annotation
    roles_anywhere   a certificate of the user's own authority; AWS's helper runs beside the agent and serves credentials
    access_key       a key in a Secret; the last resort, since it does not end by itself

Pure. Called by `manifests`, and by the command that prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Identity", "access_key", "pod_identity", "roles_anywhere", "web_identity"]

_POD_IDENTITY: Final = ("169.254.170.23/32", "fd00:ec2::23/128")
_HELPER_PORT: Final = 9911
_CERTIFICATES: Final = "/certificates"

type Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a way of proving who one is adds.

    `annotations` to the service account, `environment` and `secrets` (which become its environment) to the agent, `egress`
    to its network policy, `helpers` are containers beside it and `volumes` what those mount.
    """

    annotations: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    egress: tuple[Part, ...] = ()
    helpers: tuple[Part, ...] = ()
    volumes: tuple[Part, ...] = ()


def pod_identity() -> Identity:
    """EKS Pod Identity. The association names namespace and service account, and stands in EKS, not in a manifest."""
    blocks = [{"ipBlock": {"cidr": cidr}} for cidr in _POD_IDENTITY]
    return Identity(egress=({"to": blocks, "ports": [{"port": 80, "protocol": "TCP"}]},))


def web_identity(role_arn: str) -> Identity:
    """IRSA. The second annotation asks for tokens of the region's own STS."""
    return Identity({"eks.amazonaws.com/role-arn": role_arn, "eks.amazonaws.com/sts-regional-endpoints": "true"})


def roles_anywhere(trust_anchor_arn: str, profile_arn: str, role_arn: str, secret: str, image: str) -> Identity:
    """IAM Roles Anywhere: `secret` is of type kubernetes.io/tls, `image` holds AWS's aws_signing_helper.

    The helper serves credentials where an instance of EC2 would; its port is open on the pod's own loopback alone.
    """
    arguments = {
        "--port": str(_HELPER_PORT),
        "--certificate": f"{_CERTIFICATES}/tls.crt",
        "--private-key": f"{_CERTIFICATES}/tls.key",
        "--trust-anchor-arn": trust_anchor_arn,
        "--profile-arn": profile_arn,
        "--role-arn": role_arn,
    }
    helper = {
        "name": "credentials",
        "image": image,
        "args": ["serve", *(word for pair in arguments.items() for word in pair)],
        "volumeMounts": [{"name": "certificates", "mountPath": _CERTIFICATES, "readOnly": True}],
    }
    volume = {"name": "certificates", "secret": {"secretName": secret, "defaultMode": 0o440}}
    environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{_HELPER_PORT}"}
    return Identity(environment=environment, helpers=(helper,), volumes=(volume,))


def access_key(secret: str) -> Identity:
    """`secret` holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""
    return Identity(secrets=(secret,))
