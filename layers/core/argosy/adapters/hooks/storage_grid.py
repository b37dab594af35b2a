"""Notifications of a StorageGRID bucket: a platform services endpoint for our URL, and the bucket's notification to it.

Follows `pkg/eventsources/sources/storagegrid/start.go` of Argo Events 1.9: the endpoint is known by its URL and made
without credentials, and the notification takes the place of whatever the bucket had. What that says is not read back: it is
written whenever the manifest has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from argosy.adapters.hooks.jsonapi import JsonApi
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["StorageGrid"]

_NAME: Final = "argosy"
_NOTHING: Final = "<NotificationConfiguration/>"


class StorageGrid:
    """Asked with the token of a tenant's user; `apiURL` ends with the API's version."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        del public  # the manifest always names the address
        self._place = place
        self._api = JsonApi(
            place.base,
            {"Authorization": f"Bearer {place.secrets['token']}"},
            ca=place.secrets.get("ca", ""),
            insecure=bool(place.options.get("insecure")),
        )

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`: the bucket."""
        return [self._place.target]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`: the endpoints, of whose events nothing is known."""
        del target
        found = (self._api.call("GET", "org/endpoints") or {}).get("data", ())
        return [ListedHook(str(one["id"]), one.get("endpointURI", ""), ()) for one in found]

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        made = self._api.call("POST", "org/endpoints", self._endpoint(url))
        self._notify(target, self._notification(events))
        return str(made["data"]["id"])

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._api.call("PUT", f"org/endpoints/{quote(hook, safe='')}", self._endpoint(url))
        self._notify(target, self._notification(events))

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._notify(target, _NOTHING)
        self._api.call("DELETE", f"org/endpoints/{quote(hook, safe='')}")

    def _endpoint(self, url: str) -> dict[str, Any]:
        topic = self._place.options["topic"]
        return {
            "displayName": _NAME,
            "endpointURI": url,
            "endpointURN": topic,
            "authType": "anonymous",
            "insecureTLS": True,
        }

    def _notify(self, bucket: str, notification: str) -> None:
        self._api.call("PUT", f"org/containers/{quote(bucket, safe='')}/notification", {"notification": notification})

    def _notification(self, events: Sequence[str]) -> str:
        options = self._place.options
        rules = "".join(
            f"<FilterRule><Name>{name}</Name><Value>{escape(options[name])}</Value></FilterRule>"
            for name in ("prefix", "suffix")
            if options.get(name)
        )
        told = "".join(f"<Event>{escape(one)}</Event>" for one in events)
        kept = f"<Filter><S3Key>{rules}</S3Key></Filter>" if rules else ""
        topic = f"<Id>{_NAME}</Id>{kept}<Topic>{escape(options['topic'])}</Topic>{told}"
        return (
            f"<NotificationConfiguration><TopicConfiguration>{topic}</TopicConfiguration></NotificationConfiguration>"
        )
