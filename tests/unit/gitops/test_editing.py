"""The flags of `argosy app create`, `set` and `unset`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argosy.errors import InvalidObject, NotFound
from argosy.gitops.editing.choosing import add_source, check_helm, kind_at, place_of, remove_source
from argosy.gitops.editing.flags import FLAGS, put_flags
from argosy.gitops.editing.unsetting import unset
from argosy.resources.application import ApplicationSpec

type Json = dict[str, Any]

RETRYING: Json = {"syncPolicy": {"retry": {"limit": 1}}}
SAMPLES: dict[type, Any] = {str: "text", int: 3, bool: True, list: ["a=1"], Path: "a: 1\n"}


def put(spec: Json, position: int = 0, /, **flags: Any) -> Json:
    put_flags(spec, flags, position)
    return spec


@pytest.mark.parametrize(
    ("flags", "spec"),
    [
        ({"project": "p", "repo": "r", "path": "a"}, {"project": "p", "source": {"repoURL": "r", "path": "a"}}),
        ({"dest_server": "s", "dest_namespace": "n"}, {"destination": {"server": "s", "namespace": "n"}}),
        ({"dest_server": "s", "dest_name": "n"}, {"destination": {"name": "n"}}),
        (
            {"sync_policy": "auto", "auto_prune": True, "self_heal": False},
            {"syncPolicy": {"automated": {"prune": True, "selfHeal": False}}},
        ),
        ({"sync_policy": "none"}, {}),
        (
            {"sync_option": ["CreateNamespace=true", "Prune=false", "!Prune=false"]},
            {"syncPolicy": {"syncOptions": ["CreateNamespace=true"]}},
        ),
        (
            {"sync_retry_limit": 5, "sync_retry_backoff_duration": "10s", "sync_retry_backoff_factor": 3},
            {"syncPolicy": {"retry": {"limit": 5, "backoff": {"duration": "10s", "factor": 3}}}},
        ),
        ({"sync_retry_limit": 0}, {}),
        ({"revision_history_limit": 3}, {"revisionHistoryLimit": 3}),
        ({"helm_chart": "c", "revision": "1.*"}, {"source": {"chart": "c", "targetRevision": "1.*"}}),
        (
            {"helm_set": ["a=1", "b=x=y", "a=2"], "helm_set_string": ["c=3"]},
            {
                "source": {
                    "helm": {
                        "parameters": [
                            {"name": "a", "value": "2"},
                            {"name": "b", "value": "x=y"},
                            {"name": "c", "value": "3", "forceString": True},
                        ]
                    }
                }
            },
        ),
        ({"helm_set_file": ["a=f.txt"]}, {"source": {"helm": {"fileParameters": [{"name": "a", "path": "f.txt"}]}}}),
        ({"values_literal_file": "a: {b: 1}\n"}, {"source": {"helm": {"valuesObject": {"a": {"b": 1}}}}}),
        ({"values": ["a.yaml", "b.yaml"]}, {"source": {"helm": {"valueFiles": ["a.yaml", "b.yaml"]}}}),
        (
            {"kustomize_image": ["nginx:1", "ghcr.io:5000/a/b@sha256:0", "nginx=web:2"]},
            {"source": {"kustomize": {"images": ["ghcr.io:5000/a/b@sha256:0", "nginx=web:2"]}}},
        ),
        ({"kustomize_replica": ["web=3"]}, {"source": {"kustomize": {"replicas": [{"name": "web", "count": 3}]}}}),
        ({"kustomize_common_label": ["a=1"]}, {"source": {"kustomize": {"commonLabels": {"a": "1"}}}}),
        (
            {"directory_recurse": True, "jsonnet_tla_code": ["a=1"]},
            {
                "source": {
                    "directory": {"recurse": True, "jsonnet": {"tlas": [{"name": "a", "value": "1", "code": True}]}}
                }
            },
        ),
        (
            {"config_management_plugin": "p", "plugin_env": ["A=1"]},
            {"source": {"plugin": {"name": "p", "env": [{"name": "A", "value": "1"}]}}},
        ),
    ],
)
def test_what_flags_write(flags: Json, spec: Json) -> None:
    made = put({}, **flags)
    assert {key: value for key, value in made.items() if value != {}} == spec
    ApplicationSpec.model_validate(made)


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_flag_makes_a_spec_that_can_be_read_and_is_read_again(flag: Any) -> None:
    value = "auto" if flag.name == "--sync-policy" else SAMPLES.get(flag.type, "text")
    value = ["a=1"] if flag.type is list else value
    value = "7s" if flag.name.endswith("-duration") else value
    spec: Json = {"syncPolicy": {"automated": {}, "retry": {"limit": 1}}}
    before = ApplicationSpec.model_validate(spec)
    made = ApplicationSpec.model_validate(put(spec, 0, **{flag.key: value}))
    assert made != before or flag.name == "--sync-policy"


@pytest.mark.parametrize(
    ("source", "told", "fine"),
    [
        ({}, "", True),
        ({"path": "p"}, "Helm", True),
        ({"path": "p"}, "Directory", False),
        ({"path": "p", "helm": {}}, "Kustomize", True),
        ({"path": "p", "helm": {}, "kustomize": {}}, "", True),
        ({"kustomize": {"namePrefix": "p"}}, "", False),
        ({"directory": {"jsonnet": {}}}, "Helm", False),
        ({"plugin": {}}, "", False),
    ],
)
def test_whether_a_source_takes_parameters(source: Json, told: str, fine: bool) -> None:
    if fine:
        check_helm(source, told)
    else:
        with pytest.raises(InvalidObject, match="Parameters can only be set against Helm applications"):
            check_helm(source, told)


@pytest.mark.parametrize(
    ("status", "position", "kind"),
    [
        ({}, 0, ""),
        ({"sourceType": "Helm"}, 0, "Helm"),
        ({"sourceType": "Helm"}, 1, "Helm"),
        ({"sourceTypes": ["Helm", "Kustomize"]}, 2, "Kustomize"),
        ({"sourceTypes": ["Helm"]}, 2, ""),
    ],
)
def test_the_kind_that_the_status_tells(status: Json, position: int, kind: str) -> None:
    assert kind_at(status, position) == kind


def test_an_empty_text_takes_a_field_away() -> None:
    spec: Json = {"source": {"path": "a", "kustomize": {"namePrefix": "p-"}}}
    assert put(spec, nameprefix="", path="") == {"source": {}}


@pytest.mark.parametrize(
    ("text", "helm"),
    [("b: 2", {"valuesObject": {"b": 2}, "releaseName": "r"}), ("\n", {"releaseName": "r"})],
)
def test_values_take_the_place_of_those_there(text: str, helm: Json) -> None:
    there = {"values": "a: 1", "valuesObject": {"a": 1}, "releaseName": "r"}
    assert put({"source": {"helm": there}}, values_literal_file=text) == {"source": {"helm": helm}}


@pytest.mark.parametrize(
    ("spec", "flags", "field", "reason"),
    [
        ({}, {"auto_prune": True}, "--auto-prune", "not configured with automatic sync"),
        ({}, {"sync_policy": "often"}, "--sync-policy", "invalid sync-policy: 'often'"),
        ({}, {"helm_set": ["a"]}, "--helm-set", "'a' is not NAME=VALUE"),
        ({}, {"values_literal_file": "- a"}, "--values-literal-file", "Helm values are a map"),
        ({}, {"values_literal_file": "a: ["}, "--values-literal-file", "not YAML"),
        ({}, {"sync_retry_backoff_factor": 2}, "--sync-retry-backoff-factor", "give --sync-retry-limit"),
        ({}, {"sync_retry_limit": -4}, "--sync-retry-limit", r"Invalid sync-retry-limit \[-4\]"),
        (RETRYING, {"sync_retry_backoff_duration": "abc"}, "--sync-retry-backoff-duration", "'abc' is no length"),
        (RETRYING, {"sync_retry_backoff_max_duration": "5"}, "--sync-retry-backoff-max-duration", "'5' is no length"),
        (
            {},
            {"kustomize_replica": ["a=abc"]},
            "--kustomize-replica",
            "expected integer value for count. Received: abc",
        ),
        ({}, {"nameprefix": "p", "parameter": ["a=b"]}, "--parameter", "only be set against Helm applications"),
        ({"sources": [{}, {}]}, {"path": "a"}, "--path", "2 sources: give --source-position 1 to 2"),
    ],
)
def test_what_is_refused_names_the_flag(spec: Json, flags: Json, field: str, reason: str) -> None:
    with pytest.raises(InvalidObject, match=reason) as caught:
        put(spec, **flags)
    assert caught.value.field == field


def test_a_source_of_several() -> None:
    spec: Json = {"sources": [{"path": "a"}, {"path": "b"}]}
    assert put(spec, 2, path="c")["sources"] == [{"path": "a"}, {"path": "c"}]
    with pytest.raises(InvalidObject, match="leave --source-position out"):
        put({"source": {}}, 2, path="c")


@pytest.mark.parametrize(
    ("source", "fields", "entries", "left"),
    [
        ({"kustomize": {"namePrefix": "p"}}, ["nameprefix"], {}, {}),
        ({"kustomize": {"namePrefix": "p", "nameSuffix": "s"}}, ["nameprefix"], {}, {"kustomize": {"nameSuffix": "s"}}),
        (
            {"helm": {"parameters": [{"name": "a"}, {"name": "b"}]}},
            [],
            {"parameter": ["a"]},
            {"helm": {"parameters": [{"name": "b"}]}},
        ),
        ({"helm": {"valueFiles": ["a"], "values": "x: 1"}}, ["values_literal"], {"values": ["a"]}, {}),
        ({"helm": {"valuesObject": {"x": 1}, "values": "x: 1"}}, ["values_literal"], {}, {}),
        ({"kustomize": {"images": ["a:1"]}}, [], {"kustomize_image": ["a:1"]}, {}),
        (
            {"kustomize": {"images": ["alpine:3.18", "nginx=h:5000/web:1", "h:5000/a@sha256:0", "nginx/a"]}},
            [],
            {"kustomize_image": ["alpine", "nginx", "h:5000/a"]},
            {"kustomize": {"images": ["nginx/a"]}},
        ),
        ({"path": "a", "ref": "v"}, ["ref"], {}, {"path": "a"}),
    ],
)
def test_what_unset_leaves(source: Json, fields: list[str], entries: dict[str, list[str]], left: Json) -> None:
    assert unset(source, fields, entries)
    assert source == left


def test_what_was_not_set_is_not_unset() -> None:
    assert not unset({"path": "a"}, ["nameprefix"], {"parameter": ["a"]})


# Sources of several

SEVERAL: Json = {"sources": [{"name": "one"}, {"path": "p"}, {"name": "two"}]}


@pytest.mark.parametrize(("position", "name", "place"), [(0, "", 0), (2, "", 2), (0, "one", 1), (0, "two", 3)])
def test_a_source_is_chosen_by_its_place_or_name(position: int, name: str, place: int) -> None:
    assert place_of(SEVERAL, position, name) == place


@pytest.mark.parametrize(
    ("spec", "position", "name", "error", "reason"),
    [
        (SEVERAL, 1, "one", InvalidObject, "Only one of source-position and source-name can be specified"),
        (SEVERAL, 0, "three", NotFound, "Unknown source name 'three'"),
        ({"source": {}}, 0, "one", NotFound, "Unknown source name 'one'"),
    ],
)
def test_a_source_that_is_not_chosen(spec: Json, position: int, name: str, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        place_of(spec, position, name)


def test_a_source_comes_and_goes() -> None:
    spec: Json = {"sources": [{"path": "a"}]}
    assert add_source(spec, "a") == 2
    remove_source(spec, 1)
    assert spec == {"sources": [{}]}
    with pytest.raises(InvalidObject, match="Cannot add source: application a does not have"):
        add_source({"source": {}}, "a")


@pytest.mark.parametrize(
    ("sources", "position", "reason"),
    [
        ([{}, {}], 0, "must be greater than 0"),
        ([{}, {}], 3, "does not have source at 3"),
        ([{}], 1, "Cannot remove the only source"),
        ([], 1, "does not have multiple sources"),
    ],
)
def test_a_source_that_is_not_removed(sources: list[Json], position: int, reason: str) -> None:
    with pytest.raises(InvalidObject, match=reason):
        remove_source({"sources": sources}, position)
