"""What `argosy up` prints of a log trigger: one line of JSON, whatever the payload."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import orjson
import pytest

from argosy.local.console import configure_logging

DEEP = '{"a":' * 900 + "1" + "}" * 900


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger("argosy")
    before = root.handlers[:], root.level, root.propagate
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    configure_logging()
    yield sys.stderr  # type: ignore[misc]  # it is the one from above
    root.handlers[:], root.level, root.propagate = before


@pytest.mark.parametrize(
    ("text", "data"), [('{"a": 1}', {"a": 1}), ("plain", "plain"), (DEEP, DEEP)], ids=["JSON", "text", "deep"]
)
def test_a_payload(printed: io.StringIO, text: str, data: object) -> None:
    logging.getLogger("argosy.triggers.log").info("%s", text, extra={"sensor": "s"})
    line = orjson.loads(printed.getvalue())
    assert (line["sensor"], line["data"]) == ("s", data)
