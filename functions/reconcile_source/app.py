"""Event sources: FIFO batch of wakes → mappings, subscriptions and rules as the declarations say."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.batches import fifo_processor, report_failures
from argosy.adapters.powertools import function
from argosy.services.runtime import current
from argosy.services.wiring import handle_wake


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. What cannot be connected stands in the event source's status and is tried again by its timer."""
    runtime, processor = current(), fifo_processor()

    def wire(record: SQSRecord) -> None:
        handle_wake(runtime, record.body)

    with processor(event["Records"], wire):
        processor.process()
    report_failures(processor, "wake not handled")
    return processor.response()
