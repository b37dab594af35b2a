"""What somebody asks of an Application."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import AlreadyExists, ArgosyError, Denied, InvalidObject, NotFound
from argosy.gitops.sync import asking
from argosy.gitops.sync.asking import Wish
from argosy.resources.application import Application
from argosy.resources.application_operation import Operation, Retry, SyncResource

SOURCE = {"repoURL": "https://h/r", "path": "p", "targetRevision": "main"}
AUTOMATED: dict[str, Any] = {"automated": {}}


def _app(policy: dict[str, Any] | None = None, sources: int = 0, **parts: Any) -> Application:
    spec: dict[str, Any] = {"syncPolicy": policy or {}}
    spec |= {"sources": [SOURCE] * sources} if sources else {"source": SOURCE}
    return Application.of({"metadata": {"name": "a"}, "spec": spec} | parts)


@pytest.mark.parametrize(
    ("app", "wish", "operation"),
    [
        (_app(), Wish(), {"sync": {"syncStrategy": {"hook": {}}}}),
        (
            _app({"syncOptions": ["PruneLast=true"], "retry": {"limit": 3}}),
            Wish("me", "v1", prune=True, hooks=False, force=True),
            {
                "sync": {
                    "prune": True,
                    "revision": "v1",
                    "syncOptions": ["PruneLast=true"],
                    "syncStrategy": {"apply": {"force": True}},
                },
                "initiatedBy": {"username": "me"},
                "retry": {"limit": 3},
            },
        ),
        (
            _app({"syncOptions": ["PruneLast=true"], "retry": {"limit": 3}}),
            Wish(options=[], retry=Retry(limit=1), resources=[SyncResource(kind="Service", name="s")]),
            {
                "sync": {"syncStrategy": {"hook": {}}, "resources": [{"kind": "Service", "name": "s"}]},
                "retry": {"limit": 1},
            },
        ),
        (
            _app(sources=2),
            Wish(revisions={2: "v1"}),
            {"sync": {"syncStrategy": {"hook": {}}, "revisions": ["", "v1"], "sources": [SOURCE, SOURCE]}},
        ),
        (_app(AUTOMATED), Wish(revision="main"), {"sync": {"syncStrategy": {"hook": {}}, "revision": "main"}}),
        (
            _app(AUTOMATED),
            Wish(revision="v1", dry_run=True),
            {"sync": {"syncStrategy": {"hook": {}}, "revision": "v1", "dryRun": True}},
        ),
    ],
)
def test_a_sync(app: Application, wish: Wish, operation: dict[str, Any]) -> None:
    made = asking.sync(app, wish)
    assert made == operation
    assert Operation.model_validate(made).sync is not None


RUNNING = {"operationState": {"phase": "Running", "operation": {}}}


@pytest.mark.parametrize(
    ("app", "wish", "refused"),
    [
        (_app(operation={"sync": {}}), Wish(), AlreadyExists),
        (_app(status=RUNNING), Wish(), AlreadyExists),
        (_app(metadata={"deletionTimestamp": "2024-05-01T12:00:00Z"}), Wish(), InvalidObject),
        (_app(AUTOMATED), Wish(revision="v1"), InvalidObject),
        (_app(AUTOMATED, 2), Wish(revisions={1: "v1"}), InvalidObject),
        (_app(AUTOMATED), Wish(local=["{}"]), InvalidObject),
        (_app(sources=2), Wish(revisions={3: "v1"}), InvalidObject),
        (_app(sources=2), Wish(revision="v1"), InvalidObject),
        (_app(), Wish(revisions={1: "v1"}), InvalidObject),
        (_app(AUTOMATED, 2), Wish(revision="main"), InvalidObject),
    ],
)
def test_a_sync_that_may_not_be(app: Application, wish: Wish, refused: type[ArgosyError]) -> None:
    with pytest.raises(refused):
        asking.sync(app, wish)


def test_a_window_forbids() -> None:
    with pytest.raises(Denied, match="blocked by sync window"):
        asking.sync(_app(), Wish(), windows_allow=False)


HISTORY = {
    "history": [
        {"id": 4, "revision": "abc", "source": SOURCE},
        {"id": 5, "revisions": ["a", "b"], "sources": [SOURCE, SOURCE]},
        {"id": 6, "revision": "old"},
    ]
}


@pytest.mark.parametrize(
    ("number", "sync"),
    [
        (4, {"revision": "abc", "source": SOURCE, "prune": True, "syncStrategy": {"apply": {}}}),
        (5, {"revisions": ["a", "b"], "sources": [SOURCE, SOURCE], "prune": True, "syncStrategy": {"apply": {}}}),
    ],
)
def test_a_rollback(number: int, sync: dict[str, Any]) -> None:
    made = asking.rollback(_app(status=HISTORY), number, username="me", prune=True)
    assert made == {"sync": sync, "initiatedBy": {"username": "me"}}


@pytest.mark.parametrize(
    ("app", "number", "refused"),
    [
        (_app(AUTOMATED, status=HISTORY), 4, InvalidObject),
        (_app(status=HISTORY), 3, NotFound),
        (_app(status=HISTORY), 6, InvalidObject),
        (_app(status=HISTORY, operation={}), 4, AlreadyExists),
    ],
)
def test_a_rollback_that_may_not_be(app: Application, number: int, refused: type[ArgosyError]) -> None:
    with pytest.raises(refused):
        asking.rollback(app, number)


@pytest.mark.parametrize(
    ("status", "fine"),
    [(RUNNING, True), ({}, False), ({"operationState": {"phase": "Failed", "operation": {}}}, False)],
)
def test_what_can_be_ended(status: dict[str, Any], fine: bool) -> None:
    if fine:
        asking.check_terminable(_app(status=status))
    else:
        with pytest.raises(InvalidObject):
            asking.check_terminable(_app(status=status))
