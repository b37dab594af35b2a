"""Secrets port on files and environment variables, and a chain of several ports.

A Secret's key is the file `<root>/secrets/<namespace>/<name>/<key>`, a ConfigMap's the same under `configs`; or the
environment variable `ARGOSY_SECRET__<NAMESPACE>__<NAME>__<KEY>` (`ARGOSY_CONFIG__…`), upper case, with `_` for what is
neither letter nor digit. Names with a dot or two dashes in a row have no variable, so that no two namespaces or names
share one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from argosy.errors import ArgosyError, Denied, NotFound
from argosy.ports.secrets import Secrets

__all__ = ["ChainedSecrets", "FileSecrets"]

_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._@-]+\Z")


_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class FileSecrets:
    """Reads below `root`, then from `environ`."""

    def __init__(self, root: Path, environ: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._environ = os.environ if environ is None else environ

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        return self._read("secret", namespace, name, key)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        return self._read("config", namespace, name, key)

    def _read(self, kind: str, *parts: str) -> str:
        if not all(_NAME.match(part) for part in parts):
            raise NotFound(f"{kind} {'/'.join(parts)} is not a name that Kubernetes allows")
        path = self._root.joinpath(f"{kind}s", *parts)
        variable = _variable(kind, parts)
        try:
            return path.read_text().removesuffix("\n")
        except PermissionError as x:
            raise Denied(f"{kind} file {path} may not be read") from x
        except (OSError, UnicodeDecodeError):
            if variable in self._environ:
                return self._environ[variable].removesuffix("\n")
            nor = f" nor variable {variable}" if variable else ""
            raise NotFound(f"{kind} {'/'.join(parts)} not found: neither file {path}{nor}") from None


def _variable(kind: str, parts: Sequence[str]) -> str:
    """The variable's name, "" when these parts have none."""
    if not all(_PLAIN.match(part) for part in parts[:2]):
        return ""
    return "ARGOSY_" + "__".join(re.sub("[^A-Z0-9]", "_", part.upper()) for part in (kind, *parts))


class ChainedSecrets:
    """Asks several ports in order; the first that has the value answers, else all their reasons are told."""

    def __init__(self, members: Sequence[Secrets]) -> None:
        self._members = members

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        return _first([partial(member.secret, namespace, name, key, account) for member in self._members])

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        return _first([partial(member.config, namespace, name, key, account) for member in self._members])


def _first(reads: Sequence[Callable[[], str]]) -> str:
    problems: list[ArgosyError] = []
    for read in reads:
        try:
            return read()
        except ArgosyError as x:
            problems.append(x)
    worst = next((x for x in problems if not isinstance(x, NotFound)), problems[-1])
    raise type(worst)("; ".join(str(x) for x in problems))
