"""`argosy lint PATH`: which files and documents are checked, and what is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.cli.linting import chosen, linted, read
from argosy.errors import NotFound

SENSOR = """\
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: s}
spec:
  dependencies:
    - {name: dep, eventSourceName: hook, eventName: example}
  triggers:
    - template:
        name: t
        http:
          url: http://x/
          payload:
            - src: {dependencyName: other}
              dest: a
"""


@pytest.mark.parametrize(
    ("recursive", "names"), [(False, ["a.YAML", "b.yml"]), (True, ["a.YAML", "b.yml", "sub/c.yaml"])]
)
def test_a_folder(tmp_path: Path, recursive: bool, names: list[str]) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.yml", "a.YAML", "c.json", "sub/c.yaml"):
        (tmp_path / name).write_text("")
    assert [str(file.relative_to(tmp_path)) for file in chosen(tmp_path, recursive=recursive)] == names
    assert chosen(tmp_path / "c.json", recursive=False) == [tmp_path / "c.json"]
    with pytest.raises(NotFound):
        chosen(tmp_path / "nowhere", recursive=False)


def test_what_is_none_of_ours_is_left_out_and_named() -> None:
    manifests, skipped = read(f"kind: [\n---\nkind: ConfigMap\nmetadata: {{name: c}}\n---\n---\n{SENSOR}", "f.yaml")
    assert [manifest.name for manifest in manifests] == ["s"]
    assert ["f.yaml" in reason for reason in skipped] == [True, True]
    assert "ConfigMap/c" in skipped[1]


def test_problems_have_the_lines_of_the_file() -> None:
    manifests, _ = read(f"# first\n---\n{SENSOR}", "f.yaml")
    (problem,) = linted(manifests, None)
    assert "'other'" in str(problem)
    assert "f.yaml:15" in str(problem) or "line 15" in str(problem)
