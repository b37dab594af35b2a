"""Which installation a command is for, and the client that leads there.

What says so, the first that does: `--stack`, `--server`, `--context` or `--data`; ARGOSY_STACK, ARGOSY_SERVER or
ARGOSY_CONTEXT; the current context; else this machine. Of options, and of variables, only one may say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from argosy.cli.client import Client
from argosy.cli.client.contexts import Target, load
from argosy.errors import InvalidObject, NotFound

__all__ = ["Chosen", "NoDataDirectory", "choose", "connect", "data_directory"]

_VARIABLES: Final = {"stack": "ARGOSY_STACK", "server": "ARGOSY_SERVER", "context": "ARGOSY_CONTEXT"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The global options, "" for what was not given."""

    stack: str = ""
    region: str = ""
    profile: str = ""
    server: str = ""
    token_file: str = ""
    context: str = ""


class NoDataDirectory(NotFound):
    """Nothing was ever applied on this machine."""


def choose(chosen: Chosen, data: Path | None = None, environ: Mapping[str, str] | None = None) -> Target:
    """The target that options, variables and contexts make.

    Raises InvalidObject when two say so at once or an option has nothing to go with, NotFound for an unknown context.
    """
    given = os.environ if environ is None else environ
    options = {
        "--stack": chosen.stack,
        "--server": chosen.server,
        "--context": chosen.context,
        "--data": str(data or ""),
    }
    said = _only(options)
    if said:
        target = _of(said.removeprefix("--"), options[said])
    else:
        values = {variable: given.get(variable, "") for variable in _VARIABLES.values()}
        variable = _only(values)
        word = next((word for word, name in _VARIABLES.items() if name == variable), "")
        target = _of(word, values[variable]) if variable else load_current()
    return _with_details(target, chosen)


def load_current() -> Target:
    """The current context's target."""
    contexts = load()
    return contexts.get(contexts.current)


def data_directory(target: Target) -> Path:
    """The data directory of a target on this machine."""
    from argosy.local.datadir import default_data_dir

    return Path(target.data) if target.data else default_data_dir()


@contextmanager
def connect(target: Target, *, make: bool = False) -> Iterator[Client]:
    """A client for a target; `make`: on this machine the data directory is made if it is not there.

    Raises NotFound when there is nothing, Unavailable when it does not answer, Denied without credentials, and InvalidObject
    for a target that cannot be.
    """
    client = _client(target, make=make)
    try:
        yield client
    finally:
        client.close()


def _client(target: Target, *, make: bool) -> Client:
    if target.stack:
        from argosy.cli.client.remote import Remote
        from argosy.cli.client.stacks import transport_to

        return Remote(transport_to(target.stack, target.region, target.profile))
    if target.server:
        return _with_token(target.server, _token(target))
    return _local(target, make=make)


def _local(target: Target, *, make: bool) -> Client:
    """By the API of the instance that runs on the directory; directly when none does, or its API is not open."""
    from argosy.local.datadir import DataDir

    folder = data_directory(target)
    if not make and not folder.exists():
        raise NoDataDirectory(f"data directory {folder} not found; name it with --data or set ARGOSY_DATA")
    data = DataDir(folder)
    url = (data.told("instance") or {}).get("api")
    if isinstance(url, str):
        from argosy.local.token import read_token

        try:
            token = read_token(data.token)
        except NotFound as x:
            raise NotFound(f"{x}, though `argosy up` runs there; stop it and start it again: it makes a new one") from x
        return _with_token(url, token)
    from argosy.cli.client.direct import Direct

    return Direct(data)


def _with_token(url: str, token: str) -> Client:
    from argosy.cli.client.remote import Remote
    from argosy.cli.client.transport import Transport, bearer

    return Remote(Transport(url, bearer(url, token)))


def _token(target: Target) -> str:
    from argosy.local.token import read_token

    if target.token_file:
        return read_token(Path(target.token_file).expanduser())
    token = os.environ.get("ARGOSY_TOKEN", "").strip()
    if not token:
        hint = "; a stack's API is reached with --stack NAME" if ".execute-api." in target.server else ""
        raise InvalidObject(f"no token for {target.server}: name its file with --token-file, or set ARGOSY_TOKEN{hint}")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidObject("ARGOSY_TOKEN holds no token: one word of ASCII")
    return token


def _only(said: Mapping[str, str]) -> str:
    found = [name for name, value in said.items() if value]
    if len(found) > 1:
        raise InvalidObject(f"{' and '.join(found)} each name an installation; give one of them")
    return found[0] if found else ""


def _of(word: str, value: str) -> Target:
    if word == "context":
        return load().get(value)
    return Target(**{word: value})


def _with_details(target: Target, chosen: Chosen) -> Target:
    """Region, profile and token file as given now, for a target that has use for them."""
    for option, value in (("--region", chosen.region), ("--profile", chosen.profile)):
        if value and not target.stack:
            raise InvalidObject(f"{option} goes with a stack, and this is for {target}")
    if chosen.token_file and not target.server:
        raise InvalidObject(f"--token-file goes with --server, and this is for {target}")
    return replace(
        target,
        region=chosen.region or target.region,
        profile=chosen.profile or target.profile,
        token_file=chosen.token_file or target.token_file,
    )
