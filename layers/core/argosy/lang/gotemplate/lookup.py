"""Fields of values, as Go looks them up.

gotpl answers `<no value>` to a field of a text, a number or nil, and lets a template reach the attributes and methods of
any Python object. Go raises an error in the first case, and in the second there is nothing to reach: data are maps,
lists and scalars. So the lookup below takes the place of gotpl's in the table it keeps per missing-key mode.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gotpl.errors import TemplateExecutionError
from gotpl.funcs.sprig.semver import Version
from gotpl.runtime import sync_vm
from gotpl.runtime.values import INVALID, ValueAdapter

from argosy.errors import EvaluationError

__all__ = ["install"]

_VERSION_MEMBERS = frozenset(("Compare", "Major", "Metadata", "Minor", "Original", "Patch", "Prerelease"))


@dataclasses.dataclass(frozen=True, slots=True)
class _GoLookup(ValueAdapter):
    """Looks fields up in maps, in values that offer Go members themselves, and nowhere else."""

    def lookup(self, value: object, field: str) -> object:
        """Return the field of a value; INVALID, gotpl's word for a missing one, depending on the missing-key mode."""
        if value is INVALID or isinstance(value, Mapping):
            return ValueAdapter.lookup(self, value, field)
        own: Any = getattr(value, "__gotemplate_lookup__", None)
        if own is not None:
            try:
                return own(field)
            except EvaluationError as error:
                raise TemplateExecutionError(str(error)) from error
        if isinstance(value, Version) and field in _VERSION_MEMBERS:
            return getattr(value, field)
        if value is None:
            raise TemplateExecutionError(f"nil has no field {field!r}")
        raise TemplateExecutionError(f"can't evaluate field {field!r} in a value of type {type(value).__name__}")


def install() -> None:
    """Put Go's lookup in the place of gotpl's, for the whole process."""
    adapters: dict[Any, ValueAdapter] = sync_vm._VALUE_ADAPTERS
    if not isinstance(adapters["default"], _GoLookup):
        adapters.update({mode: _GoLookup(mode) for mode in ("default", "zero", "error")})
