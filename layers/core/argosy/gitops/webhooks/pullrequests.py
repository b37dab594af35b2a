"""Pull requests of GitHub and merge requests of GitLab, as their hosts tell of them.

In: a delivery and the data of `argocd-secret`; out: `PullRequest`, or None for what is none or has not changed. Argo CD's
webhooks know none. A delivery must be proven: a pull request makes Argosy render and speak, so without a secret of its host
in `argocd-secret` nobody is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.gitops.revisions import is_commit
from argosy.gitops.webhooks import github, gitlab
from argosy.gitops.webhooks.delivery import Delivery, text
from argosy.lang import urls

__all__ = ["HOSTS", "PullRequest", "is_pull_request", "pull_request_of", "token_setting"]

HOSTS: Final = {"github": ("X-GitHub-Event", "pull_request"), "gitlab": ("X-Gitlab-Event", "Merge Request Hook")}

_CHANGES: Final = {
    "github": frozenset({"opened", "synchronize", "reopened", "ready_for_review", "edited"}),
    "gitlab": frozenset({"open", "update", "reopen"}),
}
_SECRETS: Final = {"github": "webhook.github.secret", "gitlab": "webhook.gitlab.secret"}


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What is to be merged: the commit `head` into the branch `base` of the repository at `url`.

    `place` is the repository in the host's API, below `api`. `to_default`: the branch is the repository's default one.
    `fork`: the commit is of another repository.
    """

    host: str
    url: str
    api: str
    place: str
    number: int
    base: str
    head: str
    to_default: bool = False
    fork: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the row that keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> PullRequest:
        """The inverse."""
        return cls(**body)


def token_setting(host: str) -> str:
    """The key of `argocd-secret` with the token that the host's API is asked with; with it, pull requests are looked at."""
    return f"pullrequests.{host}.token"


def is_pull_request(delivery: Delivery, secrets: Mapping[str, str]) -> bool:
    """Whether a delivery tells of a pull request and can be proven."""
    host = _host(delivery)
    return bool(host and secrets.get(_SECRETS[host]))


def pull_request_of(delivery: Delivery, secrets: Mapping[str, str]) -> PullRequest | None:
    """The pull request that such a delivery is about, None when nothing has changed that matters.

    Raises Denied for a sender who does not know the secret, EvaluationError for a body that is not known.
    """
    found: PullRequest | None
    if _host(delivery) == "github":
        github.check(delivery, secrets)
        found = _of_github(delivery.payload)
    else:
        gitlab.check(delivery, secrets)
        found = _of_gitlab(delivery.payload)
    if found is not None and not is_commit(found.head):
        raise EvaluationError("the payload names no commit")
    return found


def _host(delivery: Delivery) -> str:
    if delivery.header("X-Gogs-Event"):
        return ""
    return next((host for host, (header, name) in HOSTS.items() if delivery.header(header) == name), "")


def _of_github(payload: Mapping[str, Any]) -> PullRequest | None:
    if text(payload, "action") not in _CHANGES["github"]:
        return None
    url, base = text(payload, "repository", "html_url"), text(payload, "pull_request", "base", "ref")
    parsed = urls.parse(url)
    public = parsed.hostname == "github.com"
    return PullRequest(
        "github",
        url,
        "https://api.github.com" if public else f"{parsed.scheme}://{parsed.host}/api/v3",
        f"repos{parsed.escaped_path.rstrip('/')}",
        _number(payload, "number"),
        base,
        text(payload, "pull_request", "head", "sha"),
        text(payload, "repository", "default_branch") == base,
        text(payload, "pull_request", "head", "repo", "full_name") != text(payload, "repository", "full_name"),
    )


def _of_gitlab(payload: Mapping[str, Any]) -> PullRequest | None:
    about = payload.get("object_attributes")
    if not isinstance(about, Mapping) or text(about, "action") not in _CHANGES["gitlab"]:
        return None
    url, base = text(payload, "project", "web_url"), text(about, "target_branch")
    parsed = urls.parse(url)
    return PullRequest(
        "gitlab",
        url,
        f"{parsed.scheme}://{parsed.host}/api/v4",
        f"projects/{_number(about, 'target_project_id')}",
        _number(about, "iid"),
        base,
        text(about, "last_commit", "id"),
        text(payload, "project", "default_branch") == base,
        about.get("source_project_id") != about.get("target_project_id"),
    )


def _number(obj: Mapping[str, Any], name: str) -> int:
    found = obj.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        raise EvaluationError(f"{name} of the payload is no number")
    return found
