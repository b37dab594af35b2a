"""Webhooks at Git hosts: which ones an event source wants there, and what makes those that are there so.

In: an entry of `github`, `gitlab`, `bitbucket`, `bitbucketserver`, `gerrit`, `stripe` or `storageGrid`. Out: `WantedHook`s;
and, for one and the hooks that a host lists, a `Change`. Follows the `start.go` and `hook_util.go` beside each source of
Argo Events 1.9: a hook is ours by its URL. Different on purpose: one whose events differ is edited, where Argo makes another
beside it. Of Stripe and StorageGRID nothing is removed, in Argo as here: their manifests cannot ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.resources.base import KeyRef
from argosy.resources.sources.common import WebhookSource
from argosy.resources.sources.http import (
    BitbucketServerSource,
    BitbucketSource,
    GerritSource,
    GithubSource,
    GitlabSource,
    StorageGridSource,
    StripeSource,
)

__all__ = [
    "REGISTERED",
    "Change",
    "PresentHook",
    "WantedHook",
    "change",
    "formatted_url",
    "matches",
    "registers",
    "same_elements",
    "wanted_hooks",
]


@dataclass(frozen=True, slots=True)
class WantedHook:
    """A webhook that an entry wants at a host.

    `host` is the type of the entry, `base` the address of its API ("" = the public one), `target` what carries the hook,
    such as `repos/o/r`. `options` are the host's own. `secrets` says where to read what the host is asked with, and
    what it signs with, by names of the host's. `leaves`: whether it is removed when the entry is.
    """

    host: str
    base: str
    target: str
    url: str
    events: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class PresentHook:
    """A webhook as a host lists it."""

    id: str
    url: str
    events: Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: nothing (`keep`), `create`, or `edit` the hook `id`."""

    verb: str
    id: str = ""


def change(wanted: WantedHook, present: Sequence[PresentHook], known: str = "") -> Change:
    """What brings a host to what is wanted; `known` is the id of the hook that was registered before, "" = none.

    A hook that has a secret is always edited: hosts do not show it, and it may be another.
    """
    ours = next((hook for hook in present if known and hook.id == known), None)
    ours = ours or next((hook for hook in present if hook.url == wanted.url), None)
    if ours is None:
        return Change("create")
    as_wanted = matches(ours, wanted.url, wanted.events) and "secret" not in wanted.secrets
    return Change("keep" if as_wanted else "edit", ours.id)


def matches(hook: PresentHook | None, url: str, events: Sequence[str]) -> bool:
    """Whether a hook is the one for this URL and these events."""
    if hook is None or hook.url != url:
        return False
    return ("*" in hook.events and "*" in events) or same_elements(hook.events, events)


def same_elements(one: Sequence[str] | None, other: Sequence[str] | None) -> bool:
    """Whether two lists hold the same, whatever the order and however often; no list is as an empty one."""
    return set(one or ()) == set(other or ())


def formatted_url(url: str, endpoint: str) -> str:
    """Where a host is to send: the manifest's `url` and the endpoint, with one slash between them."""
    return f"{url.rstrip('/')}/{endpoint.removeprefix('/')}"


def registers(kind: str, entry: Any) -> bool:
    """Whether an entry of this type gives what registering its webhook takes."""
    return kind in REGISTERED and bool(entry.registers)


def wanted_hooks(kind: str, entry: Any) -> list[WantedHook]:
    """The webhooks that an entry wants at its host; none when it does not register any."""
    return list(REGISTERED[kind](entry)) if registers(kind, entry) else []


def _url(hook: WebhookSource | None) -> str:
    return formatted_url(hook.url, hook.endpoint) if hook is not None else ""


def _refs(**refs: KeyRef | None) -> dict[str, tuple[str, str]]:
    return {name: (ref.name, ref.key) for name, ref in refs.items() if ref is not None}


def _github(entry: GithubSource) -> Iterator[WantedHook]:
    app = entry.github_app
    options: dict[str, Any] = {
        "active": entry.active,
        "content_type": entry.content_type or "json",
        "insecure": entry.insecure,
    }
    if app is not None:
        options |= {"app_id": app.app_id, "installation_id": app.installation_id}
    secrets = _refs(token=entry.api_token, private_key=app.private_key if app else None, secret=entry.webhook_secret)
    targets = [f"repos/{owner}/{name}" for owner, name in entry.wanted_repositories]
    targets += [f"orgs/{name}" for name in entry.organizations or ()]
    for target in targets:
        yield WantedHook(
            "github",
            entry.github_base_url,
            target,
            _url(entry.webhook),
            tuple(entry.events),
            options,
            secrets,
            entry.delete_hook_on_finish,
        )


def _gitlab(entry: GitlabSource) -> Iterator[WantedHook]:
    options = {"enable_ssl_verification": entry.enable_ssl_verification}
    secrets = _refs(token=entry.access_token, secret=entry.secret_token)
    targets = [f"projects/{name}" for name in entry.wanted_projects] + [f"groups/{name}" for name in entry.groups]
    for target in targets:
        yield WantedHook(
            "gitlab",
            entry.gitlab_base_url,
            target,
            _url(entry.webhook),
            tuple(entry.events or ()),
            options,
            secrets,
            entry.delete_hook_on_finish,
        )


def _bitbucket(entry: BitbucketSource) -> Iterator[WantedHook]:
    auth = entry.auth
    basic = auth.basic if auth else None
    secrets = _refs(
        token=auth.oauth_token if auth else None,
        username=basic.username if basic else None,
        password=basic.password if basic else None,
    )
    for owner, slug in entry.wanted_repositories:
        target = f"repositories/{owner}/{slug}"
        yield WantedHook(
            "bitbucket",
            "",
            target,
            _url(entry.webhook),
            tuple(entry.events),
            {},
            secrets,
            entry.delete_hook_on_finish,
        )


def _bitbucketserver(entry: BitbucketServerSource) -> Iterator[WantedHook]:
    tls = {"insecure": bool(entry.tls and entry.tls.insecure_skip_verify)}
    ca = entry.tls.ca_cert_secret if entry.tls else None
    secrets = _refs(token=entry.access_token, secret=entry.webhook_secret, ca=ca)
    targets = [f"projects/{project}/repos/{slug}" for project, slug in entry.wanted_repositories]
    targets += [f"projects/{project}" for project in entry.projects]
    for target in targets:
        yield WantedHook(
            "bitbucketserver",
            entry.bitbucketserver_base_url,
            target,
            _url(entry.webhook),
            tuple(entry.events),
            tls,
            secrets,
            entry.delete_hook_on_finish,
        )


def _gerrit(entry: GerritSource) -> Iterator[WantedHook]:
    basic = entry.auth
    options = {"name": entry.hook_name, "ssl_verify": entry.ssl_verify, "max_tries": entry.max_tries}
    secrets = _refs(username=basic.username if basic else None, password=basic.password if basic else None)
    for project in entry.projects:
        yield WantedHook(
            "gerrit",
            entry.gerrit_base_url,
            project,
            _url(entry.webhook),
            tuple(entry.events or ()),
            options,
            secrets,
            entry.delete_hook_on_finish,
        )


def _stripe(entry: StripeSource) -> Iterator[WantedHook]:
    events = tuple(entry.event_filter) or ("*",)
    yield WantedHook("stripe", "", "webhook_endpoints", _url(entry.webhook), events, {}, _refs(token=entry.api_key))


def _storage_grid(entry: StorageGridSource) -> Iterator[WantedHook]:
    affixes = entry.filter
    options = {
        "topic": entry.topic_arn,
        "prefix": affixes.prefix if affixes else "",
        "suffix": affixes.suffix if affixes else "",
        "insecure": bool(entry.tls and entry.tls.insecure_skip_verify),
    }
    secrets = _refs(token=entry.auth_token, ca=entry.tls.ca_cert_secret if entry.tls else None)
    events = tuple(entry.events or ())
    yield WantedHook("storageGrid", entry.api_url, entry.bucket, _url(entry.webhook), events, options, secrets)


REGISTERED: Final[Mapping[str, Callable[[Any], Iterator[WantedHook]]]] = {
    "bitbucket": _bitbucket,
    "bitbucketserver": _bitbucketserver,
    "gerrit": _gerrit,
    "github": _github,
    "gitlab": _gitlab,
    "storageGrid": _storage_grid,
    "stripe": _stripe,
}
"""The types whose webhooks are registered, each with what an entry of it wants."""
