"""The token of an embedded installation's API: 256 random bits in the file `token` of its data directory.

Made at the first start of `argosy up`, readable by its owner alone, and refused when others could read it. Whoever may
read the file may do everything; to change it, delete the file and start again.
"""

from __future__ import annotations

import getpass
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from argosy.errors import InvalidObject, NotFound, Unavailable

__all__ = ["local_actor", "make_private", "make_token", "read_token"]

_BYTES: Final = 32
_LEAST: Final = 32  # characters; a file that somebody has filled by hand may hold more, in any alphabet
_MOST: Final = 4096


def make_token(path: Path) -> str:
    """The token in `path`, made if there is none. Raises InvalidObject and Unavailable as `read_token` does."""
    make_private(path, "token file", lambda: secrets.token_urlsafe(_BYTES))
    return read_token(path)


def make_private(path: Path, what: str, text: Callable[[], str]) -> None:
    """Make the file with one line of text, for its owner alone, if there is none. Raises Unavailable."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        if not path.exists():
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
                file.write(text() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)  # whoever is first wins, and nobody ever sees half a text
    except OSError as x:
        raise Unavailable(f"cannot make the {what} {path}: {x.strerror}") from x
    finally:
        draft.unlink(missing_ok=True)


def read_token(path: Path) -> str:
    """The token in `path`.

    Raises NotFound when there is no such file, InvalidObject when others may read it or it holds no token, Unavailable when
    it cannot be read.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MOST + 1)
    except FileNotFoundError as x:
        raise NotFound(f"token file {path} not found") from x
    except OSError as x:
        raise Unavailable(f"token file {path} cannot be read: {x.strerror}") from x
    if stat.S_ISREG(mode) and mode & 0o077:
        raise InvalidObject(f"token file {path} is open to others (mode {mode & 0o777:03o}); chmod 600 {path}")
    token = data.decode("ascii", "replace").strip()
    if not _LEAST <= len(token) <= _MOST or not token.isprintable() or " " in token or "\ufffd" in token:
        raise InvalidObject(f"token file {path} holds no token of {_LEAST} characters or more in one line of ASCII")
    return token


def local_actor() -> str:
    """Who acts on this machine's own installation, for its audit: `local/` and the name of the account."""
    try:
        return f"local/{getpass.getuser()}"
    except (OSError, KeyError):
        return f"local/{os.getuid()}"
