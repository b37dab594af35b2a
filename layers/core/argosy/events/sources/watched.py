"""What changes of files become, for event sources that watch a folder: whether one is wanted, and the event's payload.

Follows `pkg/eventsources/common/fsevent` and the `start.go` of `file` and `sftp` of Argo Events 1.9: a name is taken
from the directory on as texts are, so that `directory` needs its slash at the end, and several operations at once are
one only for an entry that names them so.
"""

from __future__ import annotations

from typing import Final

import orjson

from argosy.lang import regex
from argosy.resources.sources.places import FileSource

__all__ = ["operations", "payload", "wants"]

_BITS: Final = {"CREATE": 1, "WRITE": 2, "REMOVE": 4, "RENAME": 8, "CHMOD": 16}


def wants(entry: FileSource, name: str, operation: str) -> bool:
    """Whether a change is one for the entry: its file and its operation, such as `CREATE` or `CREATE|WRITE`.

    Raises EvaluationError for a `pathRegexp` that is none.
    """
    watched = entry.watch_path_config
    pattern = regex.compile(watched.path_regexp) if watched.path_regexp else None
    relative = name.removeprefix(watched.directory)
    named = bool(watched.path) and watched.path == relative
    return operation == entry.event_type and (named or (pattern is not None and pattern.search(relative)))


def payload(entry: FileSource, name: str, operation: str) -> str:
    """The payload of a change."""
    found = {"name": name, "op": operations(operation), "metadata": entry.metadata or None}
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()


def operations(text: str) -> int:
    """Operations joined by `|` as a mask of bits; what is none of them counts nothing."""
    mask = 0
    for name in text.split("|"):
        mask |= _BITS.get(name, 0)
    return mask
