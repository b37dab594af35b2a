"""Deliveries of Git hosts, from the request to the Application that is compared anew."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from argosy.control.agents.values import EVERY, Named, Place
from argosy.control.keys import Key
from argosy.errors import Unavailable
from argosy.gitops.refresh.needs import LATEST, LATEST_RESOLVED
from argosy.gitops.webhooks.delivery import Delivery
from argosy.ports.fakes.cluster import FakeCluster
from argosy.ports.repository import Credentials, Ref
from argosy.resources.definitions import GROUP
from argosy.services.agents.clusters import Clusters
from argosy.services.agents.registry import Entry
from argosy.services.agents.values import ValueRows
from argosy.services.applications.checking import FEW, RepositoryCheck
from argosy.services.applications.controlplane import ControlPlane
from argosy.services.applications.following import repository_key
from argosy.services.applications.webhooks import GitWebhooks
from support.edge import URL, Edge
from support.gitops import API, config_map
from support.secrets import repository_secret

SHOP = Key("edge", GROUP, "Application", "argocd", "shop")


class Hooked(Edge):
    """An edge that Git hosts tell of pushes without a secret."""

    def __init__(self, entry: Entry | None = None, others: tuple[Entry, ...] = ()) -> None:
        super().__init__(entry, others)
        metadata = {"name": "argocd-secret", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}
        data = {"other": b64encode(b"text").decode()}
        self.agent.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
        self.settle()

    def push(self, url: str = URL) -> tuple[int, str]:
        """GitHub tells of a push to main; what it is answered."""
        self.made.clock.advance(11)
        return self.tell({"ref": "refs/heads/main", "repository": {"html_url": url, "default_branch": "main"}})

    def tell(self, body: dict[str, Any]) -> tuple[int, str]:
        """Any push of GitHub's."""
        delivery = Delivery({"X-GitHub-Event": "push"}, json.dumps({"commits": [], **body}).encode())
        return GitWebhooks(self.made.runtime).receive(delivery)

    def during_the_next_look(self, does: Any) -> None:
        """Something happens just after a repository has told its branches."""
        repository: Any = self.made.repository
        plain, left = repository.refs, [does]

        def refs(url: str, credentials: Credentials) -> Any:
            found = plain(url, credentials)
            if left:
                left.pop()()
            return found

        repository.refs = refs


@pytest.mark.parametrize("idle", [0, 600], ids=["compared of late", "compared long ago"])
def test_a_push_is_seen_at_once(idle: int) -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    edge.settle(idle)
    second = edge.commit(config_map("a", "2"))
    assert edge.push() == (200, "")
    edge.agent.settle()
    assert (edge.status()["sync"]["revision"], edge.value()) == (second, "2")


def test_a_push_while_another_is_being_looked_at_is_not_lost() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    edge.commit(config_map("a", "2"))
    pushed: list[str] = []

    def pushes() -> None:
        pushed.append(edge.commit(config_map("a", "3")))
        edge.push()

    edge.during_the_next_look(pushes)
    edge.push()
    edge.agent.settle()
    edge.settle()
    assert [edge.status()["sync"]["revision"]] == pushed
    assert edge.value() == "3"


def test_what_was_asked_stands_until_the_status_says_so() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    asking = edge.made.runtime.applications.asking
    asking.put(SHOP, LATEST_RESOLVED)
    before, after = edge.status(), edge.status() | {"reconciledAt": "later"}
    level, version = asking.level(SHOP, before)
    asking.told(SHOP, version, after)
    assert level == LATEST_RESOLVED
    assert asking.level(SHOP, before)[0] == LATEST, "the write has failed; the repository has told already"
    assert asking.level(SHOP, after) == (0, 0) == asking.level(SHOP, before), "it was written"


def test_what_is_asked_meanwhile_stands() -> None:
    edge = Hooked()
    asking = edge.made.runtime.applications.asking
    asking.put(SHOP, LATEST_RESOLVED)
    _, version = asking.level(SHOP, {})
    asking.put(SHOP, LATEST)
    asking.told(SHOP, version, {"reconciledAt": "later"})
    asking.done(SHOP, version)
    assert asking.level(SHOP, {"reconciledAt": "later"})[0] == LATEST_RESOLVED


def test_what_was_asked_of_a_deleted_application_goes() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    edge.made.runtime.applications.asking.put(SHOP, LATEST)
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle(60)
    assert edge.made.runtime.store.query("asked") == []


def test_a_cluster_that_cannot_tell_keeps_nobody_else_waiting() -> None:
    edge = Hooked(others=(Entry("aaa", "agent"),))
    edge.commit(config_map("a"))
    edge.create()
    second = edge.commit(config_map("a", "2"))
    place = Place.control("argocd", "argocd-secret")
    ValueRows(edge.made.runtime.store, "aaa").ask((Named(place, EVERY),))
    with pytest.raises(Unavailable, match="cluster aaa: its agent has not told Secret argocd-secret yet"):
        edge.push()
    edge.agent.settle()
    assert edge.status()["sync"]["revision"] == second


def test_of_an_unknown_repository_nothing_is_kept_and_nobody_is_read() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    for number in range(20):
        assert edge.push(f"https://git.example.com/{number}") == (200, "")
        assert edge.push(f"https://git.example.com/{number}/shop/{number}") == (200, "")
    assert edge.made.runtime.store.query("git-webhooks") == []


def test_a_known_repository_is_marked_once_in_ten_seconds_whatever_it_is_called() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    asking = edge.made.runtime.applications.asking
    for number, url in enumerate((URL, URL.upper(), URL + "?a", URL.replace("//", "//somebody@"))):
        repository = {"html_url": url, "default_branch": "main"}
        assert edge.tell({"ref": "refs/heads/main", "repository": repository}) == (200, "")
        level, version = asking.level(SHOP, {})
        assert level == (LATEST_RESOLVED if number == 0 else 0)
        asking.done(SHOP, version)
    assert len(edge.made.runtime.store.query("git-webhooks")) == 1


@pytest.mark.parametrize(
    "url", ["git@git.example.com:shop.git", "ssh://git@ssh.git.example.com:22/Shop", URL + ".git", URL + "/.git"]
)
def test_the_followers_are_found_however_they_write_the_address(url: str) -> None:
    edge = Hooked()
    following = edge.made.runtime.applications.following
    edge.create(source={"repoURL": url, "path": "app", "targetRevision": "main"})
    assert following.named("git.example.com/shop") == [SHOP]
    edge.push(url.removesuffix(".git") if url.endswith("/.git") else URL)
    assert edge.made.runtime.applications.asking.level(SHOP, {})[0] == LATEST_RESOLVED
    elsewhere = {"source": {"repoURL": "https://git.example.com/elsewhere"}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": elsewhere})
    edge.settle()
    assert (following.named("git.example.com/shop"), following.named("git.example.com/elsewhere")) == ([], [SHOP])
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle()
    assert (following.named("git.example.com/elsewhere"), edge.made.runtime.store.query("followers")) == ([], [])


def test_the_dry_source_is_heard_of_and_not_checked() -> None:
    edge = Hooked()
    following = edge.made.runtime.applications.following
    dry = ("https://git.example.com/dry", "main", "")
    assert following.follow(SHOP, [(URL, "main", "")], [dry]) == [repository_key(URL)]
    assert following.named("git.example.com/dry") == [SHOP] == following.named("git.example.com/shop")
    assert list(following.followers(repository_key(dry[0]))) == []


def test_one_cluster_whose_secrets_cannot_be_read_stops_no_check() -> None:
    def unreachable(entry: Entry) -> FakeCluster:
        raise Unavailable(f"cluster {entry.name} does not answer")

    edge = Edge(others=(Entry("aaa", "eks", {"arn": "arn:aws:eks:eu-west-1:1:cluster/aaa"}),))
    vars(edge.made.runtime)["clusters"] = Clusters(edge.made.runtime, unreachable)
    commit = edge.commit(config_map("a"))
    following, place = edge.made.runtime.applications.following, (URL, "main", "")
    for cluster in ("aaa", "edge"):
        following.follow(Key(cluster, GROUP, "Application", "argocd", "shop"), [place])
    with pytest.raises(Unavailable):
        list(edge.made.runtime.applications.repositories.ways(ControlPlane(edge.made.runtime, "aaa"), URL))
    assert RepositoryCheck(edge.made.runtime).observe(repository_key(URL)) is not None
    head = following.head(place)
    assert head is not None
    assert head.commit == commit


def test_of_many_those_are_looked_at_first_whose_files_have_changed() -> None:
    edge = Hooked()
    names = [f"app-{number:02}" for number in range(FEW + 2)]
    first = edge.commit_files({f"{name}/all.yaml": [config_map(name)] for name in names})
    for name in names:
        edge.create(name=name, source={"repoURL": URL, "path": name, "targetRevision": "main"})
    second = edge.commit_files(
        {f"{name}/all.yaml": [config_map(name, "2" if name == "app-07" else "1")] for name in names}
    )
    body = {"ref": "refs/heads/main", "repository": {"html_url": URL, "default_branch": "main"}}
    assert edge.tell({**body, "commits": [{"id": second, "modified": ["app-07/all.yaml"]}]}) == (200, "")
    edge.agent.settle()
    assert edge.value("app-07") == "2"
    others = {name: edge.status(name=name)["sync"]["revision"] for name in names if name != "app-07"}
    assert set(others.values()) == {first}, "nothing of theirs is another"
    edge.settle(60)
    assert {edge.status(name=name)["sync"]["revision"] for name in names} == {second}


def test_of_many_those_are_not_put_off_whose_files_may_be_others() -> None:
    edge = Hooked()
    names = [f"app-{number:02}" for number in range(FEW + 2)]
    edge.commit_files({f"{name}/all.yaml": [config_map(name)] for name in names})
    for name in names:
        edge.create(name=name, source={"repoURL": URL, "path": name, "targetRevision": "main"})
    second = edge.commit_files({f"{name}/all.yaml": [config_map(name, "2")] for name in names})
    body = {"ref": "refs/heads/main", "repository": {"html_url": URL, "default_branch": "main"}}
    edge.tell({**body, "commits": [{"id": second, "modified": ["app-07/all.yaml"]}]})
    edge.agent.settle()
    assert {edge.status(name=name)["sync"]["revision"] for name in names} == {second}


def test_of_many_that_have_submodules_and_large_files_each_commit_is_fetched_once() -> None:
    edge = Hooked()
    edge.agent.cluster.create(repository_secret("shop", url=URL, password="pw", enableLfs="true"))
    edge.held.password = "pw"
    names = [f"app-{number:02}" for number in range(FEW + 2)]
    edge.commit_files({f"{name}/all.yaml": [config_map(name)] for name in names})
    for name in names:
        edge.create(name=name, source={"repoURL": URL, "path": name, "targetRevision": "main"})
    second = edge.commit_files({f"{name}/all.yaml": [config_map(name)] for name in [*names, "another"]})
    edge.settle(600)
    assert {edge.status(name=name)["sync"]["revision"] for name in names} == {second}
    assert edge.repository.asked.count((URL, second)) == 1


def test_a_repository_that_hands_out_no_commits_is_asked_for_one_alone() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    following = edge.made.runtime.applications.following
    branches = [(URL, f"b{number}", "") for number in range(FEW + 2)]
    for number, place in enumerate(branches):
        following.follow(replace(SHOP, name=f"app-{number}"), [place])
        edge.held.refs.append(Ref(f"refs/heads/{place[1]}", "1" * 40))
        following.found(place, "0" * 40)
        following.doubt(place)
    repository: Any = edge.repository
    asked: list[str] = []

    def snapshot(url: str, commit: str, credentials: Credentials) -> Any:
        asked.append(url)
        raise Unavailable(f"{url} does not answer")

    repository.snapshot = snapshot
    observation = RepositoryCheck(edge.made.runtime).observe(repository_key(URL))
    assert observation is not None
    assert len(observation.object.woken) == FEW + 2
    assert asked == [URL]


def test_a_push_while_a_repository_is_being_asked_has_it_asked_again() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    following, place = edge.made.runtime.applications.following, (URL, "main", "")
    following.doubt(place)
    edge.during_the_next_look(lambda: following.doubt(place))
    ages = []
    for _ in range(2):
        assert RepositoryCheck(edge.made.runtime).observe(repository_key(URL)) is not None
        head = following.head(place)
        assert head is not None
        ages.append(edge.made.clock.now().timestamp() - head.at < 60)
    assert ages == [False, True]


@pytest.mark.parametrize("doubted_meanwhile", [False, True])
def test_an_application_that_asks_ends_a_doubt_unless_it_is_newer(doubted_meanwhile: bool) -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    following, place = edge.made.runtime.applications.following, (URL, "main", "")
    following.doubt(place)
    if doubted_meanwhile:
        edge.during_the_next_look(lambda: following.doubt(place))
    notes = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", notes)
    edge.agent.settle()
    head = following.head(place)
    assert head is not None
    assert (head.at == 0) == doubted_meanwhile


def test_of_a_repository_that_alone_is_asked_for_of_which_a_push_told() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    following = edge.made.runtime.applications.following
    other = edge.commit(config_map("a", "2"))
    edge.held.refs.append(Ref("refs/heads/other", other))
    following.follow(SHOP, [(URL, "main", ""), (URL, "other", "")])
    RepositoryCheck(edge.made.runtime).observe(repository_key(URL))
    edge.made.clock.advance(30)
    following.doubt((URL, "main", ""))
    before = following.head((URL, "other", ""))
    RepositoryCheck(edge.made.runtime).observe(repository_key(URL))
    assert following.head((URL, "other", "")) == before
    head = following.head((URL, "main", ""))
    assert head is not None
    assert head.at == edge.made.clock.now().timestamp()


def test_a_doubt_is_not_lost_to_somebody_who_writes_at_the_same_time() -> None:
    edge = Hooked()
    edge.commit(config_map("a"))
    edge.create()
    following, place = edge.made.runtime.applications.following, (URL, "main", "")
    store, plain = edge.made.runtime.store, edge.made.runtime.store.write
    left = [lambda: following.found(place, "0" * 40)]

    def write(changes: Any, *, durable: bool = True) -> None:
        if left:
            left.pop()()
        plain(changes, durable=durable)

    store.write = write  # type: ignore[method-assign]
    following.doubt(place)
    head = following.head(place)
    assert head is not None
    assert head.at == 0


@pytest.mark.parametrize("named", [True, False], ids=["manifest-generate-paths", "without"])
def test_a_commit_elsewhere_undoes_nothing_where_an_application_says_what_counts(named: bool) -> None:
    """Without self-heal, what somebody has changed by hand stands until a commit of the application's own."""
    edge = Hooked()
    edge.commit_files({"app/all.yaml": [config_map("a")], "other/all.yaml": [config_map("b")]})
    edge.create(syncPolicy={"automated": {}})
    if named:
        notes = {"argocd.argoproj.io/manifest-generate-paths": "."}
        edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"metadata": {"annotations": notes}})
    edge.settle(60)
    edge.agent.cluster.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(60)
    elsewhere = edge.commit_files({"app/all.yaml": [config_map("a")], "other/all.yaml": [config_map("b", "2")]})
    edge.settle(600)
    assert (edge.status()["sync"]["revision"], edge.value()) == (elsewhere, "by hand" if named else "1")
    edge.commit_files({"app/all.yaml": [config_map("a", "2")], "other/all.yaml": [config_map("b", "2")]})
    edge.settle(600)
    assert edge.value() == "2"
