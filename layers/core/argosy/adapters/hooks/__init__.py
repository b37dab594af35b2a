"""The Hook hosts port on the hosts' HTTP APIs, one file each; a host is loaded when it is first asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, Protocol

from argosy.errors import NotFound
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["HOSTS", "HttpHookHosts"]

HOSTS: Final = {
    "bitbucket": "argosy.adapters.hooks.bitbucket:Bitbucket",
    "bitbucketserver": "argosy.adapters.hooks.bitbucketserver:BitbucketServer",
    "gerrit": "argosy.adapters.hooks.gerrit:Gerrit",
    "github": "argosy.adapters.hooks.github:Github",
    "gitlab": "argosy.adapters.hooks.gitlab:Gitlab",
    "storageGrid": "argosy.adapters.hooks.storage_grid:StorageGrid",
    "stripe": "argosy.adapters.hooks.stripe:Stripe",
}


class Host(Protocol):
    """One host, for one place."""

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        ...

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        ...

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        ...

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        ...

    def delete(self, target: str, hook: str) -> None:
        """See `HookHosts.delete`; here a hook that is not there raises NotFound."""
        ...


class HttpHookHosts:
    """Every host by its type. `public`: addresses of public APIs, where others stand for them."""

    def __init__(self, public: Mapping[str, str] | None = None) -> None:
        self._public = dict(public or {})

    def targets(self, place: HookPlace) -> Sequence[str]:
        """See `HookHosts.targets`."""
        return self._host(place).targets()

    def listed(self, place: HookPlace, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        return self._host(place).listed(target)

    def create(self, place: HookPlace, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        return self._host(place).create(target, url, events)

    def edit(self, place: HookPlace, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._host(place).edit(target, hook, url, events)

    def delete(self, place: HookPlace, target: str, hook: str) -> None:
        """See `HookHosts.delete`."""
        with suppress(NotFound):
            self._host(place).delete(target, hook)

    def _host(self, place: HookPlace) -> Host:
        module, _, name = HOSTS[place.host].partition(":")
        make: Any = getattr(import_module(module), name)
        host: Host = make(place, self._public.get(place.host, ""))
        return host
