"""Event source `gitlab`: a delivery of a GitLab webhook becomes an event with its headers.

Follows `pkg/eventsources/sources/gitlab/start.go` of Argo Events 1.9. Different on purpose: the token is masked in the
event, as bearer tokens are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem, json_event, same_text
from argosy.resources.base import KeyRef
from argosy.resources.sources.http import GitlabSource

__all__ = ["Gitlab", "has_token"]

SECRET: Final = "secretToken"  # noqa: S105 - the name of a field
_HEADER: Final = "X-Gitlab-Token"


class Gitlab(HookSource[GitlabSource]):
    """Known by `secretToken`, if the entry has one."""

    def secrets(self, entry: GitlabSource) -> Mapping[str, KeyRef]:
        """See `HookSource.secrets`."""
        return {SECRET: entry.secret_token} if entry.secret_token is not None else {}

    def answer(self, entry: GitlabSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        if not has_token(delivery, delivery.secrets.get(SECRET, "")):
            return Answer(400, problem=Problem.SIGNATURE)
        return json_event(delivery, entry.metadata, hidden=_HEADER)


def has_token(delivery: Delivery, token: str) -> bool:
    """Whether the delivery shows the token; an empty one asks for nothing."""
    return not token or same_text(delivery.header(_HEADER), token)
