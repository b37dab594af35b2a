"""An Application goes to a registered cluster without an agent: the development cluster, by an account's token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from argosy.errors import NotFound
from support.gitops import RESOURCES, Site, config_map, deployment, job
from support.up import Up, argosy

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]


@pytest.fixture
def often(site: Site) -> Iterator[None]:
    """Clusters are looked at every few seconds."""
    labels = {"app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-cm", "namespace": site.control, "labels": labels}
    data = {"timeout.reconciliation": "3s", "timeout.reconciliation.jitter": "0s"}
    site.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    yield
    site.cluster.delete("v1", "ConfigMap", site.control, "argocd-cm")


@pytest.fixture
def far(site: Site, context: str, up: Up) -> Iterator[str]:
    """The development cluster under another name, by an account that may do everything in the site's namespace."""
    name = f"{site.namespace}-far"
    account = ("--gitops", "--namespace", site.namespace, "--system-namespace", site.namespace)
    added = argosy("cluster", "add", context, "--name", name, *account, "-y", data=up.data)
    assert added.code == 0, added.err
    yield name
    argosy("cluster", "rm", name, "-y", data=up.data)


def test_it_is_synced_healed_pruned_and_deleted(site: Site, often: None, far: str) -> None:
    site.commit(job("before", hook="PreSync"), config_map("a"), deployment("web"), config_map("after", sync_wave="1"))
    there = {"name": far, "namespace": site.namespace}
    site.app(destination=there, automated={"prune": True, "selfHeal": True}, finalizers=[RESOURCES])
    site.reaches("Synced", "Healthy")
    site.cluster.patch("v1", "ConfigMap", site.namespace, "a", {"data": {"v": "by hand"}})
    site.until(lambda: site.value("a") == "1" or None, "healed")
    site.cluster.delete("v1", "ConfigMap", site.namespace, "after")
    site.until(lambda: _is_there(site, "after") or None, "made anew")
    revision = site.commit(config_map("a", "2"), deployment("web"))
    site.refresh()
    site.reaches("Synced", "Healthy", revision=revision)
    assert (site.value("a"), _is_there(site, "after")) == ("2", False)
    site.cluster.delete("argoproj.io/v1alpha1", "Application", site.control, site.namespace)
    site.until(lambda: site.status() == {} or None, "deleted")
    assert not _is_there(site, "a")


def test_what_the_account_may_not_list_is_told(site: Site, often: None, far: str) -> None:
    role = {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": site.namespace}}
    site.commit(role)
    site.app(destination={"name": far, "namespace": site.namespace}, automated={})
    status = site.reaches("Unknown")
    (condition,) = [one for one in status["conditions"] if one["type"] == "ComparisonError"]
    assert f"nobody here may list, in cluster {far}, ClusterRole: " in condition["message"]
    assert 'cannot list resource "clusterroles"' in condition["message"]


def _is_there(site: Site, name: str) -> bool:
    try:
        site.value(name)
    except NotFound:
        return False
    return True
