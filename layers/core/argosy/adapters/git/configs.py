"""Files of Git's configuration in a commit: `.gitmodules`, `.lfsconfig`.

Called by `submodules` and `lfs`. Nothing that they include is read: they are a stranger's, and includes name files of this
machine.
"""

from __future__ import annotations

import io
import stat
from typing import TYPE_CHECKING, Final

from argosy.errors import EvaluationError

if TYPE_CHECKING:
    from dulwich.config import ConfigFile
    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID

__all__ = ["config_of", "text_of"]

_MOST_BYTES: Final = 1_000_000


def config_of(store: BaseObjectStore, tree: ObjectID, name: str) -> ConfigFile | None:
    """The file at the root of a commit, None for none. Raises EvaluationError for one that is none of Git's."""
    from dulwich.config import ConfigFile
    from dulwich.objects import Tree

    root = store[tree]
    if not isinstance(root, Tree) or name.encode() not in root:
        return None
    mode, hash_ = root[name.encode()]
    if not stat.S_ISREG(mode) or store[hash_].raw_length() > _MOST_BYTES:
        raise EvaluationError(f"{name} is no file of at most {_MOST_BYTES} bytes")
    try:
        return ConfigFile.from_file(io.BytesIO(store[hash_].as_raw_string()), expand_includes=False)
    except ValueError as x:
        raise EvaluationError(f"{name}: {x}") from x


def text_of(value: bytes) -> str:
    """A name or an address, whatever its bytes are."""
    return value.decode("utf-8", "surrogateescape")
