"""The two ways to prove who sends a request to the API: a signature that API Gateway has checked, and a token.

Both refuse whatever they do not know (ports/access.py); neither knows cookies, so that a page in somebody's browser has
nothing to send along.
"""

from __future__ import annotations

import hmac
from typing import Final

from argosy.errors import Unauthenticated
from argosy.ports.access import Actor, Caller

__all__ = ["IamAuthoriser", "TokenAuthoriser"]

_BEARER: Final = "bearer"


class IamAuthoriser:
    """AWS_IAM: API Gateway has checked the SigV4 signature and IAM's rules, and tells the caller's ARN."""

    scheme = "AWS4-HMAC-SHA256"

    def actor(self, caller: Caller) -> Actor:
        """See `Authoriser.actor`."""
        identity = caller.context.get("identity")
        arn = identity.get("userArn") if isinstance(identity, dict) else None
        if not isinstance(arn, str) or not arn:
            raise Unauthenticated(
                "the request is not signed; sign it with AWS credentials (SigV4, service execute-api), "
                "as `argosy --stack NAME` does"
            )
        return Actor(arn)


class TokenAuthoriser:
    """One token, in `Authorization: Bearer`: whoever has it acts as `name`."""

    scheme = 'Bearer realm="argosy"'

    def __init__(self, token: str, name: str) -> None:
        """`token`: not empty; what the file in the data directory holds."""
        if not token:
            raise Unauthenticated("an empty token would let everybody in")
        self._token, self._actor = token.encode(), Actor(name)

    def actor(self, caller: Caller) -> Actor:
        """See `Authoriser.actor`. Takes as long whatever the token is."""
        scheme, _, given = caller.headers.get("authorization", "").partition(" ")
        if scheme.lower() != _BEARER or not given.strip():
            raise Unauthenticated(
                "the request has no token; send `Authorization: Bearer` with what the file `token` in the data "
                "directory of `argosy up` holds"
            )
        if not hmac.compare_digest(given.strip().encode(), self._token):
            raise Unauthenticated("the token is wrong; the file `token` in the data directory of `argosy up` holds it")
        return self._actor
