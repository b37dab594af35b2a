"""Reads what `-f` and `--apply` name: files, folders, standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from argosy.errors import InvalidObject, NotFound
from argosy.resources.manifests import Manifest, read_manifests

__all__ = ["load"]

_SUFFIXES = (".yaml", ".yml", ".json")


def load(paths: Iterable[str], *, recursive: bool = False) -> list[Manifest]:
    """The manifests of all files; `-` is standard input, a folder means its YAML and JSON files in order of name.

    Raises NotFound for what is not there or holds nothing, InvalidObject for what cannot be read.
    """
    manifests: list[Manifest] = []
    for name in paths:
        if name == "-":
            manifests.extend(read_manifests(_standard_input(), "standard input"))
            continue
        path = Path(name)
        if not path.exists():
            raise NotFound(f"{name}: no such file or folder")
        for file in _files(path, recursive):
            manifests.extend(read_manifests(_text(file), str(file)))
    if not manifests:
        raise NotFound("no manifest found in what was given")
    return manifests


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as x:
        raise InvalidObject(f"not UTF-8: {x}", file="standard input") from x


def _files(path: Path, recursive: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = path.rglob("*") if recursive else path.glob("*")
    return sorted(file for file in found if file.suffix in _SUFFIXES and file.is_file())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as x:
        raise NotFound(f"{file}: cannot be read: {x}") from x
