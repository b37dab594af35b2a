"""Values of a cluster behind an agent, from its report to who needs them: on fakes, with real seals."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import orjson
import pytest

from argosy.adapters.sealed import SealedSecrets
from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.adapters.signing.sealing import KeyOpener, KeySealer, new_seal_keys, public_half, with_public_half
from argosy.control.agents.scopes import Subscription
from argosy.control.agents.values import CONFIG_MAP, SECRET, Named, Place, Told, context_of
from argosy.errors import Denied, EvaluationError, InvalidObject, NotFound, Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Row
from argosy.resources.manifests import Manifest
from argosy.services.agents.inbox import forget
from argosy.services.agents.registry import Entry, Registry
from argosy.services.agents.values import ValueRows
from support.agentreports import FakeHub
from support.events import Body, dependency, event_source, sensor, trigger
from support.services import FakeInstallation

SEAL: Final = new_seal_keys()
CANARY: Final = "open-sesame-7d1f"
TOKEN: Final = Place(SECRET, "team", "token", "default")
CLUSTERS: Final = (Entry("edge", "agent"), Entry("other", "agent"), Entry("far", "eks", {"arn": "a"}))


class Hub(FakeHub):
    """With sealing keys; `secrets` are as the installation's services have them."""

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        clock = FakeClock()
        store = FakeStore(clock)
        text = with_public_half(new_keys(), SEAL)
        signer = KeySigner(lambda: text)
        made = FakeInstallation(clock, store=store, signer=signer)
        secrets = FakeSecrets(kept or {}, {})
        registry = made.runtime.registry
        self.secrets = SealedSecrets(secrets, secrets, store, registry, KeyOpener(lambda: SEAL))
        super().__init__(CLUSTERS, made)

    def declare(self, *bodies: Body, cluster: str = "edge") -> None:
        for body in bodies:
            body["metadata"]["namespace"] = f"team@{cluster}"
        self.made.runtime.objects.apply([Manifest(body) for body in bodies], home=cluster)

    def asked(self, cluster: str = "edge") -> tuple[Named, ...]:
        """What the last subscription of a cluster's agent asks for."""
        self.turn()
        found = [body for name, kind, body in self.work if (name, kind) == (cluster, "subscribe")]
        return Subscription.from_json(found[-1]).values if found else ()

    def tell(self, told: Told, cluster: str = "edge") -> None:
        self.report({"report": "values", "items": [told.as_json()]}, cluster)


def hook(**more: Any) -> Body:
    example = {"method": "POST", "port": "12000", "endpoint": "/", "authSecret": {"name": "token", "key": "value"}}
    return event_source({"webhook": {"example": {**example, **more}}})


def sealed(values: Mapping[str, str], place: Place = TOKEN, cluster: str = "edge", keys: str = SEAL) -> Told:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    text = KeySealer().seal(public_half(keys), orjson.dumps(data), context_of(cluster, place))
    return Told(place, tuple(sorted(values)), text)


def test_an_agent_is_asked_for_what_declarations_of_its_cluster_name() -> None:
    hub = Hub()
    hub.declare(hook())
    assert hub.asked() == (Named(TOKEN, ("value",)),)
    told = next(body for name, kind, body in hub.work if (name, kind) == ("edge", "subscribe"))
    assert told["sealKey"] == public_half(SEAL)
    reference = {"secretKeyRef": {"name": "token", "key": "other"}}
    http = {"url": "http://x.example", "secureHeaders": [{"name": "A", "valueFrom": reference}]}
    hub.declare(sensor([trigger(http=http)], [dependency("dep")]))
    assert hub.asked() == (Named(TOKEN, ("other", "value")),)
    assert hub.asked("other") == (), "of its own cluster alone"
    hub.made.runtime.objects.delete([("Sensor", "team@edge", "s")], home="edge")
    assert hub.asked() == (Named(TOKEN, ("value",)),)
    hub.made.runtime.objects.delete([("EventSource", "team@edge", "hook")], home="edge")
    assert hub.asked() == ()
    assert hub.made.runtime.store.query("values/edge") == []


def test_a_name_that_kubernetes_cannot_have_given_out_holds_nobody_up() -> None:
    hub = Hub()
    hub.declare(hook(authSecret={"name": "../other/token", "key": "value"}))
    assert hub.asked() == ()


def test_what_is_not_there_yet_is_used_once_it_is() -> None:
    hub = Hub()
    with pytest.raises(NotFound, match="not asked for it"):
        hub.secrets.secret("team@edge", "token", "value")
    hub.declare(hook())
    hub.asked()
    with pytest.raises(Unavailable, match="cluster edge: Secret/team/token, key value: its agent has not told it yet"):
        hub.secrets.secret("team@edge", "token", "value")
    hub.tell(Told(TOKEN, problem={"error": "NotFound", "text": 'secrets "token" not found'}))
    with pytest.raises(Unavailable, match="cluster edge: Secret/team/token, key value: not there yet"):
        hub.secrets.secret("team@edge", "token", "value")
    hub.tell(Told(TOKEN))
    with pytest.raises(Unavailable, match="cluster edge: Secret/team/token has no key value yet"):
        hub.secrets.secret("team@edge", "token", "value")
    hub.tell(sealed({"value": CANARY + "\n"}))
    assert hub.secrets.secret("team@edge", "token", "value") == CANARY
    hub.tell(Told(TOKEN, problem={"error": "NotFound", "text": "gone"}))
    with pytest.raises(Unavailable):
        hub.secrets.secret("team@edge", "token", "value")


def test_what_its_account_may_not_read_is_refused_in_the_api_servers_words() -> None:
    hub = Hub()
    hub.declare(hook())
    hub.asked()
    hub.tell(Told(TOKEN, problem={"error": "Denied", "text": 'secrets "token" is forbidden'}))
    with pytest.raises(Denied, match='as service account default: secrets "token" is forbidden'):
        hub.secrets.secret("team@edge", "token", "value")
    with pytest.raises(NotFound, match="for account robot"):
        hub.secrets.secret("team@edge", "token", "value", "robot")


def test_a_config_map_needs_no_key() -> None:
    hub = Hub()
    place = Place(CONFIG_MAP, "team", "settings", "default")
    source = {"configmap": {"name": "settings", "key": "manifest"}}
    hub.declare(sensor([trigger(k8s={"operation": "create", "source": source})], [dependency("dep")]))
    assert hub.asked() == (Named(place, ("manifest",)),)
    hub.tell(Told(place, ("manifest",), plain={"manifest": base64.b64encode(b"kind: Pod\n").decode()}))
    assert hub.secrets.config("team@edge", "settings", "manifest") == "kind: Pod"
    with pytest.raises(NotFound):
        hub.secrets.secret("team@edge", "settings", "manifest")


def test_what_the_installation_keeps_comes_first() -> None:
    hub = Hub({"team@edge": {"token": {"value": "kept here"}}, "team": {"token": {"value": "at home"}}})
    hub.declare(hook())
    hub.asked()
    hub.tell(sealed({"value": CANARY}))
    assert hub.secrets.secret("team@edge", "token", "value") == "kept here"
    assert hub.secrets.secret("team", "token", "value") == "at home"


@pytest.mark.parametrize("namespace", ["team", "team@far", "team@nowhere"])
def test_clusters_without_an_agent_are_as_they_were(namespace: str) -> None:
    with pytest.raises(NotFound, match=rf"secret {namespace}/token has no key value\Z"):
        Hub().secrets.secret(namespace, "token", "value")


def test_a_function_without_the_table_says_what_it_said() -> None:
    class Closed(FakeStore):
        def get(self, pk: str, sk: str) -> Row | None:
            raise Denied(f"row {pk}/{sk}")

    secrets = FakeSecrets()
    store = Closed(FakeClock())
    made = SealedSecrets(secrets, secrets, store, Registry(store), KeyOpener(lambda: SEAL))
    with pytest.raises(NotFound, match="has no key value"):
        made.secret("team@edge", "token", "value")


def test_an_agent_in_the_home_cluster() -> None:
    hub = Hub()
    hub.made.runtime.registry.add(Entry("in-cluster", "agent"))
    body = hook()
    body["metadata"]["namespace"] = "team"
    hub.made.apply(body)
    assert hub.asked("in-cluster") == (Named(TOKEN, ("value",)),)
    hub.tell(sealed({"value": CANARY}, cluster="in-cluster"), "in-cluster")
    assert hub.secrets.secret("team", "token", "value") == CANARY


@pytest.mark.parametrize(
    ("told", "cluster"),
    [
        (sealed({"value": CANARY}, cluster="other"), "edge"),
        (sealed({"value": CANARY}), "other"),
        (Told(TOKEN, ("value",), sealed({"value": CANARY}, Place(SECRET, "team", "else", "default")).sealed), "edge"),
    ],
)
def test_what_was_sealed_for_another_place_is_refused(told: Told, cluster: str) -> None:
    hub = Hub()
    hub.declare(hook(), cluster=cluster)
    hub.asked(cluster)
    hub.tell(told, cluster)
    with pytest.raises(Denied) as problem:
        hub.secrets.secret(f"team@{cluster}", "token", "value")
    assert CANARY not in str(problem.value)


def test_what_nobody_asked_for_is_not_taken_in() -> None:
    hub = Hub()
    hub.tell(sealed({"value": CANARY}))
    assert hub.made.runtime.store.query("values/edge") == []


def test_a_secret_in_the_open_is_set_aside() -> None:
    hub = Hub()
    hub.declare(hook())
    hub.asked()
    with pytest.raises(EvaluationError, match="in the open"):
        Told.from_json(Told(TOKEN, ("value",), plain={"value": "eA=="}).as_json())
    hub.tell(Told(TOKEN, ("value",), plain={"value": "eA=="}))
    assert "told" not in hub.made.runtime.store.query("values/edge")[0].data


def test_a_key_that_is_held_no_more_and_a_value_that_is_no_text() -> None:
    hub = Hub()
    hub.declare(hook())
    hub.asked()
    hub.tell(sealed({"value": CANARY}, keys=new_seal_keys()))
    with pytest.raises(Unavailable, match="its agent seals anew"):
        hub.secrets.secret("team@edge", "token", "value")
    data = orjson.dumps({"value": base64.b64encode(b"\xff\xfe").decode()})
    hub.tell(Told(TOKEN, ("value",), KeySealer().seal(public_half(SEAL), data, context_of("edge", TOKEN))))
    with pytest.raises(InvalidObject, match="no UTF-8 text") as problem:
        hub.secrets.secret("team@edge", "token", "value")
    assert problem.value.__cause__ is None


def test_a_removed_cluster_leaves_nothing() -> None:
    hub = Hub()
    hub.declare(hook())
    hub.asked()
    hub.tell(sealed({"value": CANARY}))
    forget(hub.made.runtime, "edge")
    assert ValueRows(hub.made.runtime.store, "edge").find(TOKEN) is None


def test_an_installation_without_sealing_keys_asks_for_nothing() -> None:
    hub = FakeHub()
    body = hook()
    body["metadata"]["namespace"] = "team@edge"
    hub.made.runtime.objects.apply([Manifest(body)], home="edge")
    hub.turn()
    (told,) = [body for _, kind, body in hub.work if kind == "subscribe"]
    assert "values" not in told
