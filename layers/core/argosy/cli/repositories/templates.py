"""`argosy repocreds add`, `list` and `rm`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from argosy.cli.apps import printing
from argosy.cli.apps.core import Verb, store
from argosy.cli.repositories import flags, secrets
from argosy.gitops.editing.repositories import check
from argosy.gitops.showing import repositories as showing

__all__ = ["register"]

_KIND: Final = "repo-creds"

Output = Annotated[flags.Format, typer.Option("--output", "-o", help="wide, url, json or yaml.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (("add", add), ("list", listing), ("rm", remove)):
        app.command(name, cls=Verb)(verb)


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Beginning of the addresses that they are for.")],
    kind: flags.Kind = "git",
    username: flags.Username = "",
    password: flags.Password = "",
    bearer_token: flags.BearerToken = "",
    ssh_key: flags.SshKey = None,
    certificate: flags.Certificate = None,
    certificate_key: flags.CertificateKey = None,
    app_id: flags.AppId = 0,
    app_installation: flags.AppInstallation = 0,
    app_key: flags.AppKey = None,
    app_url: flags.AppUrl = "",
    enable_oci: flags.Oci = False,
    force_basic: flags.ForceBasic = False,
    upsert: flags.Upsert = False,
) -> None:
    """Add credentials for all repositories whose addresses begin so."""
    data = {
        "url": url,
        "type": kind,
        "username": username,
        "password": flags.asked(username, password),
        "bearerToken": bearer_token,
        "sshPrivateKey": flags.text_of(ssh_key, "--ssh-private-key-path"),
        "tlsClientCertData": flags.text_of(certificate, "--tls-client-cert-path"),
        "tlsClientCertKey": flags.text_of(certificate_key, "--tls-client-cert-key-path"),
        "githubAppID": str(app_id or ""),
        "githubAppInstallationID": str(app_installation or ""),
        "githubAppPrivateKey": flags.text_of(app_key, "--github-app-private-key-path"),
        "githubAppEnterpriseBaseUrl": app_url,
        "enableOCI": "true" if enable_oci else "",
        "forceHttpBasicAuth": "true" if force_basic else "",
    }
    check(data | {"name": url})
    with store(context) as apps:
        secrets.put(apps, _KIND, data, upsert=upsert)
    typer.echo(f"Repository credentials for '{url}' added")


def listing(context: typer.Context, output: Output = flags.Format.WIDE) -> None:
    """List the credentials, without what is secret in them."""
    with store(context) as apps:
        found = [one.secret for one in secrets.found(apps, _KIND)]
    if output is flags.Format.WIDE:
        printing.print_rows(showing.credentials(found))
    elif output is flags.Format.URL:
        for one in found:
            typer.echo(one.url)
    else:
        printing.print_value([showing.as_json(one) for one in found], printing.Format(output))


def remove(
    context: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="As they were added.")],
) -> None:
    """Remove credentials."""
    with store(context) as apps:
        for url in urls:
            secrets.removed(apps, _KIND, url)
            typer.echo(f"Repository credentials for '{url}' removed")
