"""kubectl's apply: what is created, and what is patched."""

from __future__ import annotations

import json
from typing import Any

from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.identity import Key
from argosy.gitops.sync import kubectl
from argosy.lang.patch import merge_patch

CONFIG: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "web:1"}]}}},
}


def live(obj: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = kubectl.annotated(obj)
    return {**made, **more, "metadata": {**made["metadata"], "uid": "u", "resourceVersion": "7"}}


def test_an_object_carries_itself() -> None:
    made = kubectl.annotated({**CONFIG, "data": {"x": "<a & b>"}})
    text = made["metadata"]["annotations"][LAST_APPLIED]
    assert text.endswith("\n")
    assert "\\u003ca \\u0026 b\\u003e" in text, "as Go writes it"
    assert json.loads(text) == {**CONFIG, "metadata": {"name": "a", "annotations": {}}, "data": {"x": "<a & b>"}}
    assert kubectl.annotated(made) == made, "what it carried before is not carried along"


def test_what_is_so_already_is_not_patched() -> None:
    assert kubectl.patch(kubectl.annotated(CONFIG), live(CONFIG)) == {}


def test_what_others_have_added_stays_and_what_we_have_taken_away_goes() -> None:
    there = live({**CONFIG, "data": {"x": "1", "gone": "1"}}, data={"x": "by hand", "gone": "1", "theirs": "1"})
    body = kubectl.patch(kubectl.annotated(CONFIG), there)
    assert body["metadata"]["resourceVersion"] == "7", "on that version alone"
    assert merge_patch(there, body)["data"] == {"x": "1", "theirs": "1"}


def test_containers_are_merged_by_their_names() -> None:
    there = live(DEPLOYMENT)
    pod = {"spec": {"containers": [{"name": "c", "image": "web:1"}, {"name": "sidecar", "image": "proxy"}]}}
    there["spec"] = {"template": pod}
    wanted = {**DEPLOYMENT, "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "web:2"}]}}}}
    after = merge_patch(there, kubectl.patch(kubectl.annotated(wanted), there))
    assert after["spec"]["template"]["spec"]["containers"] == [
        {"name": "c", "image": "web:2"},
        {"name": "sidecar", "image": "proxy"},
    ]


def test_an_object_that_nobody_has_applied_is_taken_over() -> None:
    there = {**CONFIG, "data": {"x": "0", "theirs": "1"}, "metadata": {"name": "a", "resourceVersion": "3"}}
    after = merge_patch(there, kubectl.patch(kubectl.annotated(CONFIG), there))
    assert after["data"] == {"x": "1", "theirs": "1"}
    assert LAST_APPLIED in after["metadata"]["annotations"]


def test_how_objects_are_called() -> None:
    assert kubectl.title(Key("", "ConfigMap", "n", "a")) == "configmap/a"
    assert kubectl.title(Key("apps", "Deployment", "n", "web")) == "deployment.apps/web"
