"""Forms as senders of webhooks write them, read as Go's `net/url` and `net/http` read them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

__all__ = ["form_values", "media_type", "strict_form"]

_BROKEN: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|;")
_MEDIA: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?")


def form_values(text: str) -> dict[str, list[str]]:
    """All values by name; what is not well-formed is taken as it stands."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=None):
        values.setdefault(name, []).append(value)
    return values


def strict_form(body: bytes) -> dict[str, list[str]] | None:
    """All values by name, None when Go's `url.ParseQuery` refuses the form."""
    text = body.decode("utf-8", "replace")
    return None if _BROKEN.search(text) else form_values(text)


def media_type(content_type: str) -> str:
    """The media type of a Content-Type header in lower case, "" when there is none; parameters are not looked at."""
    name = content_type.partition(";")[0].strip().lower()
    return name if _MEDIA.fullmatch(name) else ""
