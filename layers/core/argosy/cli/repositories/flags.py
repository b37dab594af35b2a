"""The flags that `argosy repo add` and `argosy repocreds add` share, and files that flags name."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from argosy.errors import InvalidObject

__all__ = [
    "AppId",
    "AppInstallation",
    "AppKey",
    "AppUrl",
    "BearerToken",
    "Certificate",
    "CertificateKey",
    "ForceBasic",
    "Format",
    "Insecure",
    "Kind",
    "Oci",
    "Password",
    "SshKey",
    "Upsert",
    "Url",
    "Username",
    "asked",
    "text_of",
]

_MOST_BYTES: Final = 1_000_000


class Format(StrEnum):
    """Values of `-o`."""

    WIDE = "wide"
    URL = "url"
    JSON = "json"
    YAML = "yaml"


Url = Annotated[str, typer.Argument(metavar="URL", help="Of the repository.")]
Kind = Annotated[str, typer.Option("--type", help="git, helm or oci.")]
Username = Annotated[str, typer.Option("--username", help="User at the repository.")]
Password = Annotated[str, typer.Option("--password", help="Its password, or a token; asked for on a terminal.")]
BearerToken = Annotated[str, typer.Option("--bearer-token", help="Token of a Bitbucket Data Center.")]
SshKey = Annotated[Path | None, typer.Option("--ssh-private-key-path", help="File with a private key.")]
Certificate = Annotated[Path | None, typer.Option("--tls-client-cert-path", help="File with a client certificate.")]
CertificateKey = Annotated[Path | None, typer.Option("--tls-client-cert-key-path", help="File with its key.")]
AppId = Annotated[int, typer.Option("--github-app-id", help="ID of a GitHub App.")]
AppInstallation = Annotated[int, typer.Option("--github-app-installation-id", help="ID of its installation.")]
AppKey = Annotated[Path | None, typer.Option("--github-app-private-key-path", help="File with its private key.")]
AppUrl = Annotated[
    str, typer.Option("--github-app-enterprise-base-url", help="API of a GitHub Enterprise: https://HOST/api/v3.")
]
Oci = Annotated[bool, typer.Option("--enable-oci", help="Charts are in an OCI registry.")]
ForceBasic = Annotated[bool, typer.Option("--force-http-basic-auth", help="Send the password unasked.")]
Insecure = Annotated[
    bool, typer.Option("--insecure-skip-server-verification", help="Trust any certificate or host key.")
]
Upsert = Annotated[bool, typer.Option("--upsert", help="Change it if it is there and different.")]


def text_of(file: Path | None, flag: str) -> str:
    """What a file holds. Raises InvalidObject that names the flag."""
    if file is None:
        return ""
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise InvalidObject(f"{file} is larger than {_MOST_BYTES} bytes", field=flag)
        return data.decode()
    except OSError as x:
        raise InvalidObject(f"{file} cannot be read: {x.strerror}", field=flag) from x
    except UnicodeDecodeError as x:
        raise InvalidObject(f"{file} is no text", field=flag) from x


def asked(username: str, password: str) -> str:
    """The password; a terminal is asked for one that is missing."""
    if username and not password and sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True))
    return password
