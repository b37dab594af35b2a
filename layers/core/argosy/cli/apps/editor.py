"""Texts as somebody leaves them in an editor, for `argosy app edit` and `argosy proj edit`."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from argosy.errors import InvalidObject
from argosy.resources.manifests import read_value
from argosy.resources.yamlwriter import write_value

__all__ = ["edited"]


def edited(value: Any) -> Any | None:
    """A value as somebody leaves it in an editor, None for one that is left alone.

    Raises InvalidObject when there is no editor, it fails, or what it leaves cannot be read.
    """
    before = write_value(value)
    after = _text(before)
    return None if after == before else read_value(after)


def _text(text: str) -> str:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as x:
            raise InvalidObject(f"the editor {editor!r} ($VISUAL, $EDITOR) failed: {x}") from x
        return file.read_text(encoding="utf-8")
