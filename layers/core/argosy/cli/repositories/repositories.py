"""`argosy repo add`, `get`, `list` and `rm`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Final

import typer

from argosy.cli.apps import printing
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.rendering import Workplace
from argosy.cli.repositories import flags, secrets
from argosy.errors import ArgosyError, Unsupported
from argosy.gitops.editing.repositories import check
from argosy.gitops.repositories import CONFIG_MAPS, RepositorySecret
from argosy.gitops.showing import repositories as showing
from argosy.services.applications.controlsecrets import repository_secrets
from argosy.services.applications.repositories import signing_in
from argosy.services.charts import ChartFetching, place_of
from argosy.services.fetching import FetchRequest

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["register"]

_KIND: Final = "repository"
_AT_ONCE: Final = 8

Project = Annotated[str, typer.Option("--project", help="The one project that may use it.")]
Output = Annotated[flags.Format, typer.Option("--output", "-o", help="wide, url, json or yaml.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (("add", add), ("get", get), ("list", listing), ("rm", remove)):
        app.command(name, cls=Verb)(verb)


def add(
    context: typer.Context,
    url: flags.Url,
    kind: flags.Kind = "git",
    name: Annotated[str, typer.Option("--name", help="Of a chart repository.")] = "",
    project: Project = "",
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
    enable_lfs: Annotated[bool, typer.Option("--enable-lfs", help="Large files come along.")] = False,
    force_basic: flags.ForceBasic = False,
    insecure: flags.Insecure = False,
    insecure_host_key: Annotated[
        bool, typer.Option("--insecure-ignore-host-key", help="As --insecure-skip-server-verification, of old.")
    ] = False,
    insecure_http: Annotated[bool, typer.Option("--insecure-oci-force-http", help="A registry without TLS.")] = False,
    proxy: Annotated[str, typer.Option("--proxy", help="Proxy to reach it by.")] = "",
    no_proxy: Annotated[str, typer.Option("--no-proxy", help="Hosts that are reached without it.")] = "",
    upsert: flags.Upsert = False,
) -> None:
    """Add a repository; it is looked at first."""
    data = {
        "url": url,
        "type": kind,
        "name": name,
        "project": project,
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
        "enableOCI": _truth(enable_oci),
        "enableLfs": _truth(enable_lfs),
        "forceHttpBasicAuth": _truth(force_basic),
        "insecure": _truth(insecure),
        "insecureIgnoreHostKey": _truth(insecure_host_key),
        "insecureOCIForceHttp": _truth(insecure_http),
        "proxy": proxy,
        "noProxy": no_proxy,
    }
    check(data)
    with store(context) as apps, Workplace() as runtime:
        new = RepositorySecret(_KIND, data)
        others = [one for one in repository_secrets(apps.cluster, apps.control) if one.kind != _KIND]
        _look(runtime, [*others, new], new)
        secrets.put(apps, _KIND, data, upsert=upsert)
    typer.echo(f"Repository '{url}' added")


def get(context: typer.Context, url: flags.Url, project: Project = "", output: Output = flags.Format.WIDE) -> None:
    """Show a repository, and whether it can be reached."""
    with store(context) as apps, Workplace() as runtime:
        known = repository_secrets(apps.cluster, apps.control)
        one = secrets.the(apps, _KIND, url, project).secret
        state = _state(runtime, known, one)
    if output in (flags.Format.JSON, flags.Format.YAML):
        printing.print_value(showing.as_json(one, state), printing.Format(output))
    else:
        _print([(one, state)], output)


def listing(context: typer.Context, output: Output = flags.Format.WIDE) -> None:
    """List the repositories, and whether they can be reached."""
    with store(context) as apps, Workplace() as runtime, ThreadPoolExecutor(_AT_ONCE) as pool:
        known = repository_secrets(apps.cluster, apps.control)
        repositories = [one.secret for one in secrets.found(apps, _KIND)]
        states = list(pool.map(lambda one: _state(runtime, known, one), repositories))
    _print(list(zip(repositories, states, strict=True)), output)


def remove(
    context: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL...", help="Of the repositories.")],
    project: Project = "",
) -> None:
    """Remove repositories."""
    with store(context) as apps:
        for url in urls:
            secrets.removed(apps, _KIND, url, project)
            typer.echo(f"Repository '{url}' removed")


def _print(found: Sequence[tuple[RepositorySecret, showing.State]], output: flags.Format) -> None:
    if output is flags.Format.WIDE:
        printing.print_rows(showing.listing(found))
    elif output is flags.Format.URL:
        for one, _ in found:
            typer.echo(one.url)
    else:
        printing.print_value([showing.as_json(one, state) for one, state in found], printing.Format(output))


def _state(runtime: Runtime, known: Sequence[RepositorySecret], one: RepositorySecret) -> showing.State:
    others = any(other.kind == "repo-creds" for other in known)
    alone = [one, *(other for other in known if other.kind in CONFIG_MAPS)]
    inherited = (
        others
        and not one.signs_in
        and signing_in(known, one.url, one.data.get("project", ""))
        != signing_in(alone, one.url, one.data.get("project", ""))
    )
    try:
        _look(runtime, known, one)
    except Unsupported as x:
        return showing.State("Unknown", str(x), inherited)
    except ArgosyError as x:
        return showing.State("Failed", str(x), inherited)
    return showing.State("Successful", "", inherited)


def _look(runtime: Runtime, known: Sequence[RepositorySecret], one: RepositorySecret) -> None:
    credentials, kind = signing_in(known, one.url, one.data.get("project", "")), one.data.get("type")
    if kind in ("helm", "oci"):
        ChartFetching(runtime.charts).check(place_of(FetchRequest(url=one.url), credentials), credentials)
        return
    runtime.fetching.resolve(FetchRequest(url=one.url, revision="HEAD", only_commit=True), credentials)


def _truth(value: bool) -> str:
    return "true" if value else ""
