"""Who asks: signatures that API Gateway has checked, and tokens. (Every route with them: functional/functions/test_api.)"""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import Denied, Unauthenticated
from argosy.ports.access import Caller
from argosy.services.access import IamAuthoriser, TokenAuthoriser

ARN = "arn:aws:iam::123456789012:user/bob"


def test_a_signature() -> None:
    assert IamAuthoriser().actor(Caller({}, {"identity": {"userArn": ARN}})).name == ARN


@pytest.mark.parametrize(
    "context", [{}, {"identity": None}, {"identity": {}}, {"identity": {"userArn": None}}, {"identity": {"userArn": 7}}]
)
def test_no_signature(context: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated, match="not signed"):
        IamAuthoriser().actor(Caller({"userarn": ARN, "authorization": ARN}, context))


def test_a_token() -> None:
    authoriser = TokenAuthoriser("secret", "local/bob")
    assert authoriser.actor(Caller({"authorization": "Bearer secret"})).name == "local/bob"


def test_an_empty_token_lets_nobody_in() -> None:
    with pytest.raises(Denied):
        TokenAuthoriser("", "local/bob")
