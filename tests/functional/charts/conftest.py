"""A Helm repository and a registry with `db` in three versions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.charts import ChartServer, Helm, chart_files, serving_charts
from support.registry import Registry


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> Path:
    """The packages and the index of a repository: `db` in three versions."""
    folder = tmp_path_factory.mktemp("published")
    for version in ("1.0.0", "1.2.0", "2.0.0"):
        helm.package(chart_files("db", version), folder)
    helm.index(folder)
    return folder


@pytest.fixture
def server(published: Path, tmp_path: Path) -> Iterator[ChartServer]:
    with serving_charts(Path(shutil.copytree(published, tmp_path / "published"))) as running:
        yield running


@pytest.fixture(scope="module")
def registry(helm: Helm, published: Path) -> Iterator[Registry]:
    """A registry without TLS that has `db` as well."""
    running = Registry()
    for package in published.glob("*.tgz"):
        helm.run("push", str(package), f"oci://{running.address}/charts", "--plain-http")
    yield running
    running.close()
