"""Pull requests port: what the API of a Git host tells of a pull request, and what is said there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

__all__ = ["PullRequestHosts", "RequestPlace"]


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """A pull request: the host's type, its API, the repository there, the number, and the token that asks."""

    host: str
    api: str
    repository: str
    number: int
    token: str = field(repr=False)


class PullRequestHosts(Protocol):
    """Git hosts. Every call raises NotFound, Denied, Permanent or Unavailable, in the host's own words."""

    def base(self, place: RequestPlace, branch: str, head: str) -> str:
        """The commit of the branch that `head` began at: their merge base."""
        ...

    def say(self, place: RequestPlace, marker: str, text: str) -> None:
        """Have one comment that begins with the marker say this; it is changed if it is there."""
        ...

    def judge(
        self, place: RequestPlace, head: str, state: Literal["success", "failure"], context: str, description: str
    ) -> None:
        """Give the commit a status."""
        ...
