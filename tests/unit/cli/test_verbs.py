"""How the verbs of `argosy app` take their flags and end."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from argosy.cli.apps.choosing import selector
from argosy.cli.apps.core import Group, Verb, remember
from argosy.cli.apps.flagged import flagged
from argosy.errors import InvalidObject
from argosy.gitops.waiting import Selector

NOTHING: dict[str, str | None] = {"ARGOCD_NAMESPACE": None, "ARGOCD_APP_NAMESPACE": None}

app = typer.Typer(cls=Group, callback=remember)


@app.command("do", cls=Verb)
def do(
    context: typer.Context,
    name: str = "",
    prune: Annotated[bool, typer.Option("--prune")] = False,
    validate: Annotated[bool, typer.Option("--validate/--no-validate")] = True,
) -> None:
    """Say what was understood."""
    where = context.meta["argosy.apps"]
    typer.echo(f"{where.control} {where.namespace} {where.context} {name} {prune} {validate}")


def _flags(flags: dict[str, Any], name: str = "") -> None:
    typer.echo(f"{name} {sorted((key, value) for key, value in flags.items() if value is not None)}")


app.command("set", cls=Verb)(flagged(_flags))


@app.command("fail", cls=Verb)
def fail() -> None:
    """End with an error of ours."""
    raise InvalidObject("no", field="spec.source")


def said(*words: str, env: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(app, list(words), env=NOTHING | (env or {}))
    assert done.exit_code == 0, done.output
    return done.output.strip()


@pytest.mark.parametrize(
    ("words", "understood"),
    [
        ([], "argocd    False True"),
        (["-N", "x"], "argocd x   False True"),
        (["--argocd-namespace", "y"], "y    False True"),
        (["--name", "a", "--app-namespace=x", "--kube-context", "c"], "argocd x c a False True"),
        (["--prune=true", "--validate=false"], "argocd    True False"),
        (["--prune", "--no-validate"], "argocd    True False"),
        (["--prune=false", "--validate=TRUE"], "argocd    False True"),
        (["--prune=1", "--validate=f"], "argocd    True False"),
        (["--prune=t", "--validate=0"], "argocd    True False"),
        (["--prune=T", "--validate=False"], "argocd    True False"),
    ],
)
def test_flags_as_argocd_takes_them(words: list[str], understood: str) -> None:
    assert said("do", *words) == understood


@pytest.mark.parametrize("word", ["--prune=yes", "--prune=tRUE", "--prune=2", "--prune="])
def test_what_go_reads_as_no_switch(word: str) -> None:
    assert CliRunner().invoke(app, ["do", word]).exit_code == 2


def test_namespaces_may_stand_in_the_environment() -> None:
    env = {"ARGOCD_NAMESPACE": "y", "ARGOCD_APP_NAMESPACE": "z"}
    assert said("do", env=env).startswith("y z ")
    assert said("do", "-N", "x", "--argocd-namespace=w", env=env).startswith("w x ")


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ([], "[]"),
        (["--self-heal=false"], "[('self_heal', False)]"),
        (["--path", "a", "-p", "x=1", "-p", "y=2"], "[('parameter', ['x=1', 'y=2']), ('path', 'a')]"),
        (["--sync-retry-limit", "3"], "[('sync_retry_limit', 3)]"),
    ],
)
def test_the_table_of_flags_becomes_options(words: list[str], given: str) -> None:
    assert said("set", *words) == given


def test_an_error_of_ours_ends_with_argocds_code() -> None:
    done = CliRunner().invoke(app, ["fail"])
    assert (done.exit_code, done.stderr) == (20, "error: spec.source: no\n")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("apps:Deployment:web", Selector("apps", "Deployment", "web")),
        (":Service:a/web", Selector("", "Service", "web", "a")),
        ("!*:*:*", Selector("*", "*", "*", excludes=True)),
    ],
)
def test_what_a_resource_flag_names(text: str, named: Selector) -> None:
    assert selector(text) == named


@pytest.mark.parametrize("text", ["web", "apps:Deployment", "apps:Deployment:", "a:b:c:d"])
def test_what_a_resource_flag_cannot_be(text: str) -> None:
    with pytest.raises(InvalidObject, match="GROUP:KIND"):
        selector(text)
