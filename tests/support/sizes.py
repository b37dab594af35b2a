"""How large functions are on Lambda: what they and their layers hold when they are unpacked.

In: the folder that `infra.localstack.build` makes. Out: bytes by the functions' logical names.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["LIMIT", "layers", "unzipped"]

LIMIT: Final = 220_000_000
"""Lambda takes 250 MB; what is left is for what grows."""

_FUNCTION, _LAYER = "AWS::Serverless::Function", "AWS::Serverless::LayerVersion"


def unzipped(build: Path) -> dict[str, int]:
    """Functions with all their layers."""
    template = _template(build)
    shared = template["Globals"]["Function"].get("Layers", [])
    sizes = layers(build)
    return {
        name: _size(build / properties["CodeUri"])
        # A function's own list goes on after that of all.
        + sum(sizes[layer["Ref"]] for layer in [*shared, *properties.get("Layers", [])])
        for name, properties in _resources(template, _FUNCTION)
    }


def layers(build: Path) -> dict[str, int]:
    """Layers alone."""
    return {name: _size(build / properties["ContentUri"]) for name, properties in _resources(_template(build), _LAYER)}


def _template(build: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((build / "template.yaml").read_text())
    return found


def _resources(template: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, one["Properties"]) for name, one in template["Resources"].items() if one["Type"] == kind]


def _size(archive: Path) -> int:
    with zipfile.ZipFile(archive) as packed:
        return sum(entry.file_size for entry in packed.infolist())
