"""`spec.source.helm` as arguments of helm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.errors import InvalidObject
from argosy.gitops import helm
from argosy.gitops.calls import Call
from argosy.gitops.remotes import Need
from argosy.ports.fakes.workshop import FakeBench
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest
from argosy.resources.source import Source

TREE = FakeBench({"app/Chart.yaml": "", "app/v.yaml": "", "shared/a,b.yaml": "", "key.pem": ""}, lambda _: "")
ENV = {"ARGOCD_APP_NAME": "guestbook"}


def plan(fields: dict[str, Any] | None, **more: Any) -> Call:
    source = parse(Source, Manifest({"helm": fields}))
    about = {"app": "guestbook", "namespace": "default", "kube_version": "", "api_versions": (), **more}
    about.setdefault("files", helm.Files())
    return helm.plan(source, "app", about.pop("tree", TREE), ENV, **about)


def options(fields: dict[str, Any] | None, **more: Any) -> list[str]:
    return list(plan(fields, **more).arguments[1:-3])


def test_a_chart_without_settings() -> None:
    call = plan(None)
    assert call == Call("helm", ("template", "--namespace=default", "--include-crds", "--", "guestbook", "."), "app")


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"namespace": "other"}, ["--namespace=other", "--include-crds"]),
        ({"skipCrds": True, "skipTests": True}, ["--namespace=default", "--skip-tests"]),
        ({"skipSchemaValidation": True}, ["--namespace=default", "--include-crds", "--skip-schema-validation"]),
        ({"kubeVersion": "1.30"}, ["--namespace=default", "--kube-version=1.30", "--include-crds"]),
        (
            {"apiVersions": ["a/v1", "b/v1"]},
            ["--namespace=default", "--api-versions=a/v1", "--api-versions=b/v1", "--include-crds"],
        ),
        ({"passCredentials": True}, ["--namespace=default", "--include-crds"]),
    ],
)
def test_settings(fields: dict[str, Any], given: list[str]) -> None:
    assert options(fields) == given


def test_the_cluster_s_versions_are_the_default() -> None:
    assert options({}, kube_version="1.34", api_versions=("v1",))[1:3] == ["--kube-version=1.34", "--api-versions=v1"]
    assert "--kube-version=1.30" in options({"kubeVersion": "1.30"}, kube_version="1.34")


def test_parameters() -> None:
    given = [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "x,y", "forceString": True},
        {"name": "a", "value": "$ARGOCD_APP_NAME"},
        {"name": "list", "value": "{x,y}"},
        {"name": "", "value": "--post-renderer=x"},
    ]
    assert options({"parameters": given})[1:-1] == [
        "--set=a=guestbook",
        "--set=list={x,y}",
        "--set==--post-renderer=x",
        "--set-string=b=x\\,y",
    ]


def test_values() -> None:
    """A file, then what stands in the manifest; an object wins over a text."""
    call = plan({"valueFiles": ["v.yaml"], "values": "a: 1"})
    assert [one for one in call.arguments if "values" in one] == ["--values=./v.yaml", "--values=-"]
    assert call.text == "a: 1"
    assert json.loads(plan({"values": "a: 1", "valuesObject": {"b": [1]}}).text) == {"b": [1]}
    assert json.loads(plan({"valuesObject": {}}).text) == {}


def test_value_files() -> None:
    assert options({"valueFiles": ["v.yaml", "/app/v.yaml", "../shared/a,b.yaml"]})[1:-1] == [
        "--values=./v.yaml",
        '--values="../shared/a,b.yaml"',
    ]
    assert options({"valueFiles": ["no.yaml"], "ignoreMissingValueFiles": True})[1:-1] == []
    assert options({"valueFiles": ["../shared/**/*.yaml", "../shared/a,b.yaml"]})[1:-1] == [
        '--values="../shared/a,b.yaml"'
    ]
    assert options({"valueFiles": ["none/*.yaml"], "ignoreMissingValueFiles": True})[1:-1] == []


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("no.yaml", InvalidObject, "no file of the repository"),
        ("../../etc/passwd", InvalidObject, "leads out of the repository"),
        ("v.yaml,/etc/passwd", InvalidObject, "no file of the repository"),
        ("file:///etc/passwd", InvalidObject, "only https, http are allowed"),
        ("none/*.yaml", InvalidObject, "no file of the repository"),
    ],
)
def test_a_value_file_that_is_refused(name: str, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says) as refusal:
        plan({"valueFiles": [name]})
    assert refusal.value.field == "spec.source.helm.valueFiles[0]"  # type: ignore[attr-defined] # both kinds are Placed


VALUES, OTHER = Need("ref", "$values"), Need("file", "https://example.com/x/v.yaml?t=1")
PARTS = FakeBench(
    {
        "app/v.yaml": "",
        f"{VALUES.at}/env/guestbook.yaml": "",
        f"{VALUES.at}/env/a.yaml": "",
        f"{OTHER.at}/v.yaml": "",
    },
    lambda _: "",
)


def files_of(*fetched: Need, schemes: tuple[str, ...] = ("https",)) -> helm.Files:
    return helm.Files(["$values"], schemes, {one.at for one in fetched})


def test_files_of_other_sources_and_addresses_are_needed_first() -> None:
    files = files_of()
    fields = {
        "valueFiles": ["$values/a.yaml", "v.yaml", "https://example.com/x/v.yaml?t=1", "$values/b.yaml"],
        "fileParameters": [{"name": "a", "path": "$values/c"}],
    }
    plan(fields, files=files, tree=PARTS)
    assert sorted(files.needs) == sorted([VALUES, OTHER])


def test_files_of_other_sources_and_addresses() -> None:
    files = files_of(VALUES, OTHER)
    fields = {
        "valueFiles": ["$values/env/$ARGOCD_APP_NAME.yaml", "https://example.com/x/v.yaml?t=1", "$values/env/*.yaml"],
        "fileParameters": [{"name": "a", "path": "$values/env/a.yaml"}],
    }
    place = f"../../{VALUES.at.removeprefix('../')}/env"
    assert options(fields, files=files, tree=PARTS)[1:-1] == [
        f"--set-file=a={place}/a.yaml",
        f"--values={place}/guestbook.yaml",
        f"--values=../../{OTHER.at.removeprefix('../')}/v.yaml",
        f"--values={place}/a.yaml",
    ]
    assert not files.needs


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("$values/env/no.yaml", r"\$values/env/no.yaml' is no file .*\(looked for env/no.yaml\)"),
        ("$values/../../x", "leads out of the repository"),
        ("$values", r"leads out of the repository|no file"),
        ("http://example.com/v.yaml", "only https are allowed"),
    ],
)
def test_a_file_of_another_source_that_is_refused(name: str, says: str) -> None:
    with pytest.raises(InvalidObject, match=says):
        plan({"valueFiles": [name]}, files=files_of(VALUES), tree=PARTS)


def test_file_parameters() -> None:
    assert (
        options({"fileParameters": [{"name": "tls.key", "path": "../key.pem"}]})[1] == "--set-file=tls.key=../key.pem"
    )


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a=/etc/passwd,b", "v.yaml"),
        ("a,b", "v.yaml"),
        ("", "v.yaml"),
        ("a", "../../etc/passwd"),
        ("a", "{v.yaml,/etc/passwd}"),
        ("a", "no.pem"),
    ],
)
def test_a_file_parameter_that_is_refused(name: str, path: str) -> None:
    with pytest.raises(InvalidObject):
        plan({"fileParameters": [{"name": name, "path": path}]})


def test_a_release_name_is_no_option() -> None:
    assert plan({"releaseName": "--post-renderer=x"}).arguments[-3:] == ("--", "--post-renderer=x", ".")


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("a", "a"),
        ("a,b", "a\\,b"),
        ("a\\,b,c", "a\\,b\\,c"),
        ("{a,b}", "{a,b}"),
        ("not, clean", "not\\, clean"),
        (",", "\\,"),
    ],
)
def test_escaping(value: str, escaped: str) -> None:
    assert helm.escaped(value) == escaped


def test_a_parameter_of_the_command_line() -> None:
    assert helm.parameter("a=b=c", force_string=True) == {"name": "a", "value": "b=c", "forceString": True}
    with pytest.raises(InvalidObject, match="name=value"):
        helm.parameter("a", force_string=False)


def test_flat_values() -> None:
    assert helm.flat_values({"a": {"b": [{"c": "x"}, 1]}, "t": True}) == {"a.b[0].c": "x", "a.b[1]": "1", "t": "true"}
