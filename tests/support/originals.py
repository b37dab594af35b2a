"""What Helm, Kustomize and kubectl print when people run them, in one form that can be compared byte for byte.

The output is read by Helm's own reader (`fromYaml`, which is `sigs.k8s.io/yaml`, as in Argo CD), so that a reading of ours
that differs from Go's shows, too.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from argosy.local.rendertools import find
from support.kubectl import find_kubectl
from support.rendering import Manifests

__all__ = ["canonical", "files_below", "printed", "read_by_helm"]

_SEPARATOR = re.compile(r"^---[ \t]*\n", re.MULTILINE)
_READER = """\
{{- range $name, $_ := .Files.Glob "documents/*" }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: read}
data: {json: {{ $.Files.Get $name | fromYaml | toJson | b64enc | quote }}}
{{- end }}
"""


def files_below(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their paths in it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def printed(place: Path, files: Mapping[str, bytes], *command: str, folder: str = "") -> str:
    """What a tool prints that is run in a folder of some files, which are written below `place`."""
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return _run(place / folder, *command)


def read_by_helm(text: str, place: Path) -> Manifests:
    """The objects in a tool's output, Lists taken apart; `place` is a folder for the chart that reads them.

    Helm has integers beyond 2^53 as floats.
    """
    shutil.rmtree(place, ignore_errors=True)
    (place / "documents").mkdir(parents=True)
    (place / "templates").mkdir()
    (place / "Chart.yaml").write_text("apiVersion: v2\nname: reader\nversion: 1.0.0\n")
    (place / "templates/read.yaml").write_text(_READER)
    for number, document in enumerate(_SEPARATOR.split(text)):
        (place / f"documents/{number:03}").write_bytes(document.encode())
    read = [one["data"]["json"] for one in yaml.safe_load_all(_run(place, "helm", "template", ".")) if one]
    found = [json.loads(base64.b64decode(one)) for one in read]
    assert not [one["Error"] for one in found if "Error" in one]
    return [part for one in found if one for part in (one["items"] if one["kind"] == "List" else [one])]


def canonical(manifests: Manifests) -> str:
    """One text for the same objects in whichever order: sorted by kind and name, written as JSON."""
    ordered = sorted(manifests, key=_place)
    return json.dumps([_plain(one) for one in ordered], indent=1, sort_keys=True, ensure_ascii=False)


def _place(one: Mapping[str, Any]) -> tuple[str, ...]:
    about = one.get("metadata") or {}
    return one["apiVersion"], one["kind"], about.get("namespace") or "", about.get("name") or ""


def _plain(value: Any) -> Any:
    """Numbers as Go reads JSON's: 1.0 is 1, and no integer beyond 2^53 is exact."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return int(float(value)) if float(value).is_integer() else value


def _run(folder: Path, *command: str) -> str:
    program = find_kubectl() if command[0] == "kubectl" else find(command[0])
    done = subprocess.run(
        [str(program), *command[1:]],
        cwd=folder,
        env={"HOME": str(folder), "PATH": str(find("helm").parent)},
        capture_output=True,
        check=False,
    )
    assert not done.returncode, done.stderr.decode()
    return done.stdout.decode()
