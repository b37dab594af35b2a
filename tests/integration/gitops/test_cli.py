"""`argosy app` on a real API server, with `argosy up` as the controller."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from argosy.local.devcluster import ClusterInfo
from support.gitops import Site, config_map, deployment, job
from support.gitserver import Repo, serving
from support.up import Result, in_process

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]


class Commands:
    """`argosy app` and `argosy proj` in the control namespace of a site."""

    def __init__(self, site: Site, kubeconfig: Path) -> None:
        self.site, self._env = site, {"KUBECONFIG": str(kubeconfig), "ARGOCD_NAMESPACE": site.control}

    def run(self, *words: object, stdin: str = "") -> Result:
        """How a command ends."""
        return in_process(*words, stdin=stdin, env=self._env)

    def does(self, *words: object, stdin: str = "") -> str:
        """What a command prints that is to go well."""
        done = self.run(*words, stdin=stdin)
        assert done.code == 0, f"{done.out}\n{done.err}"
        return done.out

    def fails(self, code: int, *words: object) -> str:
        """What a command says that is to fail."""
        done = self.run(*words)
        assert done.code == code, f"{done.code}: {done.out}\n{done.err}"
        return done.err

    def created(self, *flags: object) -> str:
        """Create an application for `app/` of the site's repository; its name."""
        name = self.site.namespace
        source = ["--repo", self.site.url, "--path", "app", "--revision", "main"]
        server = ["--dest-server", "https://kubernetes.default.svc", "--dest-namespace", self.site.namespace]
        self.does("app", "create", name, *source, *server, *flags)
        return name


@pytest.fixture
def commands(site: Site, complete_cluster: ClusterInfo) -> Commands:
    return Commands(site, complete_cluster.kubeconfig)


def test_from_create_to_delete(commands: Commands) -> None:
    site = commands.site
    first = site.commit(config_map("a"), deployment("web"))
    name = commands.created("--label", f"site={site.namespace}")
    commands.does("app", "get", name, "--refresh")
    (row,) = commands.does("app", "list", "-l", f"site={site.namespace}").splitlines()[1:]
    assert row.split() == [
        f"{site.control}/{name}",
        "https://kubernetes.default.svc",
        site.namespace,
        "default",
        "OutOfSync",
        "Missing",
        "Manual",
        "<none>",
        site.url,
        "app",
        "main",
    ]
    assert commands.does("app", "list", "-o", "name", "-l", f"site={site.namespace}") == f"{site.control}/{name}\n"
    out = commands.does("app", "sync", name, "--timeout", 60)
    assert "Phase:              Succeeded" in out
    assert "deployment.apps/web created" in out
    commands.does("app", "wait", name, "--health", "--sync", "--timeout", 60)
    shown = commands.does("app", "get", name, "--show-operation")
    assert f"Sync Status:        Synced to main ({first[:7]})" in shown
    assert "Health Status:      Healthy" in shown
    assert "\n└─ReplicaSet/web-" in commands.does("app", "get", name, "-o", "tree")
    owned = [row.split() for row in commands.does("app", "resources", name).splitlines()[1:]]
    assert ["apps", "Deployment", site.namespace, "web", "No"] in owned
    assert {row[-4] for row in owned} >= {"ConfigMap", "Deployment", "ReplicaSet"}
    assert commands.does("app", "resources", name, "--orphaned").splitlines()[1:] == []
    commands.does("app", "wait", name, "--resource", "apps:Deployment:web", "--health", "--timeout", 60)
    assert f"Sync Revision:      {first}" in shown

    assert "apps   Deployment  web   restart  false" in commands.does("app", "actions", "list", name)
    commands.does("app", "actions", "run", name, "restart", "--kind", "Deployment")
    template = site.cluster.get("apps/v1", "Deployment", site.namespace, "web")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    assert "no resource that fits" in commands.fails(20, "app", "actions", "run", name, "resume")

    site.commit(config_map("a", "2"))
    commands.does("app", "get", name, "--hard-refresh")
    left = commands.fails(1, "app", "sync", name, "--timeout", 60)
    assert "1 resources require pruning" in left
    commands.does("app", "sync", name, "--prune", "--timeout", 60)
    assert site.names("apps/v1", "Deployment") == []
    assert commands.does("app", "history", name, "-o", "id").split() == ["0", "1", "2"]

    commands.does("app", "rollback", name, 0, "--timeout", 60)
    assert site.value("a") == "1"
    assert site.names("apps/v1", "Deployment") == ["web"]
    commands.does("app", "delete", name, "--yes", "--wait")
    assert site.names("v1", "ConfigMap") == []


def test_a_part_of_an_application(commands: Commands) -> None:
    commands.site.commit(config_map("a"), config_map("b"))
    name = commands.created()
    commands.does("app", "get", name, "--refresh")
    commands.does("app", "sync", name, "--dry-run", "--timeout", 60)
    assert commands.site.names("v1", "ConfigMap") == []
    commands.does("app", "sync", name, "--resource", ":ConfigMap:a", "--timeout", 60)
    assert commands.site.names("v1", "ConfigMap") == ["a"]
    labelled = config_map("c")
    labelled["metadata"]["labels"] = {"tier": "cache"}
    commands.site.commit(config_map("a"), config_map("b"), labelled)
    commands.does("app", "get", name, "--refresh")
    commands.does("app", "sync", name, "--label", "tier=cache", "--timeout", 60)
    assert commands.site.names("v1", "ConfigMap") == ["a", "c"]
    assert "no resource that was asked for" in commands.fails(20, "app", "sync", name, "--resource", ":Secret:a")


def test_an_operation_that_is_ended(commands: Commands) -> None:
    endless = job("before", hook="PreSync")
    endless["spec"]["template"]["spec"]["nodeSelector"] = {"no": "such-node"}
    commands.site.commit(endless, config_map("a"))
    name = commands.created()
    assert "No operation is in progress" in commands.fails(20, "app", "terminate-op", name)
    commands.does("app", "sync", name, "--async")
    commands.site.ends("Running", "waiting for completion of hook batch/Job/before")
    assert "another operation is already in progress" in commands.fails(20, "app", "sync", name)
    assert "timed out (1s)" in commands.fails(20, "app", "wait", name, "--operation", "--timeout", 1)
    commands.does("app", "terminate-op", name)
    commands.site.ends("Failed", "Operation terminated")


def test_a_spec_is_changed(commands: Commands) -> None:
    site = commands.site
    site.commit(config_map("a"))
    name = commands.created("--validate=false")
    commands.does(
        "app", "set", name, "--sync-policy", "automated", "--auto-prune", "--self-heal=false", "--nameprefix", "p-"
    )
    assert site.body()["spec"]["syncPolicy"] == {"automated": {"prune": True, "selfHeal": False}}
    commands.does("app", "unset", name, "--nameprefix")
    assert "kustomize" not in site.body()["spec"]["source"]
    assert "nothing of what is to be unset" in commands.fails(20, "app", "unset", name, "--nameprefix")
    commands.does("app", "wait", name, "--timeout", 60)
    operation = json.dumps([{"op": "add", "path": "/spec/revisionHistoryLimit", "value": 3}])
    assert "revisionHistoryLimit: 3" in commands.does("app", "patch", name, "--patch", operation)
    assert "rollback cannot be initiated when auto-sync is enabled" in commands.fails(20, "app", "rollback", name, 0)
    file = json.dumps({**site.body(), "metadata": {"name": name}, "status": {}})
    assert "unchanged" in commands.does("app", "create", "-f", "-", stdin=file)
    body = {**site.body(), "metadata": {"name": name}, "status": {}}
    body["spec"]["syncPolicy"] = {}
    done = commands.run("app", "create", "-f", "-", stdin=json.dumps(body))
    assert (done.code, "use --upsert" in done.err) == (20, True)
    assert "updated" in commands.does("app", "create", "-f", "-", "--upsert", stdin=json.dumps(body))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("app", "get", "nobody"), "application 'nobody' is not in namespace argocd-it; -N NAMESPACE"),
        (("app", "sync"), "which application? Give its NAME, or -l SELECTOR"),
        (("app", "sync", "a", "-l", "b=c"), "give names, or -l SELECTOR"),
        (("app", "sync", "a", "--resource", "Secret"), "is not [!]GROUP:KIND:[NAMESPACE/]NAME"),
        (("app", "create", "a", "--project", "none", "--repo", "r", "--path", "p"), "spec.project"),
        (("app", "create", "a", "--dest-name", "in-cluster"), "spec.source.repoURL and either spec.source.path"),
        (("app", "get", "a/b/c"), "names no application: NAME or NAMESPACE/NAME"),
    ],
)
def test_what_is_refused_says_the_way_out(commands: Commands, words: tuple[str, ...], told: str) -> None:
    assert told in commands.fails(20, *words)


def test_what_differs(commands: Commands) -> None:
    site = commands.site
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "canary-1"}}
    first = site.commit(config_map("a"), config_map("b"), secret)
    name = commands.created()
    commands.does("app", "get", name, "--refresh")
    shown = commands.run("app", "diff", name)
    assert (shown.code, "===== /ConfigMap" in shown.out, "+  password: ++++++++" in shown.out) == (1, True, True)
    commands.does("app", "sync", name, "--timeout", 60)
    assert commands.does("app", "diff", name) == ""
    live = commands.does("app", "manifests", name, "--source", "live")
    assert live.count("---\n") == 3
    site.cluster.patch("v1", "ConfigMap", site.namespace, "a", {"data": {"v": "by hand"}})
    site.commit(config_map("a"), {**secret, "stringData": {"password": "canary-2"}})
    shown = commands.run("app", "diff", name)
    assert shown.code == 1
    for line in ("-  v: by hand", "+  v: '1'", "-  password: ++++++++++++", "+  password: ++++++++"):
        assert line in shown.out.splitlines(), shown.out
    assert commands.does("app", "diff", name, "--exit-code=false") == shown.out
    assert "/b ======" not in commands.run("app", "diff", name, "--revision", first).out
    git = commands.does("app", "manifests", name, "--revision", first)
    assert git.count("kind: ConfigMap") == 2
    assert f"argocd.argoproj.io/tracking-id: {name}:/ConfigMap:{site.namespace}/a" in git
    assert "canary" not in "".join([live, shown.out, git])
    site.repo.commit({"app/all.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n"})
    assert "app/all.yaml" in commands.fails(2, "app", "diff", name)


def test_manifests_of_a_repository_that_asks_who_is_there(commands: Commands, tmp_path: Path) -> None:
    site = commands.site
    with serving(tmp_path, password="canary-password") as server:
        Repo(tmp_path / "private").commit({"app/all.yaml": json.dumps(config_map("a"))})
        name = site.app(source={"repoURL": server.url("private"), "path": "app", "targetRevision": "main"})
        assert "canary" not in commands.fails(20, "app", "manifests", name)
        labels = {"argocd.argoproj.io/secret-type": "repository"}
        metadata = {"name": f"repo-{site.namespace}", "namespace": site.control, "labels": labels}
        data = {"url": server.url("private"), "username": "git", "password": "canary-password"}
        site.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
        assert "kind: ConfigMap" in commands.does("app", "manifests", name)
        site.cluster.delete("v1", "Secret", site.control, f"repo-{site.namespace}")


def test_files_of_this_machine(commands: Commands, tmp_path: Path) -> None:
    site = commands.site
    site.commit(config_map("a"))
    name = commands.created()
    commands.does("app", "get", name, "--refresh")
    base = {"resources": ["all.yaml"]}
    (tmp_path / "base").mkdir()
    (tmp_path / "base/all.yaml").write_text(json.dumps(config_map("a", "local")))
    (tmp_path / "base/kustomization.yaml").write_text(json.dumps(base))
    (tmp_path / "app").mkdir()
    (tmp_path / "app/kustomization.yaml").write_text(json.dumps({"resources": ["../base"], "nameSuffix": "-mine"}))
    local = ("--local", tmp_path / "app", "--local-repo-root", tmp_path)
    assert "name: a-mine" in commands.does("app", "manifests", name, *local)
    shown = commands.run("app", "diff", name, *local, "--diff-exit-code", 7)
    assert (shown.code, "+  v: local" in shown.out) == (7, True)
    commands.does("app", "sync", name, *local, "--timeout", 60)
    assert site.value("a-mine") == "local"
    assert "Sync Status:        Synced" in commands.does("app", "get", name)
    commands.does("app", "set", name, "--sync-policy", "automated")
    assert "cannot use local sync" in commands.fails(20, "app", "sync", name, *local)
    assert "--local-repo-root is for --local" in commands.fails(20, "app", "sync", name, *local[2:])


def test_a_project_and_its_windows(commands: Commands) -> None:
    site = commands.site
    project, server = f"{site.namespace}-team", "https://kubernetes.default.svc"
    commands.does("proj", "create", project, "-s", site.url, "-d", f"{server},elsewhere")
    site.commit(config_map("a"))
    flags = ["--repo", site.url, "--path", "app", "--dest-server", server, "--dest-namespace", site.namespace]
    create = ["app", "create", site.namespace, "--project", project, *flags]
    assert "do not match any of the allowed destinations" in commands.fails(20, *create)
    commands.does("proj", "add-destination", project, server, site.namespace)
    commands.does(*create)
    commands.does("app", "get", site.namespace, "--refresh")
    every = ["--kind", "deny", "--schedule", "* * * * *", "--duration", "1h", "--applications", "*"]
    commands.does("proj", "windows", "add", project, *every)
    assert "Active" in commands.does("proj", "windows", "list", project)
    assert "SyncWindow:         Sync Denied" in commands.does("app", "get", site.namespace)
    assert "blocked by sync window" in commands.fails(20, "app", "sync", site.namespace)
    commands.does("proj", "windows", "enable-manual-sync", project, 0)
    commands.does("app", "sync", site.namespace, "--timeout", 60)
    commands.does("proj", "windows", "delete", project, 0)
    assert "referenced by 1 applications" in commands.fails(20, "proj", "delete", project)
    assert project in commands.does("proj", "list", "-o", "name").split()
    assert "cannot parse schedule" in commands.fails(
        20, "proj", "windows", "add", project, *every[:3], "often", *every[4:]
    )
    commands.does("app", "delete", site.namespace, "--yes", "--wait")
    commands.does("proj", "delete", project)


def test_a_rollback_that_is_pinned_holds_until_somebody_syncs(commands: Commands) -> None:
    site = commands.site
    first = site.commit(config_map("a"))
    name = commands.created("--sync-policy", "automated")
    site.reaches("Synced", "Healthy", revision=first)
    second = site.commit(config_map("a", "2"))
    site.refresh()
    site.reaches("Synced", "Healthy", revision=second)
    assert "is no length of time" in commands.fails(20, "app", "rollback", name, 0, "--pin", "long")
    commands.does("app", "rollback", name, 0, "--pin", "2h", "--timeout", 60)
    site.refresh()
    site.reaches("OutOfSync", "Healthy", revision=second)
    assert site.value("a") == "1"
    assert f"PinnedWarning  held at {first} until " in commands.does("app", "get", name)
    commands.does("app", "sync", name, "--timeout", 60)
    site.reaches("Synced", "Healthy", revision=second)
    assert site.value("a") == "2"
    assert "PinnedWarning" not in commands.does("app", "get", name)


def test_what_is_nobodys_in_the_namespace(commands: Commands) -> None:
    site, project = commands.site, f"{commands.site.namespace}-orphans"
    commands.does("proj", "create", project, "-s", "*", "-d", "*,*", "--orphaned-resources-warn")
    site.commit(config_map("a"))
    name = commands.created("--project", project, "--sync-policy", "auto")
    site.reaches("Synced", "Healthy")
    site.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "stray"}}, namespace=site.namespace)
    stray = job("stray")
    site.cluster.create(stray, namespace=site.namespace)
    rows = site.until(lambda: _orphans(commands, name) if len(_orphans(commands, name)) == 3 else None, "all are there")
    assert {tuple(row[:2]) for row in rows} == {("batch", "Job"), ("Pod", site.namespace), ("Secret", site.namespace)}
    site.until(lambda: "3 orphaned resources" in str(site.status().get("conditions")) or None, "it is told")
    site.cluster.delete("batch/v1", "Job", site.namespace, "stray")
    site.cluster.delete("v1", "Secret", site.namespace, "stray")
    site.until(lambda: not site.status().get("conditions") or None, "they are gone")
    commands.does("app", "delete", name, "--yes", "--wait")
    commands.does("proj", "delete", project)


def _orphans(commands: Commands, name: str) -> list[list[str]]:
    rows = [row.split() for row in commands.does("app", "resources", name, "--orphaned").splitlines()[1:]]
    assert {row[-1] for row in rows} <= {"Yes"}
    return rows
