"""An OpenSSH server for one folder; whom its passwords are checked for is a user of this machine that the test makes."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from support.brokers.base import PASSWORD, USER, WRONG, Broker, installed, ref

__all__ = ["Sftp", "SftpPassword"]


class Sftp(Broker):
    """A key, since the passwords of a machine's users are none of a test's business."""

    kind = "sftp"

    def command(self) -> list[str]:
        """See `Broker`."""
        program = installed("sshd", "openssh-server")
        for name in ("host", "client", "stranger"):
            if not (self.folder / name).exists():
                made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
                subprocess.run(made, check=True)
        (self.folder / "authorized").write_text((self.folder / "client.pub").read_text())
        Path("/run/sshd").mkdir(exist_ok=True)
        config = self.folder / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.folder}/authorized\nPasswordAuthentication no\nStrictModes no\n"
            "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
        )
        self.secrets |= {
            "address": f"127.0.0.1:{self.port}",
            "username": getpass.getuser(),
            "key": (self.folder / "client").read_text(),
        }
        return [program, "-D", "-e", "-f", str(config)]

    @property
    def uploads(self) -> Path:
        """The folder."""
        return self.folder / self.place

    def prepare(self) -> None:
        """See `Broker`."""
        self.uploads.mkdir()

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        login = {"address": ref("address"), "username": ref("username"), "sshKeySecret": ref("key")}
        watched = {"directory": f"{self.uploads}/", "pathRegexp": ".*"}
        return {**login, "eventType": "CREATE", "watchPathConfig": watched, "pollIntervalDuration": "100ms"}

    def send(self, *bodies: str) -> None:
        """See `Broker`: a file."""
        for body in bodies:
            (self.uploads / body).write_text(body)

    def body(self, data: Any) -> str:
        """See `Broker`."""
        return Path(data["name"]).name

    def wrong_secrets(self) -> dict[str, str]:
        """See `Broker`: another key."""
        return {**self.secrets, "key": (self.folder / "stranger").read_text()}

    def stop(self) -> None:
        """See `Broker`: its sessions end with it."""
        if self._process is not None:
            listed = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(self._process.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
            super().stop()
            for pid in listed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGTERM)


class SftpPassword(Sftp):
    """ProFTPD, whose users stand in a file of its own: user and password."""

    def command(self) -> list[str]:
        """See `Broker`."""
        program = installed("proftpd", "proftpd-mod-crypto")
        users, host = self.folder / "users", self.folder / "host"
        if not host.exists():
            made = ["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", str(host)]
            subprocess.run(made, check=True)
            hashed = subprocess.run(
                ["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True
            ).stdout.strip()
            users.touch(mode=0o600)
            users.write_text(f"{USER}:{hashed}:{os.getuid()}:{os.getgid()}::{self.folder}:/bin/sh\n")
        config = self.folder / "proftpd.conf"
        config.write_text(
            "ModulePath /usr/lib/proftpd\nLoadModule mod_sftp.c\nServerType standalone\nUseIPv6 off\nUseReverseDNS off\n"
            f"Port {self.port}\nDefaultAddress 127.0.0.1\nPidFile {self.folder}/pid\nScoreboardFile none\nWtmpLog off\n"
            f"DelayTable none\nRootLogin on\nRequireValidShell off\nAuthOrder mod_auth_file.c\nAuthUserFile {users}\n"
            f"SFTPEngine on\nSFTPHostKey {host}\nSFTPAuthMethods password\n"
        )
        self.secrets |= {"address": f"127.0.0.1:{self.port}"}
        return [program, "--nodaemon", "--config", str(config)]

    def fields(self) -> dict[str, Any]:
        """See `Broker`."""
        found = super().fields()
        del found["sshKeySecret"]
        return {**found, "password": ref("password")}

    def wrong_secrets(self) -> dict[str, str]:
        """See `Broker`."""
        return {**self.secrets, "password": WRONG}
