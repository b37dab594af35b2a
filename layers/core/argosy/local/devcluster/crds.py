"""The custom resource definitions that a new development cluster gets.

In: `infra/crds/*.yaml` of the repository, or the copy inside the wheel (`argosy/_infra/crds`). Out: manifests.
Called by the supervisor. `argosy.resources.crds` makes them, `make generate` writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

import argosy
from argosy.errors import NotFound

__all__ = ["crd_directory", "crd_manifests"]


def crd_directory() -> Path:
    """The folder with the definitions. Raises `NotFound` for an installation that lacks it."""
    package = Path(argosy.__file__).parent
    places = (package / "_infra" / "crds", package.parents[2] / "infra" / "crds")
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise NotFound(
            f"no custom resource definitions in {' or '.join(map(str, places))}: this installation is not complete"
        )
    return found


def crd_manifests(directory: Path | None = None) -> list[dict[str, Any]]:
    """Every CustomResourceDefinition in the folder, in the order of file names."""
    documents: list[dict[str, Any]] = []
    for path in sorted((directory or crd_directory()).glob("*.yaml")):
        with path.open("rb") as file:
            documents += [one for one in yaml.safe_load_all(file) if isinstance(one, dict)]
    return documents
