"""The kinds of declarations that this version takes, and how each is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from argosy.errors import NotFound
from argosy.resources.definitions import DEFINITIONS, GROUP, VERSION, Definition
from argosy.resources.manifests import Manifest

if TYPE_CHECKING:
    from argosy.resources.base import Problem

__all__ = ["GROUP_VERSION", "KINDS", "Kind", "kind_named"]

GROUP_VERSION: Final = f"{GROUP}/{VERSION}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its names, and its check, which raises InvalidObject for a wrong shape and returns further problems.

    The check is given the types of event sources that the runtime serves. `late`: what cannot work in one that is valid.
    """

    definition: Definition
    check: Callable[[Manifest, Set[str]], list[Problem]]
    late: Callable[[Manifest, datetime], list[Problem]] = lambda manifest, now: []  # noqa: ARG005

    @property
    def name(self) -> str:
        """As in manifests."""
        return self.definition.kind

    @property
    def plural(self) -> str:
        """As in URLs."""
        return self.definition.plural

    @property
    def short(self) -> str:
        """The first of its short names."""
        return self.definition.short_names[0]

    def answers_to(self, word: str) -> bool:
        """Whether a user who types `word` means this kind, as with kubectl."""
        one = self.definition
        return word.lower() in (one.kind.lower(), one.plural, *one.short_names, one.name)


def _event_source(manifest: Manifest, served: Set[str]) -> list[Problem]:
    from argosy.resources import eventsource
    from argosy.resources.base import parse

    return eventsource.validate(parse(eventsource.EventSource, manifest), manifest.body, served)


def _event_bus(manifest: Manifest, _: Set[str]) -> list[Problem]:
    from argosy.resources import eventbus
    from argosy.resources.base import parse

    return eventbus.validate(parse(eventbus.EventBus, manifest))


def _sensor(manifest: Manifest, _: Set[str]) -> list[Problem]:
    from argosy.resources import sensor_lint, sensor_validation
    from argosy.resources.base import parse
    from argosy.resources.sensor import Sensor

    sensor = parse(Sensor, manifest)
    problems = sensor_validation.validate(sensor, manifest.body)
    return [*problems, *sensor_validation.conditions_problem(sensor), *sensor_lint.uncompilable(sensor)]


def _late_event_source(manifest: Manifest, now: datetime) -> list[Problem]:
    from argosy.events.source_lint import late_problems
    from argosy.resources.base import parse
    from argosy.resources.eventsource import EventSource

    return list(late_problems(parse(EventSource, manifest), manifest.body, now))


def _late_sensor(manifest: Manifest, _: datetime) -> list[Problem]:
    from argosy.resources.base import parse
    from argosy.resources.sensor import Sensor
    from argosy.resources.sensor_lint import late_problems

    return late_problems(parse(Sensor, manifest), manifest.body)


KINDS: Final[Mapping[str, Kind]] = {
    "EventSource": Kind(DEFINITIONS["EventSource"], _event_source, _late_event_source),
    "EventBus": Kind(DEFINITIONS["EventBus"], _event_bus),
    "Sensor": Kind(DEFINITIONS["Sensor"], _sensor, _late_sensor),
}


def kind_named(word: str) -> str:
    """The kind that a user means by `word` (kind, plural, short name). Raises NotFound with the words that would do."""
    kind = next((kind for kind in KINDS.values() if kind.answers_to(word)), None)
    if kind is None:
        known = ", ".join(f"{k.plural} ({k.short})" for k in KINDS.values())
        raise NotFound(f"no kind is called {word!r}; known: {known}")
    return kind.name
