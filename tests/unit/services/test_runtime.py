"""How handlers get hold of an installation."""

from __future__ import annotations

import sys
import types

import pytest

from argosy.errors import InvalidObject
from argosy.services import runtime
from support.services import FakeInstallation


@pytest.fixture(autouse=True)
def none_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_current", None)


def test_the_one_in_use() -> None:
    made = FakeInstallation().runtime
    runtime.use(made)
    assert runtime.current() is made


def test_made_by_the_factory_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    made = FakeInstallation().runtime
    module = types.ModuleType("argosy_test_factory")
    module.make = lambda: made  # type: ignore[attr-defined]  # a module made by hand
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("ARGOSY_RUNTIME", "argosy_test_factory:make")
    assert runtime.current() is made
    assert runtime.current() is made


@pytest.mark.parametrize("value", [None, "", "module"])
def test_none_at_all(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("ARGOSY_RUNTIME", raising=False)
    if value is not None:
        monkeypatch.setenv("ARGOSY_RUNTIME", value)
    with pytest.raises(InvalidObject, match="ARGOSY_RUNTIME"):
        runtime.current()


def test_services_are_made_once() -> None:
    made = FakeInstallation().runtime
    for name in ("outcomes", "receiver", "sensing", "firings", "ticker"):
        assert getattr(made, name) is getattr(made, name)
