"""Signed work: what must be refused before it is looked at, and what is done once."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from argosy.adapters.signing.ed25519 import KeySigner, KeyVerifier, new_keys
from argosy.agent.done import Done
from argosy.agent.work import Worker
from argosy.control.agents.units import unit_to_json
from argosy.control.agents.work import LIFE, Work, open_work, sealed
from argosy.control.effects import Apply, Patch, Unit, Version
from argosy.control.keys import Key
from argosy.errors import Denied, EvaluationError, Unavailable
from argosy.ports.cluster import ServiceAccount
from argosy.ports.clusterrequests import ForwardingCluster, Request, perform
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster

NOW = FakeClock().now()
SECOND = timedelta(seconds=1)
Body = dict[str, Any]


def keys(before: str = "") -> KeySigner:
    text = new_keys(before)
    return KeySigner(lambda: text)


HUB = keys()
TRUSTED = KeyVerifier(HUB.public_keys())


def work(
    kind: str = "request", body: Mapping[str, Any] | None = None, *, name: str = "w", cluster: str = "edge"
) -> Work:
    asked = body if body is not None else Request("version", {}).as_json()
    return Work(name, cluster, kind, asked, NOW, NOW + LIFE)


def test_what_is_signed_comes_out_as_it_went_in() -> None:
    one = work("unit", {"writes": [], "text": "ü"})
    assert open_work(sealed(one, HUB), TRUSTED, "edge", NOW) == one


def test_a_body_that_json_cannot_hold() -> None:
    with pytest.raises(EvaluationError, match="cannot be sent to an agent"):
        sealed(work(body={"at": object()}), HUB)


def changed(text: str) -> str:
    """Another cluster in the signed text, whose signature stays."""
    return text.replace("edge", "hack")


def flipped(signature: str) -> str:
    raw = bytearray(base64.b64decode(signature))
    raw[0] ^= 1
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda message: {**message, "work": changed(message["work"])},
        lambda message: {**message, "work": message["work"] + " "},
        lambda message: {**message, "signature": flipped(message["signature"])},
        lambda message: {**message, "signature": ""},
        lambda message: {**message, "signature": "no base64"},
        lambda message: {**message, "signature": "ä"},
        lambda message: {**message, "signature": 7},
        lambda message: {**message, "key": "0123456789abcdef"},
        lambda message: {**message, "key": [message["key"]]},
        lambda message: {**message, "key": None},
        lambda message: {**message, "work": orjson.loads(message["work"])},
        lambda message: {name: value for name, value in message.items() if name != "signature"},
        lambda _: {},
        lambda _: [],
        lambda _: None,
        lambda _: "text",
    ],
)
def test_what_is_not_signed_by_the_hub(change: Callable[[Body], Any]) -> None:
    with pytest.raises(Denied, match="hub"):
        open_work(change(sealed(work(), HUB)), TRUSTED, "edge", NOW)


def test_another_hub() -> None:
    with pytest.raises(Denied, match="not that of our hub"):
        open_work(sealed(work(), keys()), TRUSTED, "edge", NOW)


def test_while_keys_are_changed_both_are_trusted() -> None:
    old = new_keys()
    new = new_keys(old)
    both = KeyVerifier(KeySigner(lambda: new).public_keys())
    signers = [KeySigner(lambda: old), KeySigner(lambda: new)]
    for signer in signers:
        assert open_work(sealed(work(), signer), both, "edge", NOW) == work()
    only_new = KeyVerifier(signers[1].public_keys()[:1])
    with pytest.raises(Denied):
        open_work(sealed(work(), signers[0]), only_new, "edge", NOW)


def signed(text: Any) -> Body:
    """Any text, well signed."""
    data = orjson.dumps(text)
    key, signature = HUB.sign(data)
    return {"work": data.decode(), "key": key, "signature": base64.b64encode(signature).decode()}


@pytest.mark.parametrize(
    ("given", "now", "reason"),
    [
        (work(cluster="other"), NOW, "the work is for cluster 'other', this is 'edge'"),
        (work(), NOW + LIFE, "expired at"),
        (work(), NOW + 10 * LIFE, "expired at"),
        (work(), NOW - 31 * SECOND, "from the future"),
    ],
)
def test_signed_work_that_must_not_be_done(given: Work, now: datetime, reason: str) -> None:
    with pytest.raises(Denied, match=reason):
        open_work(sealed(given, HUB), TRUSTED, "edge", now)


@pytest.mark.parametrize("now", [NOW, NOW + LIFE - SECOND, NOW - 29 * SECOND])
def test_clocks_may_differ_a_little(now: datetime) -> None:
    assert open_work(sealed(work(), HUB), TRUSTED, "edge", now) == work()


@pytest.mark.parametrize(
    "text", [{}, [], 7, {"id": "x"}, {"id": "w", "cluster": "edge", "kind": "x", "body": {}, "issued": 1}]
)
def test_signed_but_no_work(text: Any) -> None:
    with pytest.raises(Denied, match="no work that this agent knows"):
        open_work(signed(text), TRUSTED, "edge", NOW)


# The worker


class Watched:
    """The watching half, which notes what it is told."""

    http_namespaces = ("inside",)
    secret_key = "key"

    def __init__(self) -> None:
        self.told: list[Any] = []

    def subscribe(self, body: Mapping[str, Any]) -> None:
        self.told.append(("subscribe", body))

    def report(self, body: Mapping[str, Any]) -> None:
        self.told.append(("report", body["scope"]))


class Called:
    """HTTP that answers with how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    def call(self, body: Mapping[str, Any], namespaces: tuple[str, ...]) -> Body:
        self.count += 1
        return {"status": 200, "body": f"{self.count} {namespaces[0]}"}


class Flaky(ForwardingCluster):
    """A cluster that is away for as many calls as told."""

    def __init__(self, inner: FakeCluster) -> None:
        self.inner, self.away = inner, 0

    def acting_as(self, user: ServiceAccount) -> Flaky:
        return Flaky(self.inner.acting_as(user))

    def send(self, request: Request) -> Any:
        if self.away:
            self.away -= 1
            raise Unavailable("no answer")
        return perform(self.inner, request)


class Told:
    """A worker of cluster `edge`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.cluster = Flaky(FakeCluster(self.clock))
        self.watching, self.http = Watched(), Called()
        self.reports: list[Body] = []
        self.down = False
        self.worker = Worker("edge", self.cluster, TRUSTED, self.watching, self.http, self._report, self.clock.now)

    def do(self, one: Work, signer: KeySigner = HUB) -> Body | None:
        """The result that was reported last, None when this made none."""
        before = len(self.reports)
        self.worker.handle(sealed(one, signer))
        return self.reports[-1] if len(self.reports) > before else None

    def maps(self) -> list[str]:
        return [one["metadata"]["name"] for one in self.cluster.list("v1", "ConfigMap", "default")]

    def _report(self, report: Body, group: str) -> None:
        if self.down:
            raise Unavailable("the queue is away")
        assert group == f"result-{report['id']}"
        self.reports.append(orjson.loads(orjson.dumps(report)))


def create(name: str = "run-", **more: Any) -> Body:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": name}, **more}
    return Request("create", {"manifest": manifest, "namespace": "default"}).as_json()


def test_a_replay_is_answered_as_before_and_not_done_again() -> None:
    told = Told()
    first = told.do(work(body=create()))
    again = told.do(work(body=create()))
    assert first is not None
    assert (first["report"], first["id"]) == ("result", "w")
    assert first == again
    assert told.maps() == [first["value"]["metadata"]["name"]]
    assert told.do(work(body=create(), name="other")) != first
    assert len(told.maps()) == 2


def test_a_result_that_could_not_be_sent_is_sent_when_the_work_comes_again() -> None:
    told = Told()
    told.down = True
    with pytest.raises(Unavailable):
        told.do(work(body=create()))
    told.down = False
    assert told.do(work(body=create())) is not None
    assert len(told.maps()) == 1


def test_what_failed_for_now_is_not_remembered_and_what_failed_for_good_is() -> None:
    told = Told()
    told.cluster.away = 1
    assert told.do(work(body=create())) == {
        "report": "result",
        "id": "w",
        "error": "Unavailable",
        "text": "no answer",
        "delay": 0.0,
    }
    assert told.maps() == []
    made = told.do(work(body=create()))
    assert made is not None
    assert "value" in made
    missing = work(
        body=Request("get", {"api_version": "v1", "kind": "ConfigMap", "namespace": "default", "name": "x"}).as_json(),
        name="get",
    )
    failed = told.do(missing)
    assert failed is not None
    assert failed["error"] == "NotFound"
    told.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, namespace="default")
    assert told.do(missing) == failed


def test_reading_again_reads_again() -> None:
    told = Told()
    listing = work(body=Request("list", {"api_version": "v1", "kind": "ConfigMap", "namespace": "default"}).as_json())
    assert (told.do(listing) or {})["value"] == []
    told.do(work(body=create(), name="other"))
    assert len((told.do(listing) or {})["value"]) == 1


@pytest.mark.parametrize(
    ("one", "signer", "said", "answered"),
    [
        (work(body=create()), keys(), "not that of our hub", None),
        (work(body=create(), cluster="other"), HUB, "for cluster 'other'", None),
        (replace(work(body=create()), issued=NOW + 60 * SECOND, expires=NOW + LIFE), HUB, "from the future", None),
        (replace(work(body=create()), issued=NOW - LIFE, expires=NOW), HUB, "expired", "Unavailable"),
    ],
)
def test_what_is_refused_is_counted_and_not_done(one: Work, signer: KeySigner, said: str, answered: str | None) -> None:
    told = Told()
    result = told.do(one, signer)
    assert (result and result["error"]) == answered
    assert told.worker.refusals.count == 1
    assert said in told.worker.refusals.last
    assert told.maps() == []
    assert told.do(work(body=create(), name="good")) is not None
    assert (len(told.maps()), told.worker.refusals.count) == (1, 1)


@pytest.mark.parametrize(
    ("one", "error", "text"),
    [
        (work("dance", {}), "Unsupported", "update it"),
        (work("request", {"verb": "steal", "arguments": {}}), "InvalidObject", "is no verb"),
        (work("request", {"verb": "get", "arguments": {"colour": "red"}}), "InvalidObject", "colour"),
        (work("request", {}), "InvalidObject", "is no call of a cluster"),
        (work("unit", {}), "EvaluationError", "not a unit"),
        (work("report", {}), "EvaluationError", "not work of this release: report: KeyError"),
        (
            work("request", {"verb": "create", "arguments": {"manifest": "text"}}),
            "EvaluationError",
            "not work of this release",
        ),
    ],
)
def test_what_nobody_can_do(one: Work, error: str, text: str) -> None:
    told = Told()
    result = told.do(one)
    assert result is not None
    assert result["error"] == error
    assert text in result["text"]
    assert told.worker.refusals.count == 0


def test_what_is_for_the_watching_half_has_no_result() -> None:
    told = Told()
    assert told.do(work("subscribe", {"scopes": []})) is None
    assert told.do(work("report", {"scope": "x", "objects": []}, name="r")) is None
    assert told.watching.told == [("subscribe", {"scopes": []}), ("report", "x")]


def test_http_is_done_once_and_within_what_the_hub_names() -> None:
    told = Told()
    asked = work("http", {"url": "http://a.inside.svc"})
    assert (told.do(asked) or {})["value"] == {"status": 200, "body": "1 inside"}
    assert (told.do(asked) or {})["value"]["body"] == "1 inside"
    assert told.http.count == 1


SECRETS: list[Callable[[str], Request]] = [
    lambda _: Request("get", {"api_version": "v1", "kind": "Secret", "namespace": "default", "name": "s"}),
    lambda _: Request("list", {"api_version": "v1", "kind": "Secret", "namespace": "default"}),
    lambda value: Request("apply", {"manifest": secret(value), "namespace": "default", "force": True}),
    lambda _: Request(
        "patch",
        {
            "api_version": "v1",
            "kind": "Secret",
            "namespace": "default",
            "name": "s",
            "body": {"metadata": {"labels": {"a": "b"}}},
        },
    ),
    lambda value: Request("replace", {"manifest": secret(value), "namespace": "default"}),
]


def secret(value: str) -> Body:
    encoded = base64.b64encode(value.encode()).decode()
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"password": encoded}}


@pytest.mark.parametrize("asked", SECRETS)
def test_values_of_secrets_are_not_in_results(asked: Callable[[str], Request]) -> None:
    told, canary = Told(), uuid.uuid4().hex
    told.cluster.create(secret(canary), namespace="default")
    result = orjson.dumps(told.do(work(body=asked(canary).as_json()))).decode()
    assert base64.b64encode(b"hmac-sha256:").decode()[:12] in result, "the hash is there"
    assert canary not in result
    assert base64.b64encode(canary.encode()).decode() not in result


KEY = Key("edge", "", "ConfigMap", "default", "a")


def test_a_unit_stands_on_what_was_read() -> None:
    told = Told()
    told.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}, namespace="default")
    metadata = told.cluster.get("v1", "ConfigMap", "default", "a")["metadata"]
    version = Version(metadata["uid"], int(metadata["resourceVersion"]))
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}
    other = Apply(replace(KEY, name="b"), manifest)
    writes = (Patch(KEY, {"data": {"x": "1"}}, version), other)
    fresh = unit_to_json(Unit(writes, {KEY: version, replace(KEY, name="b"): None}))
    done = told.do(work("unit", fresh))
    assert done is not None
    assert (done["value"]["problem"], done["value"]["stale"], len(done["value"]["written"])) == ("", False, 2)
    stale = told.do(work("unit", fresh, name="later"))
    assert stale is not None
    assert (stale["value"]["stale"], stale["value"]["written"]) == (True, {})


# What is remembered


def test_what_is_being_done_is_not_begun_again() -> None:
    done = Done()
    assert done.begin("a") is None
    with pytest.raises(Unavailable, match="being done"):
        done.begin("a")
    done.end("a")
    assert done.begin("a") is None
    done.keep("a", NOW + LIFE, {"value": 1}, NOW)
    assert done.begin("a") == {"value": 1}
    assert done.begin("b") is None


def test_what_has_expired_is_forgotten() -> None:
    done = Done()
    done.keep("a", NOW + SECOND, {"value": 1}, NOW)
    done.keep("b", NOW + 5 * SECOND, {"value": 2}, NOW + 2 * SECOND)
    assert done.begin("a") is None, "it would be refused before"
    assert done.begin("b") == {"value": 2}


def test_more_results_than_there_is_room_for() -> None:
    """The work is not done again; what came of the oldest is not told any more."""
    done = Done(room=3000)
    for number in range(10):
        done.keep(f"w{number}", NOW + LIFE, {"value": "x" * 1000}, NOW)
    kept = [done.begin(f"w{number}") for number in range(10)]
    assert all(one is not None for one in kept)
    assert ["value" in (one or {}) for one in kept] == [False] * 8 + [True] * 2
    assert (kept[0] or {})["error"] == "Permanent"
