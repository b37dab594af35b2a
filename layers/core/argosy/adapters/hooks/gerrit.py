"""Webhooks at Gerrit, of projects, by its plugin `webhooks`: a remote of the manifest's `hookName` in each.

Follows `pkg/eventsources/sources/gerrit` of Argo Events 1.9. A remote is made and changed by the same request.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote

from argosy.adapters.hooks.jsonapi import JsonApi
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["Gerrit"]


class Gerrit:
    """Asked as the user, below `/a`, where Gerrit asks who it is."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        del public  # the manifest always names the address
        self._place = place
        who = f"{place.secrets['username']}:{place.secrets['password']}".encode()
        basic = base64.b64encode(who).decode()
        self._api = JsonApi(f"{place.base.rstrip('/')}/a", {"Authorization": f"Basic {basic}"})

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        return [self._place.target]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`: ours alone."""
        found = self._api.call("GET", f"{_remotes(target)}/") or {}
        name = self._name
        return [ListedHook(name, found[name].get("url", ""), found[name].get("events", ()))] if name in found else []

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        self.edit(target, self._name, url, events)
        return self._name

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        options = self._place.options
        body = {"url": url, "events": list(events), "sslVerify": bool(options.get("ssl_verify"))}
        if options.get("max_tries"):
            body["maxTries"] = options["max_tries"]
        self._api.call("PUT", _remote(target, hook), body)

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._api.call("DELETE", _remote(target, hook))

    @property
    def _name(self) -> str:
        return str(self._place.options["name"])


def _remotes(project: str) -> str:
    return f"config/server/webhooks~projects/{quote(project, safe='')}/remotes"


def _remote(project: str, name: str) -> str:
    return f"{_remotes(project)}/{quote(name, safe='')}"
