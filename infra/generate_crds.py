"""Writes infra/crds from the table of Argo's kinds; with `--check`, fails when the files there are others."""

import sys
from pathlib import Path

from argosy.resources.crds import custom_resource_definition
from argosy.resources.definitions import DEFINITIONS
from argosy.resources.yamlwriter import write_value

FOLDER = Path(__file__).parent / "crds"
HEADER = "# Made by `make generate` from argosy/resources; changes belong there."


def wanted() -> dict[Path, str]:
    """Each file with what has to stand in it."""
    return {
        FOLDER / f"{one.plural}.yaml": f"{HEADER}\n{write_value(custom_resource_definition(one))}"
        for one in DEFINITIONS.values()
    }


def main() -> int:
    """Write or check; files of kinds that are in the table no more count as stale."""
    files = wanted()
    present = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml")}
    if sys.argv[1:] == ["--check"]:
        stale = sorted(path.name for path in files.keys() | present.keys() if files.get(path) != present.get(path))
        if stale:
            print(f"infra/crds is not fresh ({', '.join(stale)}): make generate", file=sys.stderr)
        return 1 if stale else 0
    for path in present.keys() - files.keys():
        path.unlink()
    FOLDER.mkdir(exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
