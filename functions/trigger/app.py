"""Triggers: SQS batch of the trigger queue → effects carried out."""

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from argosy.adapters.batches import loop_batch_processor, report_failures
from argosy.adapters.powertools import count, function
from argosy.services.fire import Followup
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. The records of a batch run at once; one that fails by a defect is reported alone."""
    firings, processor = current().firings, loop_batch_processor()
    done: list[Followup] = []

    async def carry_out(record: SQSRecord) -> None:
        done.append(await firings.carry_out(record.body))

    with processor(event["Records"], carry_out):
        processor.async_process()
    following = firings.finish(done)
    report_failures(processor, "firing not processed")
    count("actions_followed_total", following)
    return processor.response()
