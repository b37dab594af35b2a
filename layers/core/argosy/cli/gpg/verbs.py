"""`argosy gpg add`, `list`, `get` and `rm`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from argosy.adapters.git.signatures import PublicKey, keys_in
from argosy.cli.apps import printing
from argosy.cli.apps.core import Verb, store
from argosy.cli.apps.store import Applications
from argosy.errors import InvalidObject, NotFound
from argosy.gitops.signatures import CONFIG_MAP, key_id

__all__ = ["register"]

_PART_OF = {"app.kubernetes.io/name": CONFIG_MAP, "app.kubernetes.io/part-of": "argocd"}

KeyId = Annotated[str, typer.Argument(metavar="KEYID", help="Of the key, or its fingerprint.")]
Output = Annotated[printing.Format, printing.taking(printing.Format.WIDE, printing.Format.JSON, printing.Format.YAML)]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for name, verb in (("add", add), ("list", listing), ("get", get), ("rm", remove)):
        app.command(name, cls=Verb)(verb)


def add(
    context: typer.Context,
    file: Annotated[Path, typer.Option("--from", "-f", help="File with the public keys, armored.")],
) -> None:
    """Add the keys of a file."""
    try:
        given = keys_in(file.read_text())
    except (OSError, ValueError) as x:
        raise InvalidObject(f"{file} cannot be read: {x}", field="--from") from x
    if not given:
        raise InvalidObject(f"{file} holds no public key", field="--from")
    with store(context) as apps:
        known = _known(apps)
        new = {one.id: one.data for one in given if one.id not in known}
        if new:
            _write(apps, new)
    skipped = len(given) - len(new)
    more = f", and {skipped} key(s) were skipped because they exist already" if skipped else ""
    typer.echo(f"Created {len(new)} key(s) from input file{more}.")


def listing(context: typer.Context, output: Output = printing.Format.WIDE) -> None:
    """List the keys."""
    with store(context) as apps:
        found = [key for _, text in sorted(_known(apps).items()) for key in keys_in(text)]
    if output is printing.Format.WIDE:
        printing.print_rows(
            [["KEYID", "TYPE", "IDENTITY"], *([one.id, one.subtype.upper(), one.owner] for one in found)]
        )
    else:
        printing.print_value([_shown(one, "") for one in found], output)


def get(context: typer.Context, key: KeyId, output: Output = printing.Format.WIDE) -> None:
    """Show a key."""
    with store(context) as apps:
        text = _the(apps, key)
    for one in keys_in(text):
        if output is not printing.Format.WIDE:
            printing.print_value(_shown(one, one.data), output)
            continue
        rows = [("Key ID:", one.id), ("Key fingerprint:", one.fingerprint), ("Key subtype:", one.subtype.upper())]
        printing.print_lines([*rows, ("Key owner:", one.owner)], 17)
        typer.echo(f"Key data follows until EOF:\n{one.data}")


def remove(context: typer.Context, key: KeyId) -> None:
    """Remove a key."""
    with store(context) as apps:
        _the(apps, key)
        _write(apps, {key_id(key): None})
    typer.echo(f"Deleted key with key ID {key_id(key)}")


def _known(apps: Applications) -> Mapping[str, str]:
    try:
        return dict(apps.cluster.get("v1", "ConfigMap", apps.control, CONFIG_MAP).get("data") or {})
    except NotFound:
        return {}


def _the(apps: Applications, key: str) -> str:
    name = key_id(key)
    if not name:
        raise InvalidObject(f"{key!r} is neither the ID of a key nor a fingerprint", field="KEYID")
    known = _known(apps)
    if name not in known:
        raise NotFound(f"no such key: {name} (ConfigMap {apps.control}/{CONFIG_MAP})")
    return known[name]


def _write(apps: Applications, data: Mapping[str, str | None]) -> None:
    """Add and take away keys. The label is what the ConfigMap is watched by."""
    body = {"metadata": {"labels": _PART_OF}, "data": data}
    try:
        apps.cluster.patch("v1", "ConfigMap", apps.control, CONFIG_MAP, body)
    except NotFound:
        metadata = {"name": CONFIG_MAP, "namespace": apps.control, "labels": _PART_OF}
        apps.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _shown(one: PublicKey, data: str) -> dict[str, str]:
    """As argocd names its fields."""
    return {
        "keyID": one.id,
        "fingerprint": one.fingerprint,
        "owner": one.owner,
        "trust": "unknown",
        "subType": one.subtype,
        "keyData": data,
    }
