"""The example promote-by-event: a webhook's event promotes and aborts a Rollout."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
import yaml

from argosy.ports.cluster import ServiceAccount
from support.access import wait_for_access
from support.localstack import ROOT
from support.rollouts import Shop
from support.up import Up, argosy

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("rollouts")]


def rights(namespace: str) -> list[dict[str, Any]]:
    """What the sensor's service account needs."""
    rule = {"apiGroups": ["argoproj.io"], "resources": ["rollouts", "rollouts/status"], "verbs": ["get", "patch"]}
    account = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "verbs"}
    api = "rbac.authorization.k8s.io/v1"
    return [
        {"apiVersion": api, "kind": "Role", "metadata": {"name": "verbs"}, "rules": [rule]},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": {"name": "verbs"},
            "subjects": [account],
            "roleRef": role,
        },
    ]


def test_an_event_promotes_and_aborts(up: Up, shop: Shop) -> None:
    shop.create(*rights(shop.namespace))
    wait_for_access(shop.cluster, ServiceAccount(shop.namespace), "patch", "rollouts.argoproj.io", shop.namespace)
    shop.rollout({"canary": {"steps": [{"setWeight": 25}, {"pause": {}}]}})
    bodies = [*yaml.safe_load_all((ROOT / "examples" / "promote-by-event" / "promote-by-event.yaml").read_text())]
    for body in bodies:
        body["metadata"]["namespace"] = shop.namespace
    text = "---\n".join(json.dumps(body) + "\n" for body in bodies)
    assert argosy("apply", "-f", "-", data=up.data, stdin=text).code == 0

    def tell(verb: str) -> None:
        url = f"http://127.0.0.1:{up.api}/hooks/{shop.namespace}/verbs/rollouts"
        data = json.dumps({"verb": verb, "rollout": "web"}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"})) as answer:
            assert answer.status == 200

    shop.image("app:2")
    shop.reaches("Paused")
    tell("abort")
    shop.reaches("Degraded")
    shop.do("retry")
    shop.reaches("Paused")
    tell("promote")
    shop.reaches("Healthy")
    assert shop.sets() == {"app:2": 4}
