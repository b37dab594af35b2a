"""Writes values as YAML that `read_value` reads back as they were: the other direction of `argosy.resources.manifests`.

PyYAML leaves a text without quotes when its own reader takes it for a text; the reading that Argo uses takes `y`, `1e3` or
`0o17` for something else, so every such text is quoted here. Called by commands that print objects.
"""

from __future__ import annotations

from typing import Any

import yaml

from argosy.resources.scalars import resolve

__all__ = ["write_value"]


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature; a value given twice is written twice
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    try:
        plain = resolve(text, "", plain=True)
    except ValueError:
        plain = None
    style = None if isinstance(plain, str) and text != "<<" else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write_value(value: Any) -> str:
    """`value` (plain: texts, numbers, bools, None, lists, dicts with texts as keys) as YAML, keys in their order."""
    written: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return written
