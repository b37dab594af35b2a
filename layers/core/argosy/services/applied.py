"""What is applied at once, and what became of each object: said by `Objects`, and by the API to the command line.

It knows no kind's models, whose import takes longer than most commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from argosy.resources.manifests import Manifest

__all__ = ["Applied", "unique"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one object: `created`, `configured`, `unchanged` or `deleted`.

    `hooked`: it may have webhooks elsewhere.
    """

    kind: str
    namespace: str
    name: str
    what: str
    hooked: bool = False

    @property
    def changed(self) -> bool:
        """False when it was as it should be already."""
        return self.what != "unchanged"

    def __str__(self) -> str:
        """As kubectl says it."""
        return f"{self.kind.lower()}.argoproj.io/{self.name} {self.what}"


def unique(manifests: Sequence[Manifest], namespace: str) -> Iterable[Manifest]:
    """The manifests, `namespace` for those that name none. Raises InvalidObject for an object that is given twice."""
    seen: dict[tuple[str, str, str], Manifest] = {}
    for manifest in manifests:
        key = (manifest.kind, manifest.namespace or namespace, manifest.name)
        if key in seen:
            raise manifest.problem("metadata.name", f"given twice (first in {seen[key].file or 'this input'})")
        seen[key] = manifest
    return seen.values()
