"""Event source `gerrit`: what it does beyond `test_hooks` is nothing; its payload as Argo shapes it."""

from __future__ import annotations

from support.hooks import answer


def test_the_payload() -> None:
    (data,) = answer("gerrit", '{"type": "ref-updated"}', metadata={"a": "b"}).events
    assert data == '{"headers":{},"body":{"type":"ref-updated"},"metadata":{"a":"b"}}'
