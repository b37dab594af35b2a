"""Addresses as Go's `net/url` reads and writes them.

In: the text of an address; out: its parts, and the text that Go makes of them again. Called where Argo compares addresses
of repositories, which it takes apart and prints first, and for those that webhooks name.

On purpose different: what no comparison needs is not offered (resolving, queries).
"""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass
from typing import Final

from argosy.errors import EvaluationError

__all__ = ["Url", "parse"]

_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")
_PERCENT: Final = re.compile(rb"%([0-9a-fA-F]{2})?")
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_PLAIN: Final = frozenset(string.ascii_letters + string.digits + "-_.~")
_PATH: Final = _PLAIN | frozenset("$&+,/:;=@")
_FRAGMENT: Final = _PLAIN | frozenset("$&+,/:;=?@!()*")
_HOST: Final = _PLAIN | frozenset("!$&'()*+,;=:[]<>\"")
_USER: Final = _PLAIN | frozenset("$&+,;=")
_LEFT_ALONE: Final = frozenset("!$&'()*+,;=:@[]%")
_USER_TEXT: Final = frozenset(string.ascii_letters + string.digits + "-._:~!$&'()*+,;=%@")


@dataclass(frozen=True, slots=True)
class Url:
    """An address; `raw_path` is what was written where the path could be written otherwise too."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    password: str | None = None
    host: str = ""
    path: str = ""
    raw_path: str = ""
    query: str | None = None
    fragment: str = ""
    rootless: bool = False

    @property
    def hostname(self) -> str:
        """The host without its port and brackets (Hostname)."""
        if self.host.startswith("["):
            return self.host[1:].partition("]")[0]
        return self.host.partition(":")[0]

    @property
    def escaped_path(self) -> str:
        """The path as it is written (EscapedPath)."""
        if self.raw_path and all(char in _LEFT_ALONE or char in _PATH for char in self.raw_path):
            return self.raw_path
        return "*" if self.path == "*" else _escape(self.path, _PATH)

    def __str__(self) -> str:
        out = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            return out + self.opaque + self._tail()
        if self.scheme or self.host or self.user is not None:
            if self.host or self.path or self.user is not None:
                out += "" if self.rootless and not self.host and self.user is None else "//"
            out += self._authority()
        path = self.escaped_path
        if path and not path.startswith("/") and self.host:
            out += "/"
        if not out and ":" in path.partition("/")[0]:
            out += "./"
        return out + path + self._tail()

    def _authority(self) -> str:
        user = "" if self.user is None else _escape(self.user, _USER)
        if self.password is not None:
            user += ":" + _escape(self.password, _USER)
        return (f"{user}@" if self.user is not None else "") + _escape(self.host, _HOST)

    def _tail(self) -> str:
        query = "" if self.query is None else f"?{self.query}"
        return query + (f"#{_escape(self.fragment, _FRAGMENT)}" if self.fragment else "")


def parse(text: str) -> Url:
    """Take an address apart. Raises EvaluationError for what Go takes for none."""
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise _bad(text, "it holds a control character")
    rest, _, fragment = text.partition("#")
    fragment = _unescape(text, fragment)
    if rest == "*":
        return Url(path="*", fragment=fragment)
    scheme, rest = _scheme(text, rest)
    rest, mark, query = rest.partition("?")
    asked = query if mark else None
    rooted = rest.startswith("/")
    if not rooted:
        if scheme:
            return Url(scheme, opaque=rest, query=asked, fragment=fragment)
        if ":" in rest.partition("/")[0]:
            raise _bad(text, "its first part holds a colon")
    user: str | None = None
    password: str | None = None
    host = ""
    rootless = bool(scheme) and rooted and not rest.startswith("//")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, behind = rest[2:].partition("/")
        rest = slash + behind
        user, password, host = _authority(text, authority)
    path = _unescape(text, rest)
    raw = rest if _escape(path, _PATH) != rest else ""
    return Url(scheme, "", user, password, host, path, raw, asked, fragment, rootless)


def _scheme(text: str, rest: str) -> tuple[str, str]:
    if rest.startswith(":"):
        raise _bad(text, "there is no scheme before the colon")
    found = _SCHEME.match(rest)
    return (found[1].lower(), rest[found.end() :]) if found else ("", rest)


def _authority(text: str, authority: str) -> tuple[str | None, str | None, str]:
    login, at, host = authority.rpartition("@")
    found = _host(text, host)
    if not at:
        return None, None, found
    if not set(login) <= _USER_TEXT:
        raise _bad(text, "its user holds a character that none may")
    user, colon, password = login.partition(":")
    return _unescape(text, user), _unescape(text, password) if colon else None, found


def _host(text: str, host: str) -> str:
    """The host (`parseHost`); a bracket holds an address of version 6 and nothing else."""
    opening = host.find("[")
    if opening > 0:
        raise _bad(text, "its host holds a bracket")
    if opening == 0:
        inner, closed, port = host[1:].rpartition("]")
        if not closed or not _PORT.fullmatch(port):
            raise _bad(text, "its host has a bracket that is not closed")
        try:
            ipaddress.IPv6Address(inner.replace("%25", "%"))
        except ValueError:
            raise _bad(text, "what is in brackets is no address of version 6") from None
        return f"[{inner}]{port}"
    name, colon, port = host.partition(":")
    if not _PORT.fullmatch(colon + port):
        raise _bad(text, "its port is no number")
    found = _unescape(text, name)
    if any(ord(char) < 0x80 and char not in _HOST and char != "%" for char in name):
        raise _bad(text, "its host holds a character that none may")
    return found + colon + port


def _unescape(text: str, part: str) -> str:
    if "%" not in part:
        return part
    raw = part.encode("utf-8", "surrogateescape")
    if any(found[1] is None for found in _PERCENT.finditer(raw)):
        raise _bad(text, "a percent sign is followed by no two hexadecimal digits")
    return _PERCENT.sub(lambda found: bytes.fromhex(found[1].decode()), raw).decode("utf-8", "surrogateescape")


def _escape(text: str, allowed: frozenset[str]) -> str:
    return "".join(
        char if char in allowed else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in text
    )


def _bad(text: str, reason: str) -> EvaluationError:
    return EvaluationError(f"{text[:120]!r} is no address: {reason}")
