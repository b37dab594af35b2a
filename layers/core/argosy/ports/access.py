"""Access port: who sends a request to the API.

One piece, so that another way to tell who asks (users with passwords, single sign-on) takes its place without a route
knowing. What somebody may do is not decided here: on AWS that is IAM's part, on one machine whoever has the token may all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Actor", "Authoriser", "Caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request tells of its sender: headers (names in lower case) and what the gateway before us has found out.

    `context` is API Gateway's `requestContext`, which no sender can write into.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the audit names it: `arn:aws:iam::123456789012:user/bob`, `local/alice`."""

    name: str


class Authoriser(Protocol):
    """Tells who asks."""

    @property
    def scheme(self) -> str:
        """How a request has to say it: the `WWW-Authenticate` header of a refusal."""
        ...

    def actor(self, caller: Caller) -> Actor:
        """Who asks. Raises Unauthenticated when that is not said or not proved, Denied when they may not ask at all."""
        ...
