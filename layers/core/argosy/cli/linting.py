"""`argosy lint PATH…`: files as `argo-events lint` chooses and reads them, and what is wrong with them.

Follows `cmd/commands/lint.go` of Argo Events 1.9: a folder means its .yaml and .yml files, a file is split at lines `---`,
and what is no manifest of ours is left out. Different on purpose: what is left out is named, and beyond Argo's validation
it is told what is valid and cannot work (`Kind.late`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from argosy.errors import ArgosyError, InvalidObject, NotFound
from argosy.ports.jq import Jq
from argosy.resources.manifests import Manifest, read_manifests
from argosy.services.kinds import KINDS
from argosy.services.objects import check

__all__ = ["chosen", "linted", "read"]

_SUFFIXES = (".yaml", ".yml")


def chosen(path: Path, *, recursive: bool) -> list[Path]:
    """The files that a path means, in order of name. Raises NotFound."""
    if not path.exists():
        raise NotFound(f"{path}: no such file or folder")
    if not path.is_dir():
        return [path]
    found = path.rglob("*") if recursive else path.glob("*")
    return sorted(file for file in found if file.suffix.lower() in _SUFFIXES and file.is_file())


def read(text: str, file: str) -> tuple[list[Manifest], list[str]]:
    """The manifests of a text, and what was left out of it and why."""
    manifests: list[Manifest] = []
    skipped: list[str] = []
    for document in _documents(text):
        try:
            found = read_manifests(document, file)
        except InvalidObject as x:
            skipped.append(str(x))
            continue
        for manifest in found:
            if manifest.kind in KINDS:
                manifests.append(manifest)
            else:
                skipped.append(f"{file}: {manifest.title} is none of {', '.join(KINDS)}")
    return manifests, skipped


def linted(manifests: Sequence[Manifest], jq: Jq | None) -> list[ArgosyError]:
    """All that is wrong with manifests; what cannot work is told of those that are valid."""
    problems: list[ArgosyError] = []
    for manifest in manifests:
        found = check(manifest, jq=jq)
        problems += found
        if not any(isinstance(problem, InvalidObject) for problem in found):
            late = KINDS[manifest.kind].late(manifest, datetime.now(UTC))
            problems += [manifest.problem(one.field, one.reason) for one in late]
    return problems


def _documents(text: str) -> Iterator[str]:
    """The documents of a text, each with as many blank lines in front that its lines keep their numbers."""
    lines, start = text.splitlines(), 0
    for number, line in enumerate([*lines, "---"]):
        if line == "---":
            yield "\n" * start + "\n".join(lines[start:number])
            start = number + 1
