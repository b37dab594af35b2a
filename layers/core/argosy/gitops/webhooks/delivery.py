"""What a host sends, and how the parts of it are read.

In: headers and body of a request; out: `Push` or `Artifact`, which is all that anybody else sees. One file for each host
beside this one gives `EVENTS` (what it takes), `event`, `check` (whether the sender knows the secret) and `read`. Follows
`util/webhook/webhook.go` of Argo CD 3.6 and go-playground/webhooks v6, which it reads deliveries with.
"""

from __future__ import annotations

import functools
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import Denied, EvaluationError

__all__ = [
    "MOST_BYTES",
    "Artifact",
    "Delivery",
    "Push",
    "changed_files",
    "check_signature",
    "items",
    "last_part",
    "same",
    "text",
]

MOST_BYTES: Final = 50 * 1024 * 1024
"""Of a body."""


@dataclass(frozen=True)
class Delivery:
    """A request; header names in any case. The body is as it was sent: signatures are over its bytes."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """A header, "" where it is not given."""
        return self._lowered.get(name.lower(), "")

    @functools.cached_property
    def _lowered(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    @functools.cached_property
    def payload(self) -> Mapping[str, Any]:
        """The body as an object. Raises EvaluationError for one that is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError) as x:
            raise EvaluationError("the payload is too large or corrupted") from x
        if not isinstance(found, dict):
            raise EvaluationError("the payload is no object")
        return found


@dataclass(frozen=True, slots=True)
class Push:
    """A change of a repository; `touched_head`: its default branch may have changed. No files = nobody knows which."""

    urls: Sequence[str] = ()
    revision: str = ""
    before: str = ""
    after: str = ""
    touched_head: bool = False
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Artifact:
    """A tag that was pushed to a registry."""

    registry: str
    repository: str
    tag: str


def text(obj: Any, *path: str) -> str:
    """The text at a path, "" where there is none. Raises EvaluationError where something else stands."""
    at = obj
    for part in path:
        if at is None:
            return ""
        if not isinstance(at, Mapping):
            raise EvaluationError(f"{'.'.join(path)} of the payload does not lead through objects")
        at = at.get(part)
    if at is not None and not isinstance(at, str):
        raise EvaluationError(f"{'.'.join(path)} of the payload is no text")
    return at or ""


def items(obj: Any, *path: str) -> list[Any]:
    """The list at a path, [] where there is none. Raises EvaluationError where something else stands."""
    at = obj
    for part in path:
        at = at.get(part) if isinstance(at, Mapping) else None
    if at is not None and not isinstance(at, list):
        raise EvaluationError(f"{'.'.join(path)} of the payload is no list")
    return at or []


def last_part(reference: str) -> str:
    """The name of a branch or a tag in a full reference: `refs/heads/a/b` is `a/b` (ParseRevision)."""
    return reference.split("/", 2)[-1]


def changed_files(commits: Iterable[Any]) -> list[str]:
    """The files that commits name: of each what was added, changed and removed."""
    found: list[str] = []
    for commit in commits:
        for part in ("added", "modified", "removed"):
            found += [one for one in items(commit, part) if isinstance(one, str)]
    return found


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass"))


def check_signature(delivery: Delivery, secret: str, header: str, prefix: str) -> None:
    """Raise Denied unless the header holds the HMAC of SHA-256 over the body; without a secret nothing is asked."""
    if not secret:
        return
    given = delivery.header(header)
    if not given:
        raise Denied(f"missing {header} Header")
    if not same(given.removeprefix(prefix), hmac.digest(secret.encode(), delivery.body, "sha256").hex()):
        raise Denied("HMAC verification failed")
