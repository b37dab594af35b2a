"""Contexts: installations that the command line remembers by name, and which of them is current.

In and out: `argosy/config.yaml` in the user's configuration folder (XDG_CONFIG_HOME, else `~/.config`), for its owner
alone and replaced as a whole. It says where an installation is and never holds a secret: of a token only the file's path.

    current: prod
    contexts:
      prod: {stack: argosy, region: eu-central-1, profile: ops}
      lab:  {server: "https://argosy.lab.example", tokenFile: /home/me/lab.token}

`local` is always there: this machine's data directory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from argosy.errors import InvalidObject, NotFound, Unavailable
from argosy.resources.yamlwriter import write_value

__all__ = ["LOCAL", "Contexts", "Target", "config_file", "load", "save"]

LOCAL: Final = "local"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}\Z")
_FIELDS: Final = {each: each for each in ("stack", "region", "profile", "server", "data")} | {"token_file": "tokenFile"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where an installation is: a stack, a server, or (neither) the data directory `data` ("" = the default one)."""

    stack: str = ""
    region: str = ""
    profile: str = ""
    server: str = ""
    token_file: str = ""
    data: str = ""

    def __str__(self) -> str:
        if self.stack:
            return f"stack {self.stack}" + (f" in {self.region}" if self.region else "")
        return f"server {self.server}" if self.server else f"data directory {self.data or '(default)'}"


@dataclass(frozen=True, slots=True)
class Contexts:
    """All contexts; `current` is the name of one, or `local`."""

    current: str = LOCAL
    known: Mapping[str, Target] = field(default_factory=dict)

    def get(self, name: str) -> Target:
        """One by name. Raises NotFound with the names that there are."""
        if name in self.known:
            return self.known[name]
        if name == LOCAL:
            return Target()
        raise NotFound(f"no context {name}; there are {', '.join(self.names())} (argosy context list)")

    def names(self) -> list[str]:
        """All names, in order."""
        return sorted({LOCAL, *self.known})

    def adding(self, name: str, target: Target) -> Contexts:
        """With one more, or another one of that name. Raises InvalidObject for what is no name."""
        if name == LOCAL or not _NAME.match(name):
            raise InvalidObject(f"{name!r} cannot name a context: letters, digits, . _ @ and -, and not {LOCAL}")
        return replace(self, known={**self.known, name: target})

    def using(self, name: str) -> Contexts:
        """With another one current. Raises NotFound."""
        self.get(name)
        return replace(self, current=name)

    def without(self, name: str) -> Contexts:
        """Without one; if it was current, `local` is. Raises NotFound, InvalidObject for `local`."""
        if name == LOCAL:
            raise InvalidObject(f"the context {LOCAL} is this machine's own and always there")
        self.get(name)
        rest = {key: target for key, target in self.known.items() if key != name}
        return Contexts(LOCAL if self.current == name else self.current, rest)


def config_file() -> Path:
    """Where contexts are kept."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".config") / "argosy" / "config.yaml"


def load() -> Contexts:
    """All contexts. Raises InvalidObject when the file is not as it should be, Unavailable when it cannot be read."""
    path = config_file()
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Contexts()
    except OSError as x:
        raise Unavailable(f"{path} cannot be read: {x.strerror}") from x
    except (yaml.YAMLError, UnicodeDecodeError) as x:
        raise InvalidObject(f"not YAML: {str(x).splitlines()[0]}; mend or remove it", file=str(path)) from x
    if data is None:
        return Contexts()
    found = Contexts(str(data.get("current") or LOCAL), _known(path, data)) if isinstance(data, dict) else None
    if found is None:
        raise InvalidObject("must hold `current` and `contexts`; mend or remove it", file=str(path))
    return found


def save(contexts: Contexts) -> None:
    """Write all contexts. Raises Unavailable."""
    from argosy.local.devcluster.files import private_directory, write_private

    path = config_file()
    body = {
        "current": contexts.current,
        "contexts": {name: _fields(target) for name, target in sorted(contexts.known.items())},
    }
    try:
        private_directory(path.parent)
        write_private(path, write_value(body))
    except OSError as x:
        raise Unavailable(f"{path} cannot be written: {x.strerror}") from x


def _known(path: Path, data: Mapping[str, Any]) -> dict[str, Target]:
    found = data.get("contexts") or {}
    if not isinstance(found, dict):
        raise InvalidObject("must be names with their targets; mend it", field="contexts", file=str(path))
    return {str(name): _target(path, str(name), value) for name, value in found.items()}


def _target(path: Path, name: str, value: Any) -> Target:
    keys = {key: attribute for attribute, key in _FIELDS.items()}
    where = f"contexts.{name}"
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise InvalidObject("must be an object of texts; mend it", field=where, file=str(path))
    unknown = [str(key) for key in value if key not in keys]
    if unknown:
        raise InvalidObject(f"unknown: {', '.join(unknown)}; known: {', '.join(keys)}", field=where, file=str(path))
    if value.get("stack") and value.get("server"):
        raise InvalidObject("names a stack and a server; one of them", field=where, file=str(path))
    return Target(**{keys[key]: each for key, each in value.items()})


def _fields(target: Target) -> dict[str, str]:
    return {key: getattr(target, attribute) for attribute, key in _FIELDS.items() if getattr(target, attribute)}
