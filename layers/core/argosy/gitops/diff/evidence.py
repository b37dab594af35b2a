"""What the API server says of an object that seems to differ, where what is kept of it does not suffice.

Kept copies have no `managedFields`, and only the server knows what its defaults and webhooks make of an apply. Both are
asked for only of pairs that the cheap comparison finds different, and only where an Application wants it: by
`managedFieldsManagers`, or by a server-side diff (`ServerSideDiff=true` in `argocd.argoproj.io/compare-options`, or
`controller.diff.server.side` of `argocd-cmd-params-cm`), as in `controller/state.go` of Argo CD 3.6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from argosy.errors import InvalidObject
from argosy.gitops.annotations import COMPARE_OPTIONS
from argosy.gitops.sync.options import listed

__all__ = ["Evidence", "ServerSide", "pair_name", "server_side_of"]

type Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """`live`: the whole object; `dry_run`: what an apply would make of it, None = not asked; `problem`: why it would not."""

    live: Object
    dry_run: Object | None = None
    problem: str = ""

    def predicted(self) -> Object:
        """What an apply would make of the object. Raises InvalidObject when the server refuses it."""
        if self.dry_run is None:
            said = f"error running server side apply in dryrun mode: {self.problem or 'the server was not asked'}"
            raise InvalidObject(said)
        return self.dry_run


@dataclass(frozen=True, slots=True)
class ServerSide:
    """How a server-side diff is made. `webhooks`: what mutating webhooks change beside counts, too."""

    webhooks: bool = False


def server_side_of(annotations: Mapping[str, str], *, everywhere: bool) -> ServerSide | None:
    """What an Application's annotations ask for; `everywhere`: the settings do. None for the cheap comparison alone."""
    notes = listed(annotations.get(COMPARE_OPTIONS))
    if "ServerSideDiff=false" in notes or not (everywhere or "ServerSideDiff=true" in notes):
        return None
    return ServerSide("IncludeMutationWebhook=true" in notes)


def pair_name(target: Object, live: Object) -> str:
    """Names what is wanted together with the version of what is there."""
    metadata = live.get("metadata") or {}
    text = orjson.dumps([target, metadata.get("uid"), metadata.get("resourceVersion")])
    return hashlib.sha256(text).hexdigest()
