"""Units on a cluster: what they stand on, what is read before, and what nobody waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from argosy.control.effects import Apply, Patch, Unit, Version, Write
from argosy.control.keys import Key
from argosy.control.units import Direct
from argosy.errors import Conflict, Denied

A, B, EVENT = (Key("c", "apps", "ReplicaSet", "ns", name) for name in "abe")
FIRST, SECOND = Version("u", 1), Version("v", 1)
TOLD = Apply(EVENT, {"kind": "Event"}, optional=True)


@dataclass
class Objects:
    """A writer on versions by key; notes what is read and written."""

    versions: dict[Key, Version] = field(default_factory=lambda: {A: FIRST, B: SECOND})
    read: list[Key] = field(default_factory=list)
    written: list[Key] = field(default_factory=list)
    refused: frozenset[Key] = frozenset()

    def version(self, target: Key) -> Version | None:
        self.read.append(target)
        return self.versions.get(target)

    def write(self, write: Write) -> tuple[str, int | None]:
        if write.target in self.refused:
            raise Denied("no")
        if isinstance(write, Patch) and self.versions[write.target] != write.version:
            raise Conflict("changed")
        self.written.append(write.target)
        return f"uid of {write.target.name}", 2


def test_what_the_first_write_proves_is_not_read_before() -> None:
    objects = Objects()
    unit = Unit((Patch(A, {}, FIRST), Patch(B, {}, SECOND)), {A: FIRST, B: SECOND})
    assert Direct(objects).carry(unit).problem == ""
    assert (objects.read, objects.written) == ([B], [A, B])


def test_nothing_is_written_when_anything_is_another_by_now() -> None:
    for changed in (A, B):
        objects = Objects()
        objects.versions[changed] = Version("w", 9)
        unit = Unit((Patch(A, {}, FIRST), Patch(B, {}, SECOND)), {A: FIRST, B: SECOND})
        outcome = Direct(objects).carry(unit)
        assert (outcome.stale, outcome.written, objects.written) == (True, {}, [])


def test_what_nothing_depends_on_is_done_beside_and_after_the_rest() -> None:
    objects, later = Objects(), list[Callable[[], None]]()
    outcome = Direct(objects, later.append).carry(Unit((TOLD, Patch(A, {}, FIRST)), {}))
    assert (list(outcome.written), objects.written) == (["uid of a"], [A])
    for do in later:
        do()
    assert objects.written == [A, EVENT]


def test_what_nothing_depends_on_may_fail() -> None:
    objects = Objects(refused=frozenset({EVENT}))
    outcome = Direct(objects).carry(Unit((TOLD, Patch(A, {}, FIRST)), {}))
    assert (outcome.problem, objects.written) == ("", [A])


def test_of_what_was_not_done_nothing_is_told() -> None:
    objects, later = Objects(), list[Callable[[], None]]()
    objects.versions[A] = Version("w", 9)
    assert Direct(objects, later.append).carry(Unit((Patch(A, {}, FIRST), TOLD), {})).stale
    assert later == []
