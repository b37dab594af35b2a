"""Doors of clusters: FIFO batch of wakes → declarations taken over or retired, their conditions written, agents told."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.batches import fifo_processor, report_failures
from argosy.adapters.powertools import function
from argosy.services.agents.doors import handle_wake
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. What cannot be declared stands in the object's conditions and is tried again by its timer."""
    runtime, processor = current(), fifo_processor()

    def look(record: SQSRecord) -> None:
        handle_wake(runtime, record.body)

    with processor(event["Records"], look):
        processor.process()
    report_failures(processor, "wake not handled")
    return processor.response()
