"""Repositories as `argocd repo list` and `argocd repocreds list` show them.

In: repository Secrets and how a look at each ended. Out: rows of texts, the heading first, and what `-o json` shows; never
what somebody signs in with. Follows `cmd/argocd/commands/repo.go` and `repocreds.go` of Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from argosy.gitops.editing.repositories import SHOWN
from argosy.gitops.repositories import RepositorySecret

__all__ = ["State", "as_json", "credentials", "listing"]

type Rows = list[list[str]]

_HEADING: Final = ["TYPE", "NAME", "REPO", "INSECURE", "OCI", "LFS", "CREDS", "STATUS", "MESSAGE", "PROJECT"]
_TRUTHS: Final = frozenset(
    {"insecure", "insecureIgnoreHostKey", "enableLfs", "enableOCI", "insecureOCIForceHttp", "forceHttpBasicAuth"}
)


@dataclass(frozen=True, slots=True)
class State:
    """How a look at a repository ended: Successful, Failed or Unknown. `inherited`: by a template of credentials."""

    status: str
    message: str = ""
    inherited: bool = False


def listing(found: Iterable[tuple[RepositorySecret, State]]) -> Rows:
    """`argocd repo list`."""
    return [_HEADING, *(_row(one, state) for one, state in found)]


def _row(one: RepositorySecret, state: State) -> list[str]:
    data = one.data
    return [
        data.get("type") or "git",
        data.get("name", ""),
        one.url,
        _truth(data, "insecure", "insecureIgnoreHostKey"),
        _truth(data, "enableOCI"),
        _truth(data, "enableLfs"),
        "inherited" if state.inherited else str(one.signs_in).lower(),
        state.status,
        state.message,
        data.get("project", ""),
    ]


def _truth(data: Mapping[str, str], *names: str) -> str:
    return str(any(data.get(name) == "true" for name in names)).lower()


def as_json(one: RepositorySecret, state: State | None = None) -> dict[str, Any]:
    """A repository, or credentials, as Argo CD's API has it."""
    shown: dict[str, Any] = {
        name: one.data[key] == "true" if key in _TRUTHS else one.data[key]
        for key, name in SHOWN.items()
        if one.data.get(key)
    }
    if state is None:
        shown["url"] = shown.pop("repo", "")
        return shown
    shown.setdefault("type", "git")
    if state.inherited:
        shown["inheritedCreds"] = True
    return shown | {"connectionState": {"status": state.status, "message": state.message}}


def credentials(found: Iterable[RepositorySecret]) -> Rows:
    """`argocd repocreds list`."""
    rows = [
        [
            one.url,
            one.data.get("username") or "-",
            str(bool(one.data.get("sshPrivateKey"))).lower(),
            str(bool(one.data.get("tlsClientCertKey"))).lower(),
        ]
        for one in found
    ]
    return [["URL PATTERN", "USERNAME", "SSH_CREDS", "TLS_CREDS"], *rows]
