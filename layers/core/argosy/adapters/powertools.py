"""Logger, metrics, tracer and batch processing of the functions, from Powertools for AWS Lambda.

One place, so that every function logs, counts and traces alike and the embedded runtime can turn off what only AWS
collects (POWERTOOLS_TRACE_DISABLED, POWERTOOLS_METRICS_DISABLED).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    BasePartialBatchProcessor,
    BatchProcessor,
    EventType,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.http.pools import close_pools, rest

__all__ = [
    "LoopBatchProcessor",
    "batch_processor",
    "close_thread_loop",
    "count",
    "function",
    "gathered",
    "logger",
    "loop_batch_processor",
    "report_failures",
]

ON_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "argosy-functions")

logger = Logger(service=_SERVICE)
metrics = Metrics(namespace="Argosy", service=_SERVICE)
tracer = Tracer(service=_SERVICE, disabled=not ON_LAMBDA)
Handler = Callable[[dict[str, Any], Any], Any]

if ON_LAMBDA:
    # Both tell of every start what nobody asks for, and a function that counts nothing has nothing to warn of.
    for name in ("botocore", "aws_xray_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="No application metrics to publish")

_local = threading.local()


def function(handler: Handler) -> Handler:
    """Decorate the entry point of a Lambda function: request ids in its logs, metrics flushed, traced.

    Outside of Lambda nobody collects any of it, and the handler stays as it is.
    """
    if not ON_LAMBDA:
        return handler
    traced = tracer.capture_lambda_handler(handler, capture_response=False)
    decorated: Handler = logger.inject_lambda_context(metrics.log_metrics(traced))
    return decorated


def count(name: str, number: int) -> None:
    """Add to a metric, named as Argo names it."""
    if ON_LAMBDA and number:
        metrics.add_metric(name, MetricUnit.Count, number)


def thread_loop() -> asyncio.AbstractEventLoop:
    """This thread's own event loop, kept from invocation to invocation so that connections outlive one."""
    loop: asyncio.AbstractEventLoop | None = getattr(_local, "loop", None)
    if loop is None or loop.is_closed():
        loop = _local.loop = asyncio.new_event_loop()
    return loop


def close_thread_loop() -> None:
    """Close this thread's loop, if it has one, with the HTTP connections on it; call it when the thread ends."""
    loop: asyncio.AbstractEventLoop | None = getattr(_local, "loop", None)
    if loop is None or loop.is_closed():
        return
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    close_pools(loop)
    loop.run_until_complete(asyncio.sleep(0))  # sockets are closed when the loop turns
    loop.close()
    del _local.loop


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


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on this thread's loop."""
    loop = thread_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        if rest(loop):
            loop.run_until_complete(asyncio.sleep(0))


def batch_processor() -> BatchProcessor:
    """This thread's processor for SQS batches; it reports failed records one by one."""
    processor: BatchProcessor | None = getattr(_local, "processor", None)
    if processor is None:
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        _local.processor = processor
    return processor


def loop_batch_processor() -> LoopBatchProcessor:
    """The same for handlers that are coroutines; all records of a batch run at once."""
    processor: LoopBatchProcessor | None = getattr(_local, "loop_processor", None)
    if processor is None:
        processor = LoopBatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        _local.loop_processor = processor
    return processor
