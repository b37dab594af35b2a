"""Which repository Secret is for an address: Argo CD's `repository` and `repo-creds` Secrets.

In: the data of the Secrets of a control namespace, an address, a project. Out: what to sign in with. Follows
`util/db/repository_secrets.go` of Argo CD 3.6: a repository counts by its whole address, first that of the project, then
one of no project; what it lacks comes from the template of credentials whose address is the longest beginning of it.
Registries are known with and without `oci://`. Certificates that are trusted at a host are told with the Secrets, as Argo CD
has them in a ConfigMap (`util/cert/cert.go`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from argosy.gitops.revisions import comparable

__all__ = [
    "CERTIFICATES",
    "CONFIG_MAPS",
    "CONTROL_SELECTOR",
    "KIND_LABEL",
    "KNOWN_HOSTS",
    "SECRET_KINDS",
    "SELECTOR",
    "RepositorySecret",
    "certificates_for",
    "credentials_for",
    "known_as",
    "known_hosts_of",
    "named",
    "projects_of",
]

CERTIFICATES: Final = "certificates"
"""The kind of what is no Secret: the ConfigMap of the certificates that are trusted, by host."""
KNOWN_HOSTS: Final = "known hosts"
CONFIG_MAPS: Final = {CERTIFICATES: "argocd-tls-certs-cm", KNOWN_HOSTS: "argocd-ssh-known-hosts-cm"}
"""What is known of hosts stands in ConfigMaps, and is handed on with the Secrets under these kinds."""
KIND_LABEL: Final = "argocd.argoproj.io/secret-type"
SECRET_KINDS: Final = ("repository", "repo-creds")
SELECTOR: Final = f"{KIND_LABEL} in ({','.join(SECRET_KINDS)})"
"""The label selector of these Secrets."""
CONTROL_SELECTOR: Final = f"{KIND_LABEL} in (cluster,{','.join(SECRET_KINDS)})"
"""That of all of a control namespace's Secrets that are known by their label: these, and clusters'."""
_SIGN_IN: Final = ("username", "password", "bearerToken", "sshPrivateKey", "githubAppPrivateKey", "tlsClientCertKey")


@dataclass(frozen=True, slots=True, repr=False)
class RepositorySecret:
    """One Secret; `kind` is one of `SECRET_KINDS`, or of `CONFIG_MAPS`. Shows nothing of its data in texts."""

    kind: str
    data: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address, or the beginning of addresses."""
        return self.data.get("url", "")

    @property
    def signs_in(self) -> bool:
        """Whether it has anything to sign in with."""
        return any(self.data.get(name) for name in _SIGN_IN)


def credentials_for(secrets: Iterable[RepositorySecret], url: str, project: str) -> Mapping[str, str]:
    """The data that counts for an address, {} for none. Of another project's repositories nothing is taken."""
    known = list(secrets)
    repository = _repository(known, url, project)
    if repository is not None and repository.signs_in:
        return repository.data
    template = _template(known, url)
    own = {name: value for name, value in (repository.data if repository is not None else {}).items() if value}
    return {**(template.data if template is not None else {}), **own}


def known_as(url: str) -> str:
    """An address in the form in which a repository is looked up: one of a registry has no form of Git's."""
    text = url.strip().removeprefix("oci://")
    return comparable(text if "://" in text else text.rstrip("/"))


def certificates_for(secrets: Iterable[RepositorySecret], url: str) -> str:
    """The certificates that are trusted at an address's host, "" for those of the system (`GetCertificateForConnect`)."""
    try:
        host = urlsplit(url if "://" in url else f"//{url}").netloc.rpartition("@")[2].lower()
    except ValueError:  # whoever asks there is told
        return ""
    name = re.sub(r":\d+\Z", "", host).strip("[]")
    return "".join(one.data.get(name, "") for one in secrets if one.kind == CERTIFICATES)


def known_hosts_of(secrets: Iterable[RepositorySecret]) -> str:
    """The keys of hosts of SSH that are trusted, "" for those that the machine knows."""
    return "".join(one.data.get("ssh_known_hosts", "") for one in secrets if one.kind == KNOWN_HOSTS)


def named(secrets: Iterable[RepositorySecret], name: str, project: str) -> str:
    """The address of the Helm repository that a chart's dependency names (`@name`), "" for none."""
    found = [one for one in secrets if one.kind == "repository" and name and one.data.get("name") == name]
    fitting = [one for one in found if one.data.get("project", "") in ("", project)]
    return max(fitting, key=lambda one: bool(one.data.get("project"))).url if fitting else ""


def projects_of(secrets: Iterable[RepositorySecret], url: str) -> Sequence[str]:
    """The projects that have a repository of this address for themselves, in their order."""
    wanted = known_as(url)
    found = {one.data.get("project", "") for one in secrets if one.kind == "repository" and known_as(one.url) == wanted}
    return sorted(found - {""})


def _repository(secrets: list[RepositorySecret], url: str, project: str) -> RepositorySecret | None:
    wanted = known_as(url)
    found = {
        one.data.get("project", ""): one
        for one in reversed(secrets)
        if one.kind == "repository" and known_as(one.url) == wanted
    }
    return found.get(project) or found.get("")


def _template(secrets: list[RepositorySecret], url: str) -> RepositorySecret | None:
    wanted = known_as(url)
    fitting = [one for one in secrets if one.kind == "repo-creds" and wanted.startswith(known_as(one.url))]
    return max(fitting, key=lambda one: len(known_as(one.url)), default=None)
