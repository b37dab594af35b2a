"""From a delivery to what it says.

In: a delivery and the data of `argocd-secret`; out: `Push`, `Artifact`, or None for what concerns nobody. Called by the
function behind `/api/webhook`, which answers Denied of a registry with 401 and everything else that is raised here with 400.
Follows `Handler` of `util/webhook/webhook.go` in Argo CD 3.6. A body beyond the limit has not come this far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.gitops.loading import load
from argosy.gitops.webhooks import harbor
from argosy.gitops.webhooks.delivery import Artifact, Delivery, Push, same

__all__ = ["HOSTS", "SETTINGS", "host_of", "read", "received", "settings_of"]

HOSTS: Final[Mapping[str, str]] = {
    "azuredevops": "argosy.gitops.webhooks.azuredevops",
    "bitbucket": "argosy.gitops.webhooks.bitbucket",
    "bitbucketserver": "argosy.gitops.webhooks.bitbucketserver",
    "ghcr": "argosy.gitops.webhooks.ghcr",
    "github": "argosy.gitops.webhooks.github",
    "gitlab": "argosy.gitops.webhooks.gitlab",
    "gogs": "argosy.gitops.webhooks.gogs",
    "harbor": "argosy.gitops.webhooks.harbor",
}

SETTINGS: Final[Mapping[str, Sequence[str]]] = {
    "azuredevops": ("webhook.azuredevops.username", "webhook.azuredevops.password"),
    "bitbucket": ("webhook.bitbucket.uuid",),
    "bitbucketserver": ("webhook.bitbucketserver.secret",),
    "ghcr": ("webhook.github.secret",),
    "github": ("webhook.github.secret",),
    "gitlab": ("webhook.gitlab.secret",),
    "gogs": ("webhook.gogs.secret",),
    "harbor": (harbor.SETTING,),
}
"""What `argocd-secret` holds for each host."""

# In this order: Gogs sends GitHub's header too, and Bitbucket Cloud that of Bitbucket Server.
_HEADERS: Final = (
    ("X-Vss-Activityid", "azuredevops"),
    ("X-Gogs-Event", "gogs"),
    ("X-GitHub-Event", "github"),
    ("X-Gitlab-Event", "gitlab"),
    ("X-Hook-UUID", "bitbucket"),
    ("X-Event-Key", "bitbucketserver"),
)


def host_of(delivery: Delivery, secrets: Mapping[str, str]) -> str:
    """Who sends it, a key of `HOSTS`. Raises EvaluationError for what nobody known would send."""
    for header, host in _HEADERS:
        value = delivery.header(header)
        if value:
            return "ghcr" if host == "github" and value == "package" else host
    wanted = secrets.get(harbor.SETTING, "")
    if wanted and same(delivery.header("Authorization"), wanted):
        return "harbor"
    raise EvaluationError("Unknown webhook event")


def settings_of(delivery: Delivery) -> Sequence[str]:
    """The keys of `argocd-secret` that the sender's host is known by; without a header of a host's it may be Harbor."""
    try:
        host = host_of(delivery, {})
    except EvaluationError:
        host = "harbor"
    return SETTINGS[host]


def received(delivery: Delivery, secrets: Mapping[str, str]) -> Push | Artifact | None:
    """What a delivery says, if its sender may say it.

    Raises Denied for a sender who does not know the secret, EvaluationError for an event or a body that is not known.
    """
    host = host_of(delivery, secrets)
    _function(host, "check")(delivery, secrets)
    name = _function(host, "event")(delivery)
    if name not in _function(host, "EVENTS"):
        raise EvaluationError(f"event {name[:80]!r} is not defined to be parsed")
    return read(host, delivery)


def read(host: str, delivery: Delivery) -> Push | Artifact | None:
    """What a delivery of a host says. Raises EvaluationError for a body that cannot be read."""
    found: Push | Artifact | None = _function(host, "read")(delivery)
    return found


def _function(host: str, name: str) -> Any:
    return load(f"{HOSTS[host]}:{name}")
