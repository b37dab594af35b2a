"""User scripts in Lua 5.1, in a sandbox: filters and transforms of sensors, health and actions of live objects.

In: source text and JSON values as global variables; out: whether the script's last value is `true`, or that value as JSON
text. Called by `events.filters.script`, `events.transforms`, `gitops.health.custom`, `gitops.actions.custom` and, for syntax
alone, by the validation of sensors.

Behaves as gopher-lua 1.1 does under Argo Events 1.9 (`pkg/sensors/dependencies/filter.go`, `transform.go`), on PUC Lua 5.1
(lupa 2.8). A global's members that are null are left out, in arrays also arrays; tables go back by the rules in
`tojson.lua`; `tostring`, `string.format` and `table.concat` show numbers as Go does. Different on purpose:

- There are no files, modules, environment, debugger, bytecode or finalisers; `os` has only its clock. `require` knows `os`,
  `string`, `table` and `math`.
- A script has budgets: instructions, CPU time (against what C does between two instructions), memory, output, depth.
  Patterns that could take long in C are matched by metered Lua code. A spent budget cannot be caught by `pcall`.

Different because Lua's C does it: `..` shows a number with 14 digits at most, Go with all of them.

Every evaluation has a state of its own, which costs 0.3 ms: nothing that one script does reaches another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argosy.errors import EvaluationError

if TYPE_CHECKING:
    from lupa.lua51 import LuaRuntime

__all__ = ["DEPTH", "INSTRUCTIONS", "MEMORY", "OUTPUT", "SECONDS", "SOURCE", "check", "document", "truth"]

INSTRUCTIONS = 5_000_000  # of Lua's virtual machine; C functions charge for what they walk
SECONDS = 2.0  # of CPU time
MEMORY = 48 << 20  # bytes, all of a state
OUTPUT = 1 << 20  # bytes of JSON
SOURCE = 1 << 18  # bytes
DEPTH = 150  # tables within tables
_NAME = b"=script"


def check(source: str) -> None:
    """Raise EvaluationError when `source` is no Lua 5.1."""
    _evaluate(source, {}, b"check")


def truth(source: str, names: Mapping[str, Any]) -> bool:
    """Whether the last value that the script returns is `true`; `names` are its global variables, JSON values.

    Raises EvaluationError for what is no Lua, fails, or goes beyond a budget.
    """
    return bool(_evaluate(source, names, b"truth"))


def document(source: str, names: Mapping[str, Any]) -> str:
    """The last value that the script returns, which must be a table, as JSON text. Raises as `truth`."""
    return str(_evaluate(source, names, b"document").decode("utf-8", "replace"))


def _evaluate(source: str, names: Mapping[str, Any], wanted: bytes) -> Any:
    from lupa import lua51

    text = source.encode("utf-8", "replace")
    if len(text) > SOURCE:
        raise EvaluationError(f"Lua script of {len(text)} bytes; {SOURCE} are allowed")
    values = {key.encode(): _plain(value, 0) for key, value in names.items()}
    try:
        state = _state()
        ok, *rest = _returned(
            state.execute(_compiled("sandbox"), *_limits(), *_parts(state))(
                text, _NAME, state.table_from(values, recursive=True), wanted
            )
        )
    except lua51.LuaMemoryError as x:
        raise EvaluationError(f"Lua: the script needed more than {MEMORY >> 20} MiB of memory") from x
    except (lua51.LuaError, RecursionError) as x:
        raise EvaluationError(f"Lua: {str(x)[:500]}") from x
    if not ok:
        raise EvaluationError(f"Lua: {rest[0].decode('utf-8', 'replace')}")
    return rest[0] if rest else None


def _returned(values: Any) -> tuple[Any, ...]:
    return values if isinstance(values, tuple) else (values,)


def _limits() -> tuple[float, ...]:
    return (INSTRUCTIONS, SECONDS, OUTPUT, DEPTH, SOURCE)


def _state() -> LuaRuntime:
    from lupa.lua51 import LuaRuntime

    return LuaRuntime(encoding=None, register_eval=False, register_builtins=False, max_memory=MEMORY)


def _parts(state: LuaRuntime) -> list[Any]:
    load = state.eval(b"loadstring")
    return [load(_compiled(name)) for name in ("patterns", "tojson")]


@cache
def _compiled(name: str) -> bytes:
    """The bytecode of one of our own files: reading it takes a fifth of the time that compiling does."""
    source = Path(__file__).with_name(f"{name}.lua").read_bytes()
    compiled: bytes = _state().execute(b"return string.dump(assert(loadstring(...)))", source, b"=" + name.encode())
    return compiled


def _plain(value: Any, depth: int) -> Any:
    """A JSON value as Lua gets it: numbers as float64, without nulls and without arrays right within arrays."""
    if depth > DEPTH:
        raise EvaluationError(f"Lua: the payload is nested more than {DEPTH} deep")
    match value:
        case bool():
            return value
        case int() | float():
            return float(value)
        case str():
            return value.encode("utf-8", "replace")
        case list():
            return [_plain(one, depth + 1) for one in value if one is not None and not isinstance(one, list)]
        case dict():
            return {
                key.encode("utf-8", "replace"): _plain(one, depth + 1) for key, one in value.items() if one is not None
            }
    raise EvaluationError(f"Lua: a {type(value).__name__} is no JSON value")
