"""Operations: what may take longer than a request, in steps that end in time.

One row each (pk `operations`, sk the id), kept for seven days: what is to be done and for whom, how far it came, how it
ended. So far there is one kind, the redrive of a dead-letter queue.

Who continues it? Whoever asks for it: `begin` works for as long as a request may take, and so does each `carry_on`, which
the command line repeats until there is nothing left. Nothing else has to run for that, neither a queue with its consumer
nor a schedule that looks for something to do once a minute. A client that goes away leaves an operation that says
`running`, with every message either in the dead-letter queue or back in its queue; carrying on takes it up where
it is, and so does another redrive. Two that carry on at once: the row is leased to one, the other is told how far it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from argosy.errors import ArgosyError, Conflict, NotFound
from argosy.ports.clock import stamp
from argosy.ports.queue import Delivery, Outgoing, QueueSpec
from argosy.ports.store import ABSENT, Put, Row
from argosy.problems import problem_of
from argosy.services.audit import audited

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["OPERATIONS_PK", "Operation", "Operations"]

OPERATIONS_PK: Final = "operations"
RUNNING, DONE, FAILED = "running", "done", "failed"
_KEEP_SECONDS: Final = 7 * 86_400.0
_WORK_SECONDS: Final = 10.0  # API Gateway waits for 29 in all
_LEASE_SECONDS: Final = 40.0  # no request lives longer
_SLICE: Final = 10  # what SQS takes in one call: all of a slice is sent, or none of it is


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `redrive` of the queue `target`, asked for by `actor`.

    `status`: running, done or failed. `moved` of about `total` messages, `error` (a problem) why it failed. `created` and
    `updated` are RFC 3339. `horizon`: messages that were sent after this epoch second are not touched. `leased`: until when
    somebody works on it, in epoch seconds, 0 when nobody does.
    """

    id: str
    kind: str
    target: str
    actor: str
    status: str
    moved: int
    total: int
    created: str
    updated: str
    horizon: float
    error: Mapping[str, Any] | None = None
    leased: float = 0.0


class Operations:
    """The operations of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def redrive(self, queue: str, actor: str) -> Operation:
        """Send the dead letters of `queue` back to it; returns when that is done or has taken long enough.

        What is set aside again meanwhile stays there. A crash leaves a message in both queues at worst, never in none.
        Raises NotFound for what is no queue with dead letters.
        """
        spec = self._with_dead_letters(queue)
        now = self._runtime.clock.now()
        total = self._runtime.queue.depth(spec.dlq).total
        at = stamp(now)
        made = Operation(uuid.uuid4().hex, "redrive", queue, actor, RUNNING, 0, total, at, at, now.timestamp())
        made = replace(made, leased=now.timestamp() + _LEASE_SECONDS)
        self._runtime.store.write([audited(actor, [f"Queue/{queue} redriven"], now), Put(self._row(made), ABSENT)])
        return self._work(made, 1)

    def get(self, operation_id: str) -> Operation:
        """One operation. Raises NotFound, also when it is older than seven days."""
        return self._read(operation_id)[0]

    def carry_on(self, operation_id: str) -> Operation:
        """Work on an operation for a while, if it is not over and nobody else does. Raises NotFound."""
        found, version = self._read(operation_id)
        now = self._runtime.clock.now().timestamp()
        if found.status != RUNNING or found.leased > now:
            return found
        leased = replace(found, leased=now + _LEASE_SECONDS)
        try:
            self._runtime.store.write([Put(self._row(leased), version)])
        except Conflict:
            return self.get(operation_id)
        return self._work(leased, version + 1)

    def _work(self, operation: Operation, version: int) -> Operation:
        clock = self._runtime.clock
        spec = self._with_dead_letters(operation.target)
        end = clock.now().timestamp() + _WORK_SECONDS
        while operation.status == RUNNING:
            try:
                moved, left = self._slice(spec, operation.horizon)
                operation = replace(operation, moved=operation.moved + moved, status=RUNNING if left else DONE)
            except ArgosyError as x:
                operation = replace(operation, status=FAILED, error=problem_of(x))
            now = clock.now()
            pausing = operation.status != RUNNING or now.timestamp() >= end
            operation = replace(
                operation, updated=stamp(now), leased=0.0 if pausing else now.timestamp() + _LEASE_SECONDS
            )
            self._runtime.store.write([Put(self._row(operation), version)])
            version += 1
            if pausing:
                break
        return operation

    def _slice(self, spec: QueueSpec, horizon: float) -> tuple[int, bool]:
        """Move a few messages; how many, and whether there may be more."""
        queue = self._runtime.queue
        found = queue.receive(spec.dlq, _SLICE)
        letters = [each for each in found if each.sent_at <= horizon]
        later = [each.handle for each in found if each.sent_at > horizon]
        if later:
            queue.release(spec.dlq, later)
        if letters:
            queue.send(spec.name, [_again(spec, letter) for letter in letters])
            queue.delete(spec.dlq, [letter.handle for letter in letters])
        return len(letters), bool(letters)

    def _with_dead_letters(self, queue: str) -> QueueSpec:
        specs = {spec.name: spec for spec in self._runtime.queues if spec.dlq}
        if queue not in specs:
            raise NotFound(f"no queue {queue} with dead letters; there are {', '.join(specs)}")
        return specs[queue]

    def _read(self, operation_id: str) -> tuple[Operation, int]:
        row = self._runtime.store.get(OPERATIONS_PK, operation_id)
        if row is None:
            raise NotFound(f"no operation {operation_id}; operations are kept for seven days")
        return Operation(**row.data), row.version

    def _row(self, operation: Operation) -> Row:
        expiry = self._runtime.clock.now().timestamp() + _KEEP_SECONDS
        return Row(OPERATIONS_PK, operation.id, asdict(operation), expires_at=expiry)


def _again(spec: QueueSpec, letter: Delivery) -> Outgoing:
    """On FIFO the same letter, should it come twice, is dropped the second time."""
    dedup = f"redrive-{letter.id}" if spec.fifo else ""
    return Outgoing(letter.body, group=letter.group, dedup=dedup, attributes=dict(letter.attributes) or None)
