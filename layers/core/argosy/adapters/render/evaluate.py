"""Evaluate a Jsonnet file: `python -I -S evaluate.py PACKAGES ROOT`, the order as JSON on standard input.

In: the order that `argosy.gitops.directory.jsonnet` makes; out: JSON on standard output, or Jsonnet's own message and exit
code 1. Imports are found beside the importing file, then in the libraries, and below ROOT alone, whatever links say. A
process of its own (`cage`), because the engine has no limits and no import may reach our files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _importer(root: Path, libraries: list[str], missing: list[str]) -> Callable[[str, str], tuple[str, bytes]]:
    def load(folder: str, name: str) -> tuple[str, bytes]:
        for place in (Path(folder), *(root / library for library in libraries)):
            path = (place / name).resolve()
            if path.is_relative_to(root) and path.is_file():
                return str(path), path.read_bytes()
        missing.append(f"import {name!r}: it is not in the repository, or not where it is looked for")
        raise RuntimeError

    return load


def main(packages: str, root: Path) -> int:
    """Evaluate; the exit code."""
    sys.path.append(packages)
    import _gojsonnet

    order: dict[str, Any] = json.load(sys.stdin)
    variables, arguments = order["variables"], order["arguments"]
    path = (root / order["file"]).resolve()
    missing: list[str] = []
    try:
        text = _gojsonnet.evaluate_snippet(
            str(path),
            path.read_text(encoding="utf-8-sig"),
            ext_vars=variables["texts"],
            ext_codes=variables["code"],
            tla_vars=arguments["texts"],
            tla_codes=arguments["code"],
            import_callback=_importer(root, order["libraries"], missing),
        )
    except (RuntimeError, ValueError) as x:
        # gojsonnet 0.22 puts whatever lies behind an importer's message into its own, so ours is told instead.
        sys.stderr.write(missing[0] if missing else str(x))
        return 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve()))
