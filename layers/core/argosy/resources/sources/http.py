"""Entries of event sources that come by HTTP: webhook, the Git hosts, Gerrit, Slack, Stripe, StorageGRID and SNS.

Follows `pkg/apis/events/v1alpha1/eventsource_types.go` and the `validate.go` beside each source of Argo Events 1.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field

from argosy.resources.base import KeyRef, Model, Problem
from argosy.resources.sources.common import (
    BasicAuth,
    Check,
    Filter,
    Tls,
    WebhookSource,
    check_duration,
    check_hook,
    check_present,
    check_set,
    check_webhook,
)

__all__ = [
    "CHECKS",
    "BitbucketRepository",
    "BitbucketServerRepository",
    "BitbucketServerSource",
    "BitbucketSource",
    "GerritSource",
    "GithubRepositories",
    "GithubSource",
    "GitlabSource",
    "SlackSource",
    "SnsSource",
    "StorageGridSource",
    "StripeSource",
]


class GithubRepositories(Model):
    """Repositories of one owner."""

    owner: str = ""
    names: list[str] = []


class GithubApp(Model):
    """The GitHub App that registers webhooks."""

    private_key: KeyRef | None = None
    app_id: int = Field(default=0, alias="appID")
    installation_id: int = Field(default=0, alias="installationID")


class GithubSource(Model):
    """One entry of `spec.github`; `owner` and `repository` are the older way to name one repository."""

    webhook: WebhookSource | None = None
    owner: str = ""
    repository: str = ""
    repositories: list[GithubRepositories] | None = None
    organizations: list[str] | None = None
    events: list[str] = []
    api_token: KeyRef | None = None
    github_app: GithubApp | None = None
    webhook_secret: KeyRef | None = None
    insecure: bool = False
    active: bool = False
    content_type: str = ""
    github_base_url: str = Field(default="", alias="githubBaseURL")
    github_upload_url: str = Field(default="", alias="githubUploadURL")
    delete_hook_on_finish: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()

    @property
    def wanted_repositories(self) -> list[tuple[str, str]]:
        """(owner, name) of each repository."""
        if self.repositories:
            return [(one.owner, name) for one in self.repositories for name in one.names]
        return [(self.owner, self.repository)] if self.owner and self.repository else []

    @property
    def registers(self) -> bool:
        """Whether the manifest gives what registering at GitHub takes."""
        app = self.github_app is not None and self.github_app.private_key is not None
        return (self.api_token is not None or app) and bool(self.webhook and self.webhook.url)


class GitlabSource(Model):
    """One entry of `spec.gitlab`; `projectID` is the older way to name one project."""

    webhook: WebhookSource | None = None
    project_id: str = Field(default="", alias="projectID")
    projects: list[str] = []
    groups: list[str] = []
    events: list[str] | None = None
    access_token: KeyRef | None = None
    secret_token: KeyRef | None = None
    enable_ssl_verification: bool = Field(default=False, alias="enableSSLVerification")
    gitlab_base_url: str = Field(default="", alias="gitlabBaseURL")
    delete_hook_on_finish: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()

    @property
    def wanted_projects(self) -> list[str]:
        """Its projects, by id or path."""
        return list(self.projects) or ([self.project_id] if self.project_id else [])

    @property
    def registers(self) -> bool:
        """Whether the manifest gives what registering at GitLab takes."""
        return self.access_token is not None and bool(self.webhook and self.webhook.url)


class BitbucketRepository(Model):
    """A repository of Bitbucket."""

    owner: str = ""
    repository_slug: str = ""


class BitbucketAuth(Model):
    """How Bitbucket is asked: by user and password, or by token."""

    basic: BasicAuth | None = None
    oauth_token: KeyRef | None = None


class BitbucketSource(Model):
    """One entry of `spec.bitbucket`; `owner` and `repositorySlug` are the older way to name one repository."""

    webhook: WebhookSource | None = None
    auth: BitbucketAuth | None = None
    events: list[str] = []
    owner: str = ""
    project_key: str = ""
    repository_slug: str = ""
    repositories: list[BitbucketRepository] = []
    delete_hook_on_finish: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()

    @property
    def wanted_repositories(self) -> list[tuple[str, str]]:
        """(owner, slug) of each repository."""
        if self.repositories:
            return [(one.owner, one.repository_slug) for one in self.repositories]
        return [(self.owner, self.repository_slug)] if self.owner and self.repository_slug else []

    @property
    def registers(self) -> bool:
        """Whether the manifest gives what registering at Bitbucket takes."""
        basic = self.auth.basic if self.auth else None
        known = bool(basic and basic.username and basic.password) or bool(self.auth and self.auth.oauth_token)
        return known and bool(self.webhook and self.webhook.url)


class BitbucketServerRepository(Model):
    """A repository of a Bitbucket server."""

    project_key: str = ""
    repository_slug: str = ""


class BitbucketServerSource(Model):
    """One entry of `spec.bitbucketserver`; `projectKey` and `repositorySlug` are the older way to name one repository."""

    webhook: WebhookSource | None = None
    project_key: str = ""
    repository_slug: str = ""
    projects: list[str] = []
    repositories: list[BitbucketServerRepository] = []
    events: list[str] = []
    skip_branch_refs_changed_on_open_pr: bool = Field(default=False, alias="skipBranchRefsChangedOnOpenPR")
    one_event_per_change: bool = False
    access_token: KeyRef | None = None
    webhook_secret: KeyRef | None = None
    bitbucketserver_base_url: str = Field(default="", alias="bitbucketserverBaseURL")
    delete_hook_on_finish: bool = False
    tls: Tls | None = None
    check_interval: str = ""
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()

    @property
    def wanted_repositories(self) -> list[tuple[str, str]]:
        """(project, slug) of each repository that is named by itself."""
        if self.repositories:
            return [(one.project_key, one.repository_slug) for one in self.repositories]
        return [(self.project_key, self.repository_slug)] if self.project_key and self.repository_slug else []

    @property
    def registers(self) -> bool:
        """Whether the manifest gives what registering at the server takes."""
        known = self.access_token is not None and bool(self.webhook and self.webhook.url)
        return known and bool(self.projects or self.wanted_repositories)


class GerritSource(Model):
    """One entry of `spec.gerrit`."""

    webhook: WebhookSource | None = None
    hook_name: str = ""
    events: list[str] | None = None
    auth: BasicAuth | None = None
    gerrit_base_url: str = Field(default="", alias="gerritBaseURL")
    delete_hook_on_finish: bool = False
    projects: list[str] = []
    ssl_verify: bool = False
    max_tries: int = 0
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()

    @property
    def registers(self) -> bool:
        """Whether the manifest gives what registering at Gerrit takes."""
        known = self.auth is not None and self.auth.username is not None and self.auth.password is not None
        return known and bool(self.hook_name) and bool(self.webhook and self.webhook.url)


class SlackSource(Model):
    """One entry of `spec.slack`."""

    webhook: WebhookSource | None = None
    signing_secret: KeyRef | None = None
    token: KeyRef | None = None
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


class StripeSource(Model):
    """One entry of `spec.stripe`; `eventFilter` are the types of events that are wanted, none = all."""

    webhook: WebhookSource | None = None
    create_webhook: bool = False
    api_key: KeyRef | None = None
    event_filter: list[str] = []
    metadata: Mapping[str, str] = {}

    @property
    def registers(self) -> bool:
        """Whether the webhook is to be made at Stripe."""
        return self.create_webhook and self.api_key is not None and bool(self.webhook and self.webhook.url)


class KeyAffixes(Model):
    """What an object's key begins and ends with."""

    prefix: str = ""
    suffix: str = ""


class StorageGridSource(Model):
    """One entry of `spec.storageGrid`."""

    webhook: WebhookSource | None = None
    events: list[str] | None = None
    filter: KeyAffixes | None = None
    topic_arn: str = ""
    bucket: str = ""
    region: str = ""
    auth_token: KeyRef | None = None
    api_url: str = Field(default="", alias="apiURL")
    tls: Tls | None = None
    metadata: Mapping[str, str] = {}

    @property
    def registers(self) -> bool:
        """Whether the manifest gives what a notification of the bucket takes."""
        return self.auth_token is not None and bool(self.webhook and self.webhook.url)


class SnsSource(Model):
    """One entry of `spec.sns`. A stack on AWS subscribes to the topic itself; by HTTP comes what others subscribe."""

    topic_arn: str = ""
    region: str = ""
    webhook: WebhookSource | None = None
    validate_signature: bool = False
    metadata: Mapping[str, str] = {}
    filter: Filter = Filter()


def _github(entry: GithubSource, path: str) -> Iterator[Problem]:
    repositories = bool(entry.wanted_repositories or entry.repositories)
    if not repositories and entry.organizations is None:
        yield Problem(path, "needs repositories or organizations")
    elif repositories and entry.organizations is not None:
        yield Problem(path, "repositories and organizations cannot be used together")
    if entry.registers and not entry.events:
        yield Problem(f"{path}.events", "required, but empty: registering the webhook takes the events it is for")
    if entry.content_type not in ("", "json", "form"):
        yield Problem(f"{path}.contentType", f"{entry.content_type!r} is neither json nor form")
    if bool(entry.github_base_url) != bool(entry.github_upload_url):
        yield Problem(path, "githubBaseURL and githubUploadURL go together; one of them is missing")
    yield from check_hook(entry.webhook, path)


def _gitlab(entry: GitlabSource, path: str) -> Iterator[Problem]:
    yield from check_present(path, events=entry.events, accessToken=entry.access_token)
    yield from check_set(path, gitlabBaseURL=entry.gitlab_base_url)
    yield from check_hook(entry.webhook, path)


def _bitbucket(entry: BitbucketSource, path: str) -> Iterator[Problem]:
    if not entry.wanted_repositories:
        yield Problem(path, "needs repositories")
    if entry.registers and not entry.events:
        yield Problem(f"{path}.events", "required, but empty: registering the webhook takes the events it is for")
    yield from check_hook(entry.webhook, path)


def _bitbucketserver(entry: BitbucketServerSource, path: str) -> Iterator[Problem]:
    if entry.registers and not entry.events:
        yield Problem(f"{path}.events", "required, but empty: registering the webhook takes the events it is for")
    if entry.skip_branch_refs_changed_on_open_pr:
        reason = "is not served: the answer would wait for the server; ask for pull requests in a filter or a trigger"
        yield Problem(f"{path}.skipBranchRefsChangedOnOpenPR", reason, True)
    yield from check_set(path, bitbucketserverBaseURL=entry.bitbucketserver_base_url)
    yield from check_duration(entry.check_interval, f"{path}.checkInterval")
    yield from check_hook(entry.webhook, path)


def _gerrit(entry: GerritSource, path: str) -> Iterator[Problem]:
    if not entry.projects:
        yield Problem(f"{path}.projects", "required, but empty")
    yield from check_present(path, events=entry.events, auth=entry.auth)
    yield from check_set(path, gerritBaseURL=entry.gerrit_base_url)
    yield from check_hook(entry.webhook, path)


def _slack(entry: SlackSource, path: str) -> Iterator[Problem]:
    yield from check_present(path, token=entry.token, signingSecret=entry.signing_secret)
    yield from check_hook(entry.webhook, path)


def _stripe(entry: StripeSource, path: str) -> Iterator[Problem]:
    if entry.create_webhook:
        yield from check_present(path, apiKey=entry.api_key)
    yield from check_hook(entry.webhook, path)


def _storage_grid(entry: StorageGridSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, topicArn=entry.topic_arn, apiURL=entry.api_url, bucket=entry.bucket)
    yield from check_present(path, authToken=entry.auth_token, events=entry.events)
    yield from check_hook(entry.webhook, path)


def _sns(entry: SnsSource, path: str) -> Iterator[Problem]:
    yield from check_set(path, topicArn=entry.topic_arn, region=entry.region)
    yield from check_hook(entry.webhook, path)


CHECKS: Final[Mapping[str, Check]] = {
    "bitbucket": _bitbucket,
    "bitbucketserver": _bitbucketserver,
    "gerrit": _gerrit,
    "github": _github,
    "gitlab": _gitlab,
    "slack": _slack,
    "sns": _sns,
    "storageGrid": _storage_grid,
    "stripe": _stripe,
    "webhook": check_webhook,
}
