"""Git's SSH transport within limits, by OpenSSH's client: this key or none, hosts that are known or, if asked, any.

In: an address, credentials and a `Budget`; out: a dulwich client, or what a command of the host prints. Called by
`repository` and `lfs`. The host is looked up and checked here, and ssh connects to that address. No configuration of the
machine counts, but the hosts that its user knows (`~/.ssh/known_hosts`, `/etc/ssh/ssh_known_hosts`).
"""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from dulwich.client import SSHGitClient, SSHVendor, SubprocessWrapper
from dulwich.errors import HangupException
from dulwich.protocol import Protocol

from argosy.adapters.git.budget import Budget
from argosy.adapters.http.egress import check_address
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, NotFound, Unavailable, Unsupported
from argosy.ports.repository import Credentials

__all__ = ["Place", "client", "place_of", "printed"]

_PORT: Final = 22
_OWN_FAILURE: Final = 255
_MOST_SAID: Final = 4096
_SHORT: Final = re.compile(r"(?:(?P<user>[^/@:]+)@)?(?P<host>[^/@:]+):(?P<path>[^:].*)\Z")
_REFUSED: Final = ("permission denied", "host key verification failed", "no ed25519 host key", "host key is known")
_MISSING: Final = ("does not appear to be a git repository", "repository not found")
_WAYS_OUT: Final = (
    (
        "identification has changed",
        "if that is right, put the new key where the old one stands: argocd-ssh-known-hosts-cm or ~/.ssh/known_hosts",
    ),
    ("host key", "add the host to argocd-ssh-known-hosts-cm or ~/.ssh/known_hosts, or set insecureIgnoreHostKey"),
    ("permission denied", "the key is not one of this host's"),
)


_CHANGED: Final = "the host shows another key than the one that is known"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a repository is."""

    user: str
    host: str
    port: int
    path: str


def place_of(url: str) -> Place | None:
    """The place that `ssh://user@host:port/path` or `user@host:path` means, None for an address of another kind.

    Raises InvalidObject.
    """
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme not in ("ssh", "git+ssh"):
            return None
        try:
            place = Place(unquote(parts.username or ""), parts.hostname or "", parts.port or _PORT, unquote(parts.path))
        except ValueError as x:
            raise InvalidObject(str(x), field="url") from x
    else:
        found = _SHORT.match(url)
        if found is None:
            return None
        place = Place(found["user"] or "", found["host"], _PORT, found["path"])
    if not place.host or not place.path.strip("/") or place.host.startswith("-") or place.user.startswith("-"):
        raise InvalidObject("no host and path of a repository", field="url")
    return place


@contextmanager
def client(place: Place, credentials: Credentials, budget: Budget) -> Iterator[SSHGitClient]:
    """A client for the repository at `place`; its processes end with the `with`, or with the time."""
    with _running(place, credentials, budget) as vendor:
        asking = _Client(place.host, place.port, place.user, vendor=vendor)
        try:
            yield asking
        except HangupException as x:
            budget.in_time()
            if x.stderr_lines:
                raise _refusal(str(x)) from x
            raise
        finally:
            vendor.kill()
            asking.close()


def printed(place: Place, credentials: Credentials, budget: Budget, command: Sequence[str], most: int) -> bytes:
    """What `command`, run by the host, prints: at most `most` bytes.

    Raises what `client` raises, and EvaluationError for a command that fails or prints more.
    """
    with _running(place, credentials, budget) as vendor:
        running = vendor.run_command(place.host, shlex.join(command).encode(), place.user, place.port)
        try:
            found = bytes(running.read(most + 1))
            if len(found) > most:
                raise EvaluationError(f"{command[0]} at {place.host} prints more than {most} bytes")
            said = running.stderr.read(_MOST_SAID).decode(errors="replace").strip() if running.stderr else ""
            code = running.proc.wait()
        finally:
            vendor.kill()
            running.close()
    budget.in_time()
    if code == 0:
        return found
    problem = _refusal(said or f"it ends with {code}")
    if code != _OWN_FAILURE and isinstance(problem, Unavailable):
        raise EvaluationError(f"{command[0]} at {place.host}: {problem}")
    raise problem


@contextmanager
def _running(place: Place, credentials: Credentials, budget: Budget) -> Iterator[_OpenSsh]:
    """What runs ssh; its processes end with the `with`, or with the time."""
    program = shutil.which("ssh")
    if program is None:
        raise Unsupported("repositories over SSH need OpenSSH's client, which is not here: use https", field="url")
    with tempfile.TemporaryDirectory(prefix="argosy-ssh-") as folder:
        vendor = _OpenSsh(program, place, credentials, budget, Path(folder))
        timer = threading.Timer(budget.left, vendor.kill)
        timer.daemon = True
        timer.start()
        try:
            yield vendor
        finally:
            timer.cancel()
            vendor.kill()


def _refusal(said: str) -> ArgosyError:
    """What ssh, or the host's command, says when nothing came of it."""
    words = said.lower()
    if any(one in words for one in _REFUSED):
        way = next((way for one, way in _WAYS_OUT if one in words), "")
        return Denied(f"{_brief(said)}; {way}" if way else said)
    return NotFound(said) if any(one in words for one in _MISSING) else Unavailable(said)


def _brief(said: str) -> str:
    """What ssh says; of a changed key it says a page."""
    return _CHANGED if "identification has changed" in said.lower() else said


class _Client(SSHGitClient):
    """dulwich's client, which leaves a conversation open that fails."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._conversations: list[Protocol] = []

    def _connect(self, *arguments: Any, **more: Any) -> Any:
        made = super()._connect(*arguments, **more)
        self._conversations.append(made[0])
        return made

    def close(self) -> None:
        """End all conversations, whose processes have ended."""
        for one in self._conversations:
            with suppress(OSError):  # what was still to be written
                one.close()


class _OpenSsh(SSHVendor):
    """Runs ssh for one client of dulwich's."""

    def __init__(self, program: str, place: Place, credentials: Credentials, budget: Budget, folder: Path) -> None:
        self._budget = budget
        self._processes: list[subprocess.Popen[bytes]] = []
        address = _looked_up(place)
        # As ssh writes hosts of other ports into its file of known hosts.
        alias = place.host if place.port == _PORT else f"[{place.host}]:{place.port}"
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(int(budget.limits.quiet)),
            "HostKeyAlias": alias,
            "HostName": address,
            "StrictHostKeyChecking": "no" if credentials.any_host_key else "yes",
            "IdentityAgent": "none",
            "IdentitiesOnly": "yes",
            **({} if credentials.ssh_key else {"IdentityFile": "none"}),
        }
        if credentials.any_host_key:
            options |= {"UserKnownHostsFile": "/dev/null", "GlobalKnownHostsFile": "/dev/null"}
        elif credentials.known_hosts:
            (folder / "known_hosts").write_text(credentials.known_hosts)
            options |= {"UserKnownHostsFile": str(folder / "known_hosts"), "GlobalKnownHostsFile": "/dev/null"}
        self._args = [program, "-x", "-T", "-F", "none", "-o", "LogLevel=ERROR"]
        if credentials.ssh_key:
            key = folder / "key"
            key.touch(mode=0o600)
            key.write_text(credentials.ssh_key.rstrip() + "\n")
            self._args += ["-i", str(key)]
        self._args += [part for name, value in options.items() for part in ("-o", f"{name}={value}")]

    def run_command(
        self,
        host: str,
        command: bytes,
        username: str | None = None,
        port: int | None = None,
        password: str | None = None,
        key_filename: str | None = None,
        ssh_command: str | None = None,
        protocol_version: int | None = None,
    ) -> SubprocessWrapper:
        """See dulwich's vendors."""
        del password, key_filename, ssh_command, protocol_version
        args = [*self._args, "-p", str(port or _PORT), "-l", username or "git", "--", host, command.decode()]
        process = subprocess.Popen(
            args, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._processes.append(process)
        return _Counted(process, self._budget)

    def kill(self) -> None:
        """End what still runs."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()


class _Counted(SubprocessWrapper):
    """The process as a socket whose bytes count."""

    def __init__(self, process: subprocess.Popen[bytes], budget: Budget) -> None:
        super().__init__(process)
        plain = self.read

        def read(size: int | None = -1) -> bytes:
            budget.in_time()
            found = plain(size)
            budget.received(len(found))
            return found

        self.read = read


def _looked_up(place: Place) -> str:
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError as x:
        raise Unavailable(f"{place.host}: {x.strerror or x}") from x
    for one in found:
        check_address(str(one[4][0]))
    return str(found[0][4][0])
