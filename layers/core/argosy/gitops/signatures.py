"""Whether a signature is one that a project asks for.

In: what a signature is worth, and the project's keys. Out: the message of a ComparisonError, in Argo's words. Called by
`argosy.services.applications.sources` for each source from Git. Follows `verifyGnuPGSignature` of `controller/state.go` and
`KeyID` of `util/gpg/gpg.go` in Argo CD 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["CONFIG_MAP", "Required", "Verdict", "key_id"]

CONFIG_MAP: Final = "argocd-gpg-keys-cm"
"""The ConfigMap of the control namespace that has the keys, armored, by their IDs."""
_KEY: Final = re.compile(r"(?:[0-9A-Fa-f]{24})?([0-9A-Fa-f]{16})\Z")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the signature of a commit, or of a tag of it, is worth: see `argosy.ports.repository.Signature`."""

    result: str = ""
    key: str = ""
    cipher: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Required:
    """That commits must be signed: by which keys, by their IDs, and all keys that are known."""

    allowed: Sequence[str]
    keys: Mapping[str, str] = field(default_factory=dict)

    def problem(self, found: Verdict, revision: str) -> str:
        """Why a revision may not be synced, "" for nothing."""
        if not found.result:
            return f"Target revision {revision} in Git is not signed, but a signature is required"
        made = f"signature made with {found.cipher} key {found.key}"
        if found.result == "invalid":
            return f"Found {made}, but verification result was invalid: '{found.message}'"
        if found.result != "good":
            return f"Could not verify commit signature on revision '{revision}', check logs for more information."
        if key_id(found.key) not in {key_id(one) for one in self.allowed} - {""}:
            return f"Found good {made}, but this key is not allowed in AppProject"
        return ""


def key_id(text: str) -> str:
    """The ID of a key by that or by its fingerprint, "" for what is neither."""
    found = _KEY.match(text)
    return found[1].upper() if found else ""
