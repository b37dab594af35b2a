"""Logger, metrics and entry points of the functions, from Powertools for AWS Lambda.

One place, so that every function logs, counts and traces alike. Outside of Lambda nobody collects metrics and traces, and
entry points stay as they are.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["count", "function", "logger"]

ON_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "argosy-functions")

logger = Logger(service=_SERVICE)
metrics = Metrics(namespace="Argosy", service=_SERVICE)
Handler = Callable[[dict[str, Any], Any], Any]

if ON_LAMBDA:
    # Both tell of every start what nobody asks for, and a function that counts nothing has nothing to warn of.
    for name in ("botocore", "aws_xray_sdk"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="No application metrics to publish")


def function(handler: Handler) -> Handler:
    """Decorate the entry point of a Lambda function: request ids in its logs, metrics flushed, sampled calls traced."""
    if not ON_LAMBDA:
        return handler
    from argosy.adapters.tracing import traced

    decorated: Handler = logger.inject_lambda_context(metrics.log_metrics(traced(handler, _SERVICE)))
    return decorated


def count(name: str, number: int) -> None:
    """Add to a metric, named as Argo names it."""
    if ON_LAMBDA and number:
        metrics.add_metric(name, MetricUnit.Count, number)
