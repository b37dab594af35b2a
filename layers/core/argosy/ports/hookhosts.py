"""Hook hosts port: the webhooks of a Git host, listed and written by its API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["HookHosts", "HookPlace", "ListedHook"]


@dataclass(frozen=True, slots=True)
class HookPlace:
    """Where hooks are: the host's type, the address of its API ("" = the public one), and what carries them.

    `options` are the host's own. `secrets` are values: what the host is asked with, and what it is to sign with (`secret`).
    """

    host: str
    base: str
    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ListedHook:
    """A webhook as its host lists it."""

    id: str
    url: str
    events: Sequence[str]


class HookHosts(Protocol):
    """Git hosts. Every call raises NotFound, Denied, Permanent or Unavailable, in the host's own words."""

    def targets(self, place: HookPlace) -> Sequence[str]:
        """What the place's target stands for: itself, or the repositories of a project."""
        ...

    def listed(self, place: HookPlace, target: str) -> Sequence[ListedHook]:
        """The webhooks of a target."""
        ...

    def create(self, place: HookPlace, target: str, url: str, events: Sequence[str]) -> str:
        """Make a webhook; its id."""
        ...

    def edit(self, place: HookPlace, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """Bring a webhook up to date."""
        ...

    def delete(self, place: HookPlace, target: str, hook: str) -> None:
        """Remove a webhook; one that is not there is fine."""
        ...
