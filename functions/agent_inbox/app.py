"""Agents: FIFO batch of a cluster's report queue → events on the bus, copies of objects, results for whoever waits."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.batches import fifo_processor, report_failures
from argosy.adapters.powertools import count, function
from argosy.adapters.senders import cluster_of, told
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A report that fails comes again, and those of its group after it."""
    runtime, processor = current(), fifo_processor()
    stage = runtime.place.stage if runtime.place is not None else ""
    done = runtime.inbox.ahead(told(event["Records"], stage)) if len(event["Records"]) > 1 else ()

    def take(record: SQSRecord) -> None:
        if record.message_id in done:
            return
        for name, number in runtime.inbox.handle(cluster_of(record.raw_event, stage), record.body).items():
            count(name, number)

    with processor(event["Records"], take):
        processor.process()
    report_failures(processor, "report not taken in")
    return processor.response()
