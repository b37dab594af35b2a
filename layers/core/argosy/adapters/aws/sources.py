"""The runtimes of the two functions that work on repositories, from their environment.

`create_fetching` is ARGOSY_RUNTIME of `functions/fetch`: the bucket, secrets, the network. `create_rendering` that of
`functions/render`: the bucket and tools. Neither has a table or a queue, and who renders what users wrote has no secrets
either: asking for one says so. ARGOSY_BLOBS names the bucket, ARGOSY_STAGE the installation; tools are on PATH, where the
layer `render` brings them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.secrets import AwsSecrets, sealing_keys
from argosy.adapters.signing.sealing import KeyOpener
from argosy.errors import InvalidObject, Unavailable
from argosy.ports.clock import SystemClock
from argosy.services.runtime import Runtime

__all__ = ["create_fetching", "create_rendering"]


class _Absent:
    """A port that a function does without."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> NoReturn:
        raise InvalidObject(f"this function has no {self._what}")


def create_fetching() -> Runtime:
    """The runtime of the function that fetches. Raises InvalidObject naming variables that are missing."""
    from argosy.adapters.charts.repository import ChartRepositories
    from argosy.adapters.git.repository import GitRepository
    from argosy.adapters.http.downloads import HttpDownloads

    bucket, stage = _given("ARGOSY_BLOBS", "ARGOSY_STAGE")
    clients = Clients()
    secrets = AwsSecrets(f"argosy/{stage}", clients)
    opener = KeyOpener(lambda: sealing_keys(stage, clients))
    more = {"repository": GitRepository(), "downloads": HttpDownloads(), "charts": ChartRepositories()}
    return _runtime(bucket, clients, secrets=secrets, opener=opener, **more)


def create_rendering() -> Runtime:
    """The runtime of the function that renders. Raises InvalidObject naming variables that are missing."""
    from argosy.adapters.render.workshop import ToolWorkshop

    (bucket,) = _given("ARGOSY_BLOBS")
    return _runtime(bucket, Clients(), secrets=_absent("secrets"), workshop=ToolWorkshop(_tool))


def _runtime(bucket: str, clients: Clients, **more: Any) -> Runtime:
    return Runtime(
        store=_absent("table"),
        queue=_absent("queues"),
        blobs=S3Blobs(bucket, clients),
        clock=SystemClock(),
        executors={},
        **more,
    )


def _absent(what: str) -> Any:
    return _Absent(what)


def _given(*names: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise InvalidObject(f"the environment lacks {', '.join(missing)}: template.yaml sets them for every function")
    return [environ[name] for name in names]


def _tool(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not on PATH: the function needs the layer render")
    return Path(found)
