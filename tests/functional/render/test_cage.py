"""What a command in the cage sees and may do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from argosy.adapters.render.children import Ended, Limits, run
from argosy.errors import EvaluationError

LIMITS = Limits(seconds=20, memory=300_000_000, output=100_000, file=50_000)


def caged(folder: Path, code: str, text: str = "", limits: Limits = LIMITS) -> Ended:
    """How Python code ends in the cage."""
    given = folder / "given"
    given.write_text(text)
    return run([sys.executable, "-I", "-S", "-c", code], folder, {"HOME": "/h"}, given, limits)


def test_it_reads_and_writes(tmp_path: Path) -> None:
    ended = caged(tmp_path, "import sys; print(sys.stdin.read()[::-1]); print('word', file=sys.stderr)", "abc")
    assert (ended.code, ended.output, ended.words) == (0, b"cba\n", b"word\n")


def test_it_sees_what_it_is_given_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nonexistent")
    seen = json.loads(caged(tmp_path, "import json, os; print(json.dumps(dict(os.environ)))").output)
    assert {name: value for name, value in seen.items() if not name.startswith("LC_")} == {"HOME": "/h"}


SOCKETS = """
import socket
for kind in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    try:
        socket.socket(kind, socket.SOCK_DGRAM)
        print("open", kind)
    except PermissionError:
        pass
import subprocess, sys
command = [sys.executable, "-I", "-S", "-c", "import socket; socket.socket()"]
print(subprocess.run(command, capture_output=True).returncode)
"""


def test_it_gets_no_socket_and_neither_do_its_children(tmp_path: Path) -> None:
    assert caged(tmp_path, SOCKETS).output == b"1\n"


def test_it_cannot_write_a_large_file(tmp_path: Path) -> None:
    ended = caged(tmp_path, "open('large', 'wb').write(b'x' * 100_000)")
    assert ended.code != 0
    assert (tmp_path / "large").stat().st_size <= LIMITS.file


def test_it_cannot_take_all_memory(tmp_path: Path) -> None:
    assert b"MemoryError" in caged(tmp_path, "x = b'x' * 400_000_000").words


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(100)",
        "import os; os.close(1); os.close(2); import time; time.sleep(100)",
    ],
)
def test_it_is_ended_in_time(tmp_path: Path, code: str) -> None:
    with pytest.raises(EvaluationError, match=r"longer than 0\.5 s"):
        caged(tmp_path, code, limits=Limits(seconds=0.5))


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    """A grandchild that holds the output open and would write later."""
    code = """
import subprocess, sys
subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(3); open('late', 'w')"])
"""
    with pytest.raises(EvaluationError, match="longer than 1 s"):
        caged(tmp_path, code, limits=Limits(seconds=1))
    assert not (tmp_path / "late").exists()


def test_it_cannot_say_too_much(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="more than 100000 bytes"):
        caged(tmp_path, "while True: print('x' * 1000)")


def test_words_beyond_some_are_dropped(tmp_path: Path) -> None:
    ended = caged(tmp_path, "import sys\nfor _ in range(1000): print('x' * 1000, file=sys.stderr)")
    assert (ended.code, len(ended.words)) == (0, 65_536)
