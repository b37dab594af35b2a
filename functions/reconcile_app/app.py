"""Applications: FIFO batch of wakes → each compared with its sources and synced, its status written to its cluster."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.batches import fifo_processor, report_failures
from argosy.adapters.powertools import function
from argosy.services.applications.controller import handle_wake
from argosy.services.applications.sources import Round
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. Of several wakes of one object in a batch the first does: it looks at what is there by then."""
    runtime, processor, seen, together = current(), fifo_processor(), set[str](), Round()

    def look(record: SQSRecord) -> None:
        if record.body not in seen:
            handle_wake(runtime, record.body, together)
            seen.add(record.body)

    with processor(event["Records"], look):
        processor.process()
    report_failures(processor, "wake not handled")
    return processor.response()
