"""The two versions of expr that Argo's parts are built with, and how they differ.

Argo CD, Rollouts and Workflows use expr-lang/expr 1.17, Argo Events antonmedv/expr 1.15.5.
"""

from __future__ import annotations

import dataclasses

__all__ = ["V1_15", "V1_17", "Dialect"]


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """One version of the language.

    `modern`: 0b and 0o literals, backtick strings, if/else blocks, `a; b`, `?.[x]`, `1 < x < 3`, trailing commas in calls
    and the newer builtins; variables hide builtins; lists compare by their elements; `len` counts code points.
    `checks_eval`: `Program.evaluate` looks at the types that can be known without the variables.
    """

    name: str
    modern: bool
    checks_eval: bool
    absent: frozenset[str] = frozenset()


V1_17 = Dialect("1.17", modern=True, checks_eval=False)
V1_15 = Dialect(
    "1.15",
    modern=False,
    checks_eval=True,
    absent=frozenset(
        "bitand bitor bitxor bitnand bitshl bitshr bitushr bitnot concat flatten reverse uniq timezone".split()
    ),
)
