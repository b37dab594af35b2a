"""What the brokers of tests have in common: a server of its own on a free port, and how a test reaches it.

A server that is missing is installed: Debian's packages through apt as root, under a lock that processes share.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from argosy.adapters.brokers import LibraryBrokers
from argosy.control.lines import Line
from argosy.ports.brokers import Connector
from argosy.resources.base import parse
from argosy.resources.eventsource import EventSource
from argosy.resources.manifests import Manifest
from support.processes import DEADLINE
from support.up import free_port

__all__ = ["PASSWORD", "TLS", "USER", "WRONG", "Broker", "cache", "installed", "locked", "opened", "ref", "until_open"]

USER, PASSWORD, WRONG = "argosy", "right-pass-4711", "wrong-pass-0815"
_PLACES = ("/usr/sbin", "/usr/lib/rabbitmq/bin", "/sbin")


def cache() -> Path:
    """Where downloads lie that tests share."""
    folder = Path(os.environ.get("ARGOSY_CACHE") or Path.home() / ".cache" / "argosy") / "brokers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time."""
    with (cache() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def installed(program: str, package: str) -> str:
    """The path of a program; its package is installed when it is missing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_PLACES])
    if shutil.which(program, path=path) is None:
        with locked("apt"):
            if shutil.which(program, path=path) is None:
                _apt("update")
                _apt("install", "--yes", "--no-install-recommends", package)
    found = shutil.which(program, path=path)
    assert found, f"{program} is needed and was not found; install it: apt install {package}"
    return found


def _apt(*arguments: str) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
    # A daemon of the package's own is none of ours: each test starts one where it needs it.
    done = subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


TLS: Final = Path(__file__).parents[1] / "tls"
"""A certificate for localhost and 127.0.0.1, which is its own authority, and its key."""


def ref(key: str) -> dict[str, str]:
    """A key selector of the Secret that the entries of tests name."""
    return {"name": "broker", "key": key}


def opened(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex((host, port)) == 0


def until_open(port: int, process: subprocess.Popen[bytes], log: Path, host: str = "127.0.0.1") -> None:
    """Wait until a server listens."""
    end = time.monotonic() + DEADLINE
    while not opened(port, host):
        assert process.poll() is None, f"the server ended:\n{log.read_text()}"
        assert time.monotonic() < end, f"the server does not listen:\n{log.read_text()}"
        time.sleep(0.05)


class Broker:
    """One broker: a server that is started, stopped and started again with what it keeps, and how a test speaks with it.

    A server serves many tests, each at a `place` of its own (a topic, a queue, a folder), which `renew` makes.

    `keeps`: what is not acknowledged, or sent while nobody listens, is delivered later. `named`: a message delivered twice
    is known as the same. `secrets` are the values of the Secret `broker`.
    """

    kind: str = ""
    keeps: bool = False
    named: bool = False
    secure: bool = False
    """Whether clients come by TLS."""
    host: str = "127.0.0.1"
    """Where clients find it; Kafka and NATS also serve at another address of this machine."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"argosy-{self.kind}-"))
        self.port = free_port()
        self.secrets: dict[str, str] = {"username": USER, "password": PASSWORD}
        self.secrets |= {"ca": (TLS / "cert.pem").read_text()}
        self._process: subprocess.Popen[bytes] | None = None
        self._places = itertools.count()
        self.place = "orders"

    # To be given by each

    def command(self) -> list[str]:
        """What starts the server, with what it needs in `folder`."""
        raise NotImplementedError

    def fields(self) -> dict[str, Any]:
        """The entry of an EventSource that reads from it, but what tests add."""
        raise NotImplementedError

    def send(self, *bodies: str) -> None:
        """Publish messages."""
        raise NotImplementedError

    def body(self, data: Any) -> str:
        """The text of a message, in the payload of its event."""
        return str(data["body"])

    def prepare(self) -> None:
        """Make what the entry reads from at its place."""

    # What all do

    @property
    def environment(self) -> Mapping[str, str]:
        """Of the server."""
        return os.environ

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        log = self.folder / "log"
        command = self.command()
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, stdout=file, stderr=file, stdin=subprocess.DEVNULL, env=self.environment, cwd=self.folder
            )
        until_open(self.port, self._process, log, self.host)
        self.settle()

    def renew(self) -> None:
        """A place that no other test has seen; a server that one has stopped is started."""
        if self._process is None:
            self.start()
        number = next(self._places)
        self.place = f"orders-{number}" if number else "orders"
        self.prepare()

    def settle(self) -> None:
        """Wait until it serves, beyond listening."""

    def stop(self) -> None:
        """End the server; what it keeps stays."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def entry(self, **more: Any) -> Any:
        """The entry as a connector takes it."""
        spec = {"spec": {self.kind: {"x": {**self.fields(), **more}}}}
        return parse(EventSource, Manifest(spec)).spec.of(self.kind)["x"]

    def connector(self, **more: Any) -> Connector:
        """A connector of the entry."""
        return LibraryBrokers().connector(self.kind, self.entry(**more))

    def line(self, key: str = "ns/source/x", **more: Any) -> Line:
        """The line of the entry."""
        return Line.of(key, self.kind, "default", self.entry(**more))

    def secret(self, selector: Any) -> str:
        """See `SecretOf`."""
        return self.secrets[selector.key] if selector is not None else ""

    def wrong(self, selector: Any) -> str:
        """The same with a wrong password."""
        return self.wrong_secrets()[selector.key] if selector is not None else ""

    def wrong_secrets(self) -> dict[str, str]:
        """The values of the Secret with a password that the server refuses."""
        return {**self.secrets, "password": WRONG}

    @classmethod
    @contextlib.contextmanager
    def running(cls, host: str = "127.0.0.1") -> Iterator[Self]:
        """One that runs, found at `host`; whatever happens, nothing of it is left."""
        one = cls()
        one.host = host
        try:
            one.renew()
            yield one
        finally:
            one.stop()
            shutil.rmtree(one.folder, ignore_errors=True)
