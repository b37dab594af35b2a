"""The Pull requests port on the hosts' HTTP APIs, one file each; a host is loaded when it is first asked."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, Literal, Protocol

from argosy.ports.pullrequests import RequestPlace

__all__ = ["HOSTS", "HttpPullRequestHosts"]

HOSTS: Final = {
    "github": "argosy.adapters.pullrequests.github:Github",
    "gitlab": "argosy.adapters.pullrequests.gitlab:Gitlab",
}


class Host(Protocol):
    """One host, for one pull request."""

    def base(self, branch: str, head: str) -> str:
        """See `PullRequestHosts.base`."""
        ...

    def say(self, marker: str, text: str) -> None:
        """See `PullRequestHosts.say`."""
        ...

    def judge(self, head: str, state: Literal["success", "failure"], context: str, description: str) -> None:
        """See `PullRequestHosts.judge`."""
        ...


class HttpPullRequestHosts:
    """Every host by its type."""

    def base(self, place: RequestPlace, branch: str, head: str) -> str:
        """See `PullRequestHosts.base`."""
        return _host(place).base(branch, head)

    def say(self, place: RequestPlace, marker: str, text: str) -> None:
        """See `PullRequestHosts.say`."""
        _host(place).say(marker, text)

    def judge(
        self, place: RequestPlace, head: str, state: Literal["success", "failure"], context: str, description: str
    ) -> None:
        """See `PullRequestHosts.judge`."""
        _host(place).judge(head, state, context, description)


def _host(place: RequestPlace) -> Host:
    module, _, name = HOSTS[place.host].partition(":")
    make: Any = getattr(import_module(module), name)
    host: Host = make(place)
    return host
