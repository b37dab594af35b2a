"""What to sign in with at repositories: the Secrets of a control namespace.

In: a cluster, an address, a project. Out: `Credentials`. Secrets of a cluster that this process reaches are listed anew when
the hub has heard of a change, or after a minute; of what an agent has told each look takes the last.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from argosy.errors import Unsupported
from argosy.gitops.repositories import (
    RepositorySecret,
    certificates_for,
    credentials_for,
    known_hosts_of,
    named,
    projects_of,
)
from argosy.ports.repository import Credentials, GithubApp
from argosy.services.applications.controlsecrets import ControlSecrets

if TYPE_CHECKING:
    from argosy.services.applications.controlplane import ControlPlane

__all__ = ["Repositories", "signing_in"]

_LONGEST_SECONDS: Final = 60.0
_CHARTS: Final = ("helm", "oci")


class Repositories:
    """The repositories that clusters know."""

    def __init__(self, secrets: ControlSecrets) -> None:
        self._from = secrets
        self._known: dict[str, tuple[float, str, Sequence[RepositorySecret]]] = {}

    def credentials(self, home: ControlPlane, url: str, project: str) -> Credentials:
        """What to sign in with; nothing for an address that no Secret is for.

        Raises Unavailable when the Secrets cannot be read, Unsupported for a way to sign in that is not served.
        """
        return signing_in(self._secrets(home), url, project)

    def named(self, home: ControlPlane, name: str, project: str) -> str:
        """The address of a Helm repository by its name, "" for none. Raises Unavailable."""
        return named(self._secrets(home), name, project)

    def ways(self, home: ControlPlane, url: str) -> Iterator[Credentials]:
        """What Applications of any project sign in with, that of no project first. Raises as `credentials`."""
        secrets = self._secrets(home)
        yield signing_in(secrets, url, "")
        yield from (signing_in(secrets, url, project) for project in projects_of(secrets, url))

    def _secrets(self, home: ControlPlane) -> Sequence[RepositorySecret]:
        entry = home.entry
        if entry.way == "agent":
            return self._from.repositories(entry)
        version = home.secrets_version
        read, before, known = self._known.get(entry.name, (0.0, "", ()))
        if version and version == before and time.monotonic() - read < _LONGEST_SECONDS:
            return known
        secrets = self._from.repositories(entry)
        self._known[entry.name] = time.monotonic(), version, secrets
        return secrets


def signing_in(secrets: Sequence[RepositorySecret], url: str, project: str) -> Credentials:
    """What to sign in with; nothing where no Secret is for the address. Raises Unsupported for a way that is not served."""
    data = credentials_for(secrets, url, project)
    password = data.get("password", "")
    if data.get("proxy") and data.get("type") in _CHARTS:
        said = "chart repositories are not asked through a proxy, whose connections nobody here could check: leave this out"
        raise Unsupported(said, obj=url, field="proxy")
    return Credentials(
        data.get("username", "") or ("git" if password else ""),
        password,
        data.get("bearerToken", ""),
        data.get("sshPrivateKey", ""),
        any_host_key=data.get("insecureIgnoreHostKey") == "true" or data.get("insecure") == "true",
        client_cert=data.get("tlsClientCertData", ""),
        client_key=data.get("tlsClientCertKey", ""),
        insecure=data.get("insecure") == "true",
        ca=certificates_for(secrets, url),
        oci=data.get("enableOCI") == "true" or data.get("type") == "oci",
        plain_http=data.get("insecureOCIForceHttp") == "true",
        known_hosts=known_hosts_of(secrets),
        app=_app(data),
        lfs=data.get("enableLfs") == "true",
    )


def _app(data: Mapping[str, str]) -> GithubApp | None:
    key = data.get("githubAppPrivateKey", "")
    if not key:
        return None
    names = ("githubAppID", "githubAppInstallationID", "githubAppEnterpriseBaseUrl")
    ident, installation, api = (data.get(name, "").strip() for name in names)
    return GithubApp(ident, installation, key, api)
