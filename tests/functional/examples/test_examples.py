"""Every manifest under examples/ is right: ours pass the check of `argosy lint`, the cluster's can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.adapters.jq import LazyJq
from argosy.resources.manifests import read_manifests
from argosy.services.kinds import GROUP_VERSION, KINDS
from argosy.services.objects import check

ROOT = Path(__file__).resolve().parents[3] / "examples"
FILES = sorted(ROOT.rglob("*.yaml"))


def test_there_are_examples() -> None:
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_example(file: Path) -> None:
    manifests = read_manifests(file.read_text(), str(file))
    assert manifests
    for manifest in manifests:
        if manifest.api_version == GROUP_VERSION and manifest.kind in KINDS:
            assert check(manifest, jq=LazyJq()) == []
