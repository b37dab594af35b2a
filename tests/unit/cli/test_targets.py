"""Which installation a command is for: options, variables, contexts; and how contexts are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.cli.client.contexts import Contexts, Target, config_file, load, save
from argosy.cli.client.target import Chosen, choose, connect
from argosy.cli.options import hoisted
from argosy.errors import ArgosyError, InvalidObject, NotFound

PROD, LAB = Target(stack="argosy", region="eu-central-1"), Target(server="https://lab.example", token_file="/t")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("ARGOSY_TOKEN", raising=False)
    return tmp_path


# The command line


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([], []),
        (["get", "es"], ["get", "es"]),
        (["get", "es", "--stack", "a"], ["--stack", "a", "get", "es"]),
        (["get", "--stack=a", "es", "--region", "b"], ["--stack=a", "--region", "b", "get", "es"]),
        (["--context", "a", "get"], ["--context", "a", "get"]),
        (["get", "--", "--stack", "a"], ["get", "--", "--stack", "a"]),
        (["get", "--stack"], ["--stack", "get"]),
        (["get", "--stacks", "a"], ["get", "--stacks", "a"]),
    ],
)
def test_shared_options_stand_anywhere(given: list[str], made: list[str]) -> None:
    assert hoisted(given) == made


# What is chosen


@pytest.mark.parametrize(
    ("chosen", "data", "environ", "target"),
    [
        (Chosen(), None, {}, Target()),
        (Chosen(stack="s"), None, {}, Target(stack="s")),
        (Chosen(stack="s", region="r", profile="p"), None, {}, Target("s", "r", "p")),
        (Chosen(server="https://x"), None, {"ARGOSY_STACK": "s"}, Target(server="https://x")),
        (Chosen(), None, {"ARGOSY_STACK": "s"}, Target(stack="s")),
        (Chosen(region="r"), None, {"ARGOSY_STACK": "s"}, Target(stack="s", region="r")),
        (Chosen(), None, {"ARGOSY_SERVER": "https://x"}, Target(server="https://x")),
        (Chosen(), None, {"ARGOSY_CONTEXT": "prod"}, PROD),
        (Chosen(), None, {"ARGOSY_CONTEXT": "local"}, Target()),
        (Chosen(context="lab"), None, {"ARGOSY_CONTEXT": "prod"}, LAB),
        (Chosen(context="prod", region="r"), None, {}, Target("argosy", "r")),
        (Chosen(), Path("/d"), {"ARGOSY_STACK": "s"}, Target(data="/d")),
    ],
)
def test_what_says_so(chosen: Chosen, data: Path | None, environ: dict[str, str], target: Target) -> None:
    save(Contexts(known={"prod": PROD, "lab": LAB}))
    assert choose(chosen, data, environ) == target


def test_the_current_context_is_the_last_to_be_asked() -> None:
    save(Contexts("prod", {"prod": PROD}))
    assert choose(Chosen(), None, {}) == PROD
    assert choose(Chosen(), None, {"ARGOSY_STACK": "s"}) == Target(stack="s")
    assert choose(Chosen(context="local"), None, {}) == Target()


@pytest.mark.parametrize(
    ("chosen", "data", "environ", "told"),
    [
        (Chosen(stack="s", server="https://x"), None, {}, "--stack and --server"),
        (Chosen(context="lab", stack="s"), None, {}, "--stack and --context"),
        (Chosen(stack="s"), Path("/d"), {}, "--stack and --data"),
        (Chosen(), None, {"ARGOSY_STACK": "s", "ARGOSY_SERVER": "x"}, "ARGOSY_STACK and ARGOSY_SERVER"),
        (Chosen(region="r"), None, {}, "--region goes with a stack"),
        (Chosen(profile="p", server="https://x"), None, {}, "--profile goes with a stack"),
        (Chosen(token_file="t"), None, {}, "--token-file goes with --server"),
        (Chosen(context="nope"), None, {}, "no context nope; there are local"),
        (Chosen(), None, {"ARGOSY_CONTEXT": "nope"}, "no context nope"),
    ],
)
def test_what_cannot_be(chosen: Chosen, data: Path | None, environ: dict[str, str], told: str) -> None:
    with pytest.raises(ArgosyError, match=told):
        choose(chosen, data, environ)


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Target(server="https://x"), "no token for https://x: name its file"),
        (Target(server="https://a.execute-api.eu-central-1.amazonaws.com/prod"), "--stack NAME"),
        (Target(server="https://x", token_file="/proc/nowhere"), "token file /proc/nowhere not found"),
        (Target(data="/proc/nowhere/data"), "data directory /proc/nowhere/data not found"),
    ],
)
def test_what_leads_nowhere(target: Target, told: str) -> None:
    with pytest.raises(ArgosyError, match=told), connect(target):
        raise AssertionError


# Contexts


def test_contexts_are_kept(home: Path) -> None:
    assert load() == Contexts()
    contexts = Contexts().adding("prod", PROD).adding("lab", LAB).using("lab")
    save(contexts)
    assert load() == contexts
    assert config_file() == home / "argosy" / "config.yaml"
    assert config_file().stat().st_mode & 0o777 == 0o600
    assert [path.name for path in config_file().parent.iterdir()] == ["config.yaml"]


def test_the_current_one_is_forgotten() -> None:
    contexts = Contexts("prod", {"prod": PROD, "lab": LAB})
    assert contexts.without("prod") == Contexts("local", {"lab": LAB})
    assert contexts.without("lab").current == "prod"


@pytest.mark.parametrize("name", ["", "local", "a b", "-a", "a/b", "é"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidObject):
        Contexts().adding(name, PROD)


def test_what_is_not_known() -> None:
    for doing in (Contexts().using, Contexts().without, Contexts().get):
        with pytest.raises(NotFound, match="no context nope; there are local"):
            doing("nope")
    with pytest.raises(InvalidObject, match="always there"):
        Contexts().without("local")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "not YAML"),
        ("- a", "must hold"),
        ("contexts: []", ""),
        ("contexts: [a]", "must be names"),
        ("contexts: {a: b}", "contexts.a: must be an object"),
        ("contexts: {a: {stack: 7}}", "contexts.a: must be an object of texts"),
        ("contexts: {a: {token: x}}", "unknown: token; known: stack"),
        ("contexts: {a: {stack: x, server: y}}", "a stack and a server"),
    ],
)
def test_a_file_that_somebody_has_changed(text: str, told: str) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text)
    if not told:
        assert load() == Contexts()
        return
    with pytest.raises(InvalidObject, match=told) as caught:
        load()
    assert str(caught.value).startswith(str(config_file()))
