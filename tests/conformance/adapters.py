"""All conformance adapters, family → adapter; one module beside this file for each part of the product."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODULES = ("events", "gitops", "gitops_actions", "gitops_live", "gitops_rules", "lang", "rollouts", "sources")

type Adapter = Callable[[dict[str, Any]], object]


def _load(name: str) -> dict[str, Adapter]:
    # By path: the runner loads this file by path too, so that there is no package to import siblings from.
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    families: dict[str, Adapter] = module.FAMILIES
    return families


def _merged() -> dict[str, Adapter]:
    merged: dict[str, Adapter] = {}
    for name in MODULES:
        families = _load(name)
        twice = merged.keys() & families.keys()
        if twice:
            raise ValueError(f"module {name}: adapters for {', '.join(sorted(twice))} are given twice")
        merged |= families
    return merged


FAMILIES = _merged()
