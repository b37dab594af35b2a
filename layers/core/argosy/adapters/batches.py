"""SQS batches of functions, by Powertools' batch processors: a record that fails is reported alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BasePartialBatchProcessor,
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.loops import run
from argosy.adapters.powertools import logger

__all__ = [
    "LoopBatchProcessor",
    "batch_processor",
    "fifo_processor",
    "gathered",
    "loop_batch_processor",
    "report_failures",
]

_local = threading.local()


class LoopBatchProcessor(AsyncBatchProcessor):
    """AsyncBatchProcessor on the thread's own loop; the original makes a loop for each batch outside of Lambda."""

    def async_process(self) -> list[tuple[Any, ...]]:
        """Run the handler on all records at once; see AsyncBatchProcessor."""

        async def all_records() -> list[tuple[Any, ...]]:
            return list(await asyncio.gather(*[self._async_process_record(record) for record in self.records]))

        return run(all_records())


def gathered[T](
    event: Mapping[str, Any], work: Callable[[SQSRecord], Iterable[T]], problem: str
) -> tuple[list[T], PartialItemFailureResponse]:
    """What `work` gives for the records of an SQS batch, and the handler's answer: records that failed come again.

    A failure is logged as `problem`; it keeps nothing of the other records' results back.
    """
    processor, found = batch_processor(), list[T]()

    def one(record: SQSRecord) -> None:
        found.extend(work(record))

    with processor(event["Records"], one):
        processor.process()
    report_failures(processor, problem)
    return found, processor.response()


def report_failures(processor: BasePartialBatchProcessor, what: str) -> None:
    """Log every record of the batch that failed, with its message id and the reason."""
    for record, problem in zip(processor.fail_messages, processor.exceptions, strict=True):
        logger.error(what, extra={"messageId": getattr(record, "message_id", ""), "reason": f"{problem[1]!r}"})


def batch_processor() -> BatchProcessor:
    """This thread's processor for SQS batches; it reports failed records one by one."""
    return _kept(BatchProcessor)


def loop_batch_processor() -> LoopBatchProcessor:
    """The same for handlers that are coroutines; all records of a batch run at once."""
    return _kept(LoopBatchProcessor)


def fifo_processor() -> SqsFifoPartialProcessor:
    """A processor for batches of a FIFO queue: after a record that failed the rest of its group fails too, and no other."""
    processor = SqsFifoPartialProcessor(skip_group_on_error=True)
    processor.raise_on_entire_batch_failure = False
    return processor


def _kept[P: BasePartialBatchProcessor](kind: type[P]) -> P:
    kept: P | None = getattr(_local, kind.__name__, None)
    if kept is None:
        kept = kind(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        setattr(_local, kind.__name__, kept)
    return kept
