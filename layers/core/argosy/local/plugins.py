"""Config management plugins from a folder of the operator's: `argosy up --plugins FOLDER`.

In: YAML files with one ConfigManagementPlugin or several each, as Argo CD's sidecars have them in `plugin.yaml`. Out: the
plugins, read once at the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from argosy.errors import InvalidObject, NotFound
from argosy.resources.manifests import read_manifests
from argosy.resources.plugin import ConfigManagementPlugin, read_plugin

__all__ = ["load_plugins"]

_SUFFIXES: Final = (".yaml", ".yml")


def load_plugins(folder: Path | None) -> Sequence[ConfigManagementPlugin]:
    """The plugins of a folder, none without one. Raises NotFound, InvalidObject or Unsupported with file and field."""
    if folder is None:
        return ()
    if not folder.is_dir():
        raise NotFound(f"{folder}: there is no such folder of plugins")
    found: dict[str, ConfigManagementPlugin] = {}
    for file in sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as x:
            raise InvalidObject(f"cannot be read: {x}", file=str(file)) from x
        for manifest in read_manifests(text, str(file)):
            plugin = read_plugin(manifest)
            if plugin.name in found:
                raise manifest.problem("metadata.name", f"plugin {plugin.name!r} is there already")
            found[plugin.name] = plugin
    if not found:
        raise NotFound(f"{folder}: no ConfigManagementPlugin is in it")
    return list(found.values())
