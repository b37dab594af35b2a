"""What an agent tells of Secrets and ConfigMaps that declarations name: read as their account, told once, told anew."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from argosy.adapters.signing.sealing import KeyOpener, KeySealer, new_seal_keys, public_half
from argosy.agent.values import Values
from argosy.control.agents.scopes import Subscription, Wanted
from argosy.control.agents.values import CONFIG_MAP, CONTROL, EVERY, SECRET, Named, Place, Told, context_of, merged
from argosy.errors import ArgosyError, Denied, EvaluationError, Unavailable
from argosy.ports.cluster import ServedKind, ServiceAccount
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from argosy.ports.fakes.watcher import FakeWatcher

KEYS = new_seal_keys()
TOKEN = Place(SECRET, "team", "token", "robot")
Body = dict[str, Any]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Around:
    """The agent's values of cluster `edge`, in which `robot` may read all Secrets and ConfigMaps of `team`.

    The watcher sees what `put` and `remove` do. `problems` are raised by reads, one each.
    """

    def __init__(self, kind: str = SECRET) -> None:
        self.cluster = FakeCluster(FakeClock())
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
        allow(self.cluster, "robot")
        self.kind = next(one for one in self.cluster.kinds() if one.kind == kind)
        self.watcher = FakeWatcher(self.kind)
        self.told: asyncio.Queue[Told] = asyncio.Queue()
        self.pauses: list[float] = []
        self.reads: list[str] = []
        self.problems: list[ArgosyError] = []
        self._cluster = self.cluster
        self.got: list[str] = []
        self.values = Values("edge", self, self.watcher, KeySealer(), self._find, self.told.put, self._pause)  # type: ignore[arg-type]

    def acting_as(self, user: ServiceAccount) -> Around:
        self._cluster = self.cluster.acting_as(user)
        self.reads.append(user.name)
        return self

    def get(self, *place: str) -> Body:
        self.got.append(place[-1])
        if self.problems:
            raise self.problems.pop(0)
        return self._cluster.get(*place)

    def put(self, data: Body, name: str = "token", field: str = "data") -> None:
        manifest = {
            "apiVersion": "v1",
            "kind": self.kind.kind,
            "metadata": {"name": name, "namespace": "team"},
            field: data,
        }
        self.cluster.apply(manifest, force=True)
        self.watcher.put(manifest)

    def remove(self, name: str = "token") -> None:
        self.cluster.delete("v1", self.kind.kind, "team", name)
        self.watcher.remove(name, "team")

    async def next(self) -> Told:
        async with asyncio.timeout(20):
            return Told.from_json(orjson.loads(orjson.dumps((await self.told.get()).as_json())))

    async def nothing(self) -> None:
        """Whatever there is to do is done, and nothing was told."""
        for _ in range(200):
            await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
        assert self.told.empty()

    def opened(self, told: Told) -> Body:
        found = orjson.loads(KeyOpener(lambda: KEYS).open(told.sealed, context_of("edge", told.place)))
        return {key: base64.b64decode(value).decode() for key, value in found.items()}

    async def _find(self, wanted: Wanted) -> ServedKind | None:
        return self.kind if wanted.resource == self.kind.plural else None

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


def allow(cluster: FakeCluster, account: str) -> None:
    api = "rbac.authorization.k8s.io"
    cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": "team"}})
    rules = [{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get"]}]
    metadata = {"name": account, "namespace": "team"}
    cluster.create({"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": account, "namespace": "team"}
    ref = {"apiGroup": api, "kind": "Role", "name": account}
    binding = {"apiVersion": f"{api}/v1", "kind": "RoleBinding", "metadata": metadata}
    cluster.create({**binding, "roleRef": ref, "subjects": [subject]})


def run(work: Callable[[Around], Awaitable[None]], kind: str = SECRET) -> None:
    async def beside() -> None:
        around = Around(kind)
        try:
            await work(around)
        finally:
            around.values.stop()

    asyncio.run(beside())


def named(*keys: str, place: Place = TOKEN) -> list[Named]:
    return [Named(place, keys)]


def test_the_keys_that_are_named_and_no_other() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("open sesame"), "other": encoded("nobody asked")})
        around.values.change(named("value"), public_half(KEYS))
        told = await around.next()
        assert (told.place, told.keys, told.plain, told.problem) == (TOKEN, ("value",), None, None)
        assert around.opened(told) == {"value": "open sesame"}
        assert set(around.reads) == {"robot"}

    run(work)


def test_a_change_is_told_and_what_has_not_changed_is_not() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("one")})
        around.values.change(named("value"), public_half(KEYS))
        assert around.opened(await around.next()) == {"value": "one"}
        around.put({"value": encoded("one"), "other": encoded("x")})
        await around.nothing()
        around.put({"value": encoded("two")})
        assert around.opened(await around.next()) == {"value": "two"}

    run(work)


def test_what_is_not_there_and_comes_and_goes() -> None:
    async def work(around: Around) -> None:
        around.values.change(named("value"), public_half(KEYS))
        told = await around.next()
        assert (told.keys, told.sealed, (told.problem or {})["error"]) == ((), "", "NotFound")
        around.put({"other": encoded("x")})
        told = await around.next()
        assert (told.keys, told.sealed, told.problem) == ((), "", None), "the object is there, the key is not"
        around.put({"value": encoded("late")})
        assert around.opened(await around.next()) == {"value": "late"}
        around.remove()
        assert ((await around.next()).problem or {})["error"] == "NotFound"

    run(work)


def test_an_account_that_may_not_read_it_is_told_of_in_the_api_servers_words() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("open sesame")})
        place = Place(SECRET, "team", "token", "nobody")
        around.values.change([*named("value", place=place), *named("value")], public_half(KEYS))
        told = {one.place.account: one for one in [await around.next(), await around.next()]}
        assert around.opened(told["robot"]) == {"value": "open sesame"}
        problem = told["nobody"].problem or {}
        assert (problem["error"], told["nobody"].sealed) == ("Denied", "")
        assert "system:serviceaccount:team:nobody" in problem["text"]

    run(work)


def test_an_outage_is_no_reason_to_tell_anything() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("one")})
        around.problems = [Unavailable("away"), Unavailable("away")]
        around.values.change(named("value"), public_half(KEYS))
        assert around.opened(await around.next()) == {"value": "one"}
        assert around.pauses[:2] == [0.5, 1.0]

    run(work)


def test_an_agent_that_may_not_watch_reads_now_and_then() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("one")})
        around.watcher.problems = [Denied("secrets is forbidden")]
        around.values.change(named("value"), public_half(KEYS))
        assert around.opened(await around.next()) == {"value": "one"}
        assert 60.0 in around.pauses
        around.watcher.fail(Unavailable("the watch broke"))
        await around.nothing()

    run(work)


def test_a_new_subscription_has_all_told_anew_sealed_for_its_key() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("one")})
        around.values.change(named("value"), public_half(new_seal_keys()))
        await around.next()
        for _ in range(2):
            around.values.change(named("value"), public_half(KEYS))
            assert around.opened(await around.next()) == {"value": "one"}
        around.values.change((), "")
        around.put({"value": encoded("two")})
        await around.nothing()
        assert around.values.states == {}

    run(work)


def test_what_is_too_large_is_told_without_it() -> None:
    async def work(around: Around) -> None:
        around.put({"value": encoded("x" * 64_001)})
        around.values.change(named("value"), public_half(KEYS))
        told = await around.next()
        assert (told.sealed, (told.problem or {})["error"]) == ("", "InvalidObject")
        assert "xxxx" not in str(told)

    run(work)


def test_a_config_map_as_it_is() -> None:
    async def work(around: Around) -> None:
        place = Place(CONFIG_MAP, "team", "settings", "robot")
        around.put({"colour": "blue"}, "settings")
        around.values.change([Named(place, ("colour", "missing"))], public_half(KEYS))
        told = await around.next()
        assert (told.keys, told.sealed, told.plain) == (("colour",), "", {"colour": encoded("blue")})

    run(work, CONFIG_MAP)


# What Applications need


def test_a_control_secret_is_read_as_the_agent_itself_and_told_whole() -> None:
    async def work(around: Around) -> None:
        place = Place.control("team", "repo")
        around.put({"url": encoded("https://x"), "password": encoded("open sesame")}, "repo")
        around.values.change([Named(place, EVERY)], public_half(KEYS))
        told = await around.next()
        assert (told.place, told.keys) == (place, ("password", "url"))
        assert around.opened(told) == {"url": "https://x", "password": "open sesame"}
        assert around.reads == [], "as nobody else"

    run(work)


def test_one_watch_tells_of_all_control_secrets_and_only_what_changed_is_read() -> None:
    async def work(around: Around) -> None:
        names = [f"repo-{number}" for number in range(20)]
        for name in names:
            around.put({"password": encoded(name)}, name)
        around.values.change([Named(Place.control("team", name), EVERY) for name in names], public_half(KEYS))
        assert {(await around.next()).place.name for _ in names} == set(names)
        assert list(around.values.states) == ["ControlSecret/team/"]
        await around.nothing()
        around.got.clear()
        around.put({"password": encoded("new")}, "repo-7")
        around.put({"password": encoded("nobody asked")}, "helm-release")
        assert around.opened(await around.next()) == {"password": "new"}
        await around.nothing()
        assert set(around.got) == {"repo-7"}

    run(work)


# Messages


def test_a_subscription_there_and_back() -> None:
    values = merged([(TOKEN, "b"), (TOKEN, "a"), (Place(CONFIG_MAP, "team", "x", "default"), "k"), (TOKEN, "a")])
    assert [(one.place.kind, one.keys) for one in values] == [(CONFIG_MAP, ("k",)), (SECRET, ("a", "b"))]
    made = Subscription.of((), "key", (), values, "public")
    assert Subscription.from_json(orjson.loads(orjson.dumps(made.as_json()))) == made
    bare = Subscription.of((), "key", (), (), "public")
    assert "values" not in bare.as_json(), "agents of releases before go on"
    assert bare.digest != made.digest != Subscription.of((), "key", (), values, "other").digest


@pytest.mark.parametrize("kind", ["secret", "Pod", 7, None])
def test_no_place(kind: Any) -> None:
    with pytest.raises(EvaluationError):
        Place.of(kind, "ns", "name", "default")


@pytest.mark.parametrize("name", ["", "a/b", 7, None])
def test_no_name(name: Any) -> None:
    with pytest.raises(EvaluationError):
        Place.of(SECRET, "ns", name, "default")


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"place": [SECRET, "team", "token"], "keys": []},
        {"place": [SECRET, "team", "token", "robot"], "keys": ["value"], "plain": {"value": "b3Blbg=="}},
        {"place": [CONTROL, "team", "token", "(agent)"], "keys": ["value"], "plain": {"value": "b3Blbg=="}},
        {"place": [SECRET, "team", "token", "robot"], "keys": ["value"], "sealed": 7},
        {"place": [CONFIG_MAP, "team", "token", "robot"], "keys": ["value"], "plain": "b3Blbg=="},
    ],
)
def test_what_is_not_told_so(told: Any) -> None:
    with pytest.raises(EvaluationError) as problem:
        Told.from_json(told)
    assert "b3Blbg" not in str(problem.value)


@pytest.mark.parametrize("named", [None, [], [SECRET, "team"], [SECRET, "team", "token", "robot", 7]])
def test_what_is_not_asked_so(named: Any) -> None:
    with pytest.raises(EvaluationError):
        Named.from_json(named)
