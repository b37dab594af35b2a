"""Event sources behind topics and rules (sns, minio, eventBridge): batch of the sources queue → events on the bus."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.powertools import batch_processor, count, function, report_failures
from argosy.ports.queue import Outgoing
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A record that is none of ours is set aside, one that fails comes again."""
    sourcing, processor = current().sourcing, batch_processor()
    events: list[Outgoing] = []
    sourcing.begin()

    def take(record: SQSRecord) -> None:
        events.extend(sourcing.from_message(record.body))

    with processor(event["Records"], take):
        processor.process()
    sourcing.publish(events)
    report_failures(processor, "event not taken")
    count("events_sent_total", len(events))
    return processor.response()
