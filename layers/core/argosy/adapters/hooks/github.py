"""Webhooks at GitHub, of repositories (`repos/OWNER/NAME`) and organisations (`orgs/NAME`).

Follows `pkg/eventsources/sources/github/start.go` of Argo Events 1.9: a token, or a GitHub App's key, which is given a token
of its installation.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.errors import Denied
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["Github", "app_installation", "app_token"]

_PUBLIC: Final = "https://api.github.com"
_VERSION: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PAGE: Final = 100
_JWT_SECONDS: Final = 300


class Github:
    """Asked as the token, or as the installation of the app."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        self._place = place
        base = place.base or public or _PUBLIC
        self._api = JsonApi(base, {**_VERSION, "Authorization": f"Bearer {self._token(base)}"})

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        return [self._place.target]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        found: list[ListedHook] = []
        for page in range(1, MOST_PAGES + 1):
            hooks = self._api.call("GET", f"{target}/hooks", query={"per_page": str(_PAGE), "page": str(page)}) or []
            found += [ListedHook(str(one["id"]), one["config"].get("url", ""), one["events"]) for one in hooks]
            if len(hooks) < _PAGE:
                break
        return found

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        return str(self._api.call("POST", f"{target}/hooks", {"name": "web", **self._body(url, events)})["id"])

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._api.call("PATCH", f"{target}/hooks/{hook}", self._body(url, events))

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._api.call("DELETE", f"{target}/hooks/{hook}")

    def _body(self, url: str, events: Sequence[str]) -> dict[str, Any]:
        options = self._place.options
        config = {
            "url": url,
            "content_type": options.get("content_type", "json"),
            "insecure_ssl": "1" if options.get("insecure") else "0",
        }
        if "secret" in self._place.secrets:
            config["secret"] = self._place.secrets["secret"]
        return {"active": bool(options.get("active")), "events": list(events), "config": config}

    def _token(self, base: str) -> str:
        secrets, options = self._place.secrets, self._place.options
        if "token" in secrets:
            return secrets["token"]
        return app_token(base, options.get("app_id"), options.get("installation_id"), secrets["private_key"])


def app_token(base: str, app: object, installation: object, key: str) -> str:
    """A token of an App's installation; `key` is the App's private key (PEM). Raises Denied, Unavailable, Permanent."""
    api = JsonApi(base or _PUBLIC, {**_VERSION, "Authorization": f"Bearer {_jwt(app, key)}"})
    return str(api.call("POST", f"app/installations/{installation}/access_tokens", {})["token"])


def app_installation(base: str, app: object, owner: str, repository: str, key: str) -> str:
    """The App's installation that reaches a repository. Raises Denied, NotFound, Unavailable, Permanent."""
    api = JsonApi(base or _PUBLIC, {**_VERSION, "Authorization": f"Bearer {_jwt(app, key)}"})
    return str(api.call("GET", f"repos/{quote(owner, safe='')}/{quote(repository, safe='')}/installation")["id"])


def _jwt(app: object, key: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + _JWT_SECONDS, "iss": str(app)}
    text = ".".join(_part(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    try:
        private = load_pem_private_key(key.encode(), None)
    except ValueError:
        raise Denied("the private key of the GitHub App is no PEM key") from None
    if not isinstance(private, RSAPrivateKey):
        raise Denied("the private key of the GitHub App is no RSA key")
    return f"{text}.{_part(private.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
