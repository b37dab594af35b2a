"""From what botocore raises to `argosy.errors`, in one place.

In: any exception of an AWS call, and which thing of the user's it was about. Out: NotFound, Denied, Conflict, Unavailable
(throttled, a server's error, nobody there: the same call may go through later), InvalidObject (no region is set) or
Permanent. The text has the service's operation, the thing, and AWS's own words and code. AWS puts no secret's value into
its errors, and what was sent is not repeated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from argosy.errors import ArgosyError, Conflict, Denied, InvalidObject, NotFound, Permanent, Unavailable

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

__all__ = ["code_of", "is_overload", "telling"]

_NOT_FOUND: Final = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchKey",
        "NotFound",
        "ParameterNotFound",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
_DENIED: Final = frozenset(
    {
        "401",
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthFailure",
        "DecryptionFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMS.AccessDeniedException",
        "KmsAccessDenied",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
_CONFLICT: Final = frozenset(
    {
        "409",
        "ConditionalCheckFailed",
        "ConditionalCheckFailedException",
        "ConditionalRequestConflict",
        "PreconditionFailed",
    }
)
_OVERLOAD: Final = frozenset(
    {
        "429",
        "BandwidthLimitExceeded",
        "KMS.ThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Raise what an AWS call inside raises as an error of Argosy's; `what` names the thing that it is about."""
    try:
        yield
    except ArgosyError:
        raise
    except Exception as x:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(x, ClientError):
            raise _answered(x, what) from x
        if isinstance(x, BotoCoreError):
            raise _unanswered(x, what) from x
        raise


def code_of(error: ClientError) -> str:
    """AWS's code of an error, such as `ConditionalCheckFailedException`."""
    return str(_body(error).get("Code", ""))


def is_overload(code: str) -> bool:
    """True for codes with which AWS asks to come again later."""
    return code in _OVERLOAD


def _answered(error: ClientError, what: str) -> ArgosyError:
    code, status = code_of(error), int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = f"{what}: {error.operation_name}: {_body(error).get('Message') or 'no reason given'} ({code or status})"
    if code in _OVERLOAD or status >= 500 or status == 429:
        return Unavailable(text)
    if code in _NOT_FOUND or status == 404:
        return NotFound(text)
    if code in _DENIED or status in (401, 403):
        return Denied(text)
    if code in _CONFLICT or status in (409, 412):
        return Conflict(text)
    return Permanent(text)


def _unanswered(error: BotoCoreError, what: str) -> ArgosyError:
    from botocore import exceptions

    text = f"{what}: {error}"
    if isinstance(error, exceptions.NoRegionError):
        return InvalidObject(f"{what}: no AWS region: set AWS_REGION, or `region` in the AWS profile")
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return Denied(f"{text}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in")
    if isinstance(error, exceptions.ProfileNotFound | exceptions.ParamValidationError):
        return Permanent(text)
    return Unavailable(text)


def _body(error: ClientError) -> Mapping[str, Any]:
    body: Mapping[str, Any] = error.response.get("Error", {})
    return body
