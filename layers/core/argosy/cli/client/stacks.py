"""A stack on AWS as the command line reaches it: its address from CloudFormation, requests signed for API Gateway.

Credentials, profile and region are those of AWS's own tools. With AWS_ENDPOINT_URL, which LocalStack's users set, the API is
asked for there, in the path in which LocalStack serves it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from argosy.adapters.aws.errors import telling
from argosy.cli.client.transport import Signer, Transport
from argosy.errors import Denied, InvalidObject, NotFound, Permanent

if TYPE_CHECKING:
    from botocore.session import Session

__all__ = ["transport_to"]


def transport_to(stack: str, region: str = "", profile: str = "") -> Transport:
    """The way to the API of a stack; `region` and `profile` as AWS's tools find them when they are left out.

    Raises NotFound when there is no such stack, InvalidObject when it is no Argosy or no region is set, Denied without
    credentials or rights, Unavailable when AWS does not answer.
    """
    from botocore.config import Config
    from botocore.session import Session

    with telling(f"stack {stack}"):
        session = Session(profile=profile or None)
        name = region or os.environ.get("AWS_REGION") or None
        config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
        client = session.create_client("cloudformation", region_name=name, config=config)
        found = str(client.meta.region_name)
    address = _address(client, stack, found)
    return Transport(address, _signer(session, found))


def _address(client: Any, stack: str, region: str) -> str:
    try:
        with telling(f"stack {stack} in {region}"):
            outputs = client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    except Permanent as x:
        if "does not exist" in str(x):
            raise NotFound(
                f"no stack {stack} in {region}; name another region or account with --region, --profile"
            ) from x
        raise
    url = next((each["OutputValue"] for each in outputs if each["OutputKey"] == "ApiUrl"), "")
    if not url:
        raise InvalidObject(
            f"stack {stack} in {region} has no output ApiUrl: it is no Argosy, or its deploy is not done"
        )
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    if not endpoint:
        return str(url)
    parts = urlsplit(url)
    return f"{endpoint}/_aws/execute-api/{(parts.hostname or '').partition('.')[0]}{parts.path}"


def _signer(session: Session, region: str) -> Signer:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    with telling("AWS credentials"):
        credentials = session.get_credentials()
    if credentials is None:
        raise Denied("no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in")

    def sign(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
        request = AWSRequest(method, url, dict(headers), body)
        with telling("AWS credentials"):
            SigV4Auth(credentials.get_frozen_credentials(), "execute-api", region).add_auth(request)
        return dict(request.headers.items())

    return sign
