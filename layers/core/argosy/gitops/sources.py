"""Which tool renders a source, and what of it is not served yet.

In: `spec.source` and the names of the files in its folder; out: Helm, Kustomize, Directory or Plugin. Called before a render
is planned. Matches `ExplicitType` of `pkg/apis/application/v1alpha1/types.go` and `AppType` of
`util/app/discovery/discovery.go` in Argo CD 3.6; only the application's own folder is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from argosy.errors import InvalidObject, Unsupported
from argosy.resources.source import Source

__all__ = ["KUSTOMIZATIONS", "Kind", "check_served", "kind_of"]

type Kind = Literal["Helm", "Kustomize", "Directory", "Plugin"]

KUSTOMIZATIONS: Final = ("Kustomization", "kustomization.yaml", "kustomization.yml")


def kind_of(source: Source, files: Iterable[str], enabled: Mapping[str, bool] | None = None) -> Kind:
    """The kind of a source; `files` are paths from its folder, `enabled` kinds that an operator has turned off.

    Raises InvalidObject when the source says more than one.
    """
    on = enabled or {}
    sections: Mapping[Kind, object] = {
        "Kustomize": source.kustomize,
        "Helm": source.helm,
        "Directory": source.directory,
        "Plugin": source.plugin,
    }
    given = [kind for kind, section in sections.items() if section is not None]
    if len(given) > 1:
        raise InvalidObject(f"a source has one of these, not {len(given)}: {', '.join(given)}", field="spec.source")
    if given:
        return given[0] if on.get(given[0], True) else "Directory"
    found: Kind = "Directory"
    for name in sorted(name for name in files if "/" not in name):  # as in Go, the last that fits decides
        if name.endswith("Chart.yaml") and on.get("Helm", True):
            found = "Helm"
        elif name in KUSTOMIZATIONS and on.get("Kustomize", True):
            found = "Kustomize"
    return found


def check_served(source: Source) -> None:
    """Raises Unsupported naming the first field that Argo knows and this installation does not render."""
    for field, reason in _unserved(source):
        raise Unsupported(reason, field=f"spec.source.{field}")


def _unserved(source: Source) -> Iterator[tuple[str, str]]:
    if source.helm and source.helm.version not in ("", "v3"):
        yield "helm.version", "there is one Helm here, which reads charts of Helm 3 and later; leave this out"
    if source.kustomize:
        asked = source.kustomize
        if asked.version:
            yield "kustomize.version", "there is one Kustomize here; leave this out"
