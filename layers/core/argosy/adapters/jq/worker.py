"""The process that runs jq programs: `python -I -S worker.py LIMITS`.

In: on standard input, length-prefixed JSON {what, program, document}; out: on standard output {outputs} or {error}, the
first message being an empty one that says it is ready. Started by `argosy.adapters.jq.process`, imports nothing of ours.
Before anything of a user's runs, the environment is emptied and files, memory and processes are limited; the time is limited
anew for each program. It ends when its input does.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import itertools
import json
import math
import os
import re
import resource
import sys
from collections.abc import Mapping
from typing import Any

# Definitions before the user's also keep modules away: jq takes `import` and `include` at the beginning only.
_PRELUDE = (
    'def modulemeta: error("there are no modules"); def get_search_list: error("there are no modules");'
    ' def input_filename: error("there are no files"); def halt_error: error; def halt_error($code): error;'
    " def keys_unsorted: keys; def to_entries: . as $object | [keys[] as $key | {key: $key, value: $object[$key]}];"
    " def with_entries(f): to_entries | map(f) | from_entries;"
    ' def _known($flags): if ($flags | type) == "string" and ($flags | contains("x")) then'
    ' error("unsupported regular expression flag: \\($flags)") else . end;'
    " def _test($pattern; $flags): test($pattern; $flags); def _match($pattern; $flags): match($pattern; $flags);"
    " def test($pattern; $flags): _known($flags) | _test($pattern; $flags);"
    " def match($pattern; $flags): _known($flags) | _match($pattern; $flags); "
)
_FINITE = (
    ' | if any(..; type == "number" and (isnan or isinfinite)) then error("a number that JSON has not") else . end'
)
_KEPT = 64


def main() -> None:
    """Answer until the input ends."""
    limits = json.loads(sys.argv[1])
    jq = _load(limits["library"])
    _shut(limits["memory"])
    _send({})
    while True:
        head = sys.stdin.buffer.read(4)
        if len(head) < 4:
            return
        request = json.loads(sys.stdin.buffer.read(int.from_bytes(head)))
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = math.ceil(used.ru_utime + used.ru_stime + limits["seconds"]) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        _send(_answer(jq, request, limits["output"]))


def _load(path: str) -> Any:
    loader = importlib.machinery.ExtensionFileLoader("jq", path)
    spec = importlib.util.spec_from_file_location("jq", path, loader=loader)
    assert spec is not None  # noqa: S101 - a path was given
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _shut(memory: int) -> None:
    for name in list(os.environ):
        os.unsetenv(name)
    os.environ.clear()
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _answer(jq: Any, request: Mapping[str, str], most: int) -> Mapping[str, Any]:
    what = request["what"]
    try:
        program = _compiled(jq, request["program"], what)
        if what == "check":
            return {"outputs": []}
        outputs = []
        found = program.input_text(request["document"])
        for text in itertools.islice(found, 1) if what == "first" else found:
            most -= len(text.encode("utf-8", "replace"))
            if most < 0:
                return {"error": "more output than is allowed"}
            outputs.append(text)
        return {"outputs": outputs}
    except ValueError as x:
        return {"error": _words(str(x))}
    except MemoryError:
        return {"error": "the program needed too much memory"}


@functools.lru_cache(_KEPT)
def _compiled(jq: Any, program: str, what: str) -> Any:
    alone = jq.compile(_PRELUDE + program)  # by itself, lest it closes our bracket
    if what == "check":
        return alone
    if what == "first":
        return jq.compile(f"{_PRELUDE}first(({program}\n)){_FINITE} | tojson")
    return jq.compile(f"{_PRELUDE}({program}\n) | tojson")


def _words(told: str) -> str:
    """The library's words without what every one of them has, and without the column, which counts from our definitions."""
    return re.sub(
        r"( at <top-level>)?, (line \d+), column \d+:?", r" at \2", told.partition("\n")[0].removeprefix("jq: error: ")
    )[:500]


def _send(answer: Mapping[str, Any]) -> None:
    data = json.dumps(answer).encode()
    sys.stdout.buffer.write(len(data).to_bytes(4) + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
