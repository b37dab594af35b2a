"""Sensors: SQS batch of the bus queue → firings on the trigger queue."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.powertools import batch_processor, count, function, report_failures
from argosy.ports.queue import Outgoing
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A record that fails is reported alone and comes again; the firings of all others are sent."""
    sensing, processor = current().sensing, batch_processor()
    firings: list[Outgoing] = []
    sensing.begin()

    def decide(record: SQSRecord) -> None:
        firings.extend(sensing.decide(record.body))

    with processor(event["Records"], decide):
        processor.process()
    sensing.hand_on(firings)
    report_failures(processor, "event not processed")
    count("action_triggered_total", len(firings))
    return processor.response()
