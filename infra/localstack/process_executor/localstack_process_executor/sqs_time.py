"""SQS's time in LocalStack: to the point, and put forward when a test says so.

In: `PROCESS_EXECUTOR_SQS_AHEAD`, a file that holds how many seconds SQS is ahead of the machine; without it, 0.
LocalStack looks once a second which messages are visible again or no longer delayed; AWS needs no look. Here every
receive and every question for a queue's depth looks first.
"""

import functools
import os
import time
from pathlib import Path
from types import SimpleNamespace

from localstack.runtime import hooks

__all__ = ["keep_sqs_time"]


@hooks.on_infra_start()
def keep_sqs_time() -> None:
    """See the module."""
    from localstack.services.sqs import models

    file = os.environ.get("PROCESS_EXECUTOR_SQS_AHEAD")
    if file:
        models.time = SimpleNamespace(time=lambda: time.time() + _ahead(Path(file)))
    for kind, name in (
        (models.StandardQueue, "receive"),
        (models.FifoQueue, "receive"),
        (models.SqsQueue, "get_queue_attributes"),
    ):
        setattr(kind, name, _looking_first(getattr(kind, name)))


def _ahead(file: Path) -> float:
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0


def _looking_first(method):
    @functools.wraps(method)
    def looking(self, *arguments, **options):
        self.requeue_inflight_messages()
        self.enqueue_delayed_messages()
        return method(self, *arguments, **options)

    return looking
