"""Webhook to HTTP trigger through a real `argosy up`: throughput, latency, and what a kill -9 costs.

`events.py load` posts 20,000 events from 16 senders as fast as they are accepted, then 2,000 at 200 a second. `events.py
kill` kills all of `argosy up` in the middle of 600 a second and starts it again. One JSON line each; memory is the
resident memory of both processes at the end of the load. The load generator is evbench (Go), built once into the cache.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ARGOSY = [str(ROOT / ".venv" / "bin" / "argosy")]


def build() -> Path:
    """The load generator, built with the Go that is there."""
    go = shutil.which("go") or "/usr/local/go/bin/go"
    out = Path(os.environ.get("ARGOSY_CACHE", Path.home() / ".cache" / "argosy")) / "bench" / "evbench"
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run([go, "build", "-o", str(out), "."], cwd=HERE / "evbench", check=True)
    except FileNotFoundError:
        sys.exit("Go is needed to build the load generator and was not found; install it from https://go.dev/dl")
    return out


class Up:
    """One `argosy up` on a data directory, with all its processes."""

    def __init__(self, data: Path) -> None:
        self._log = (data.parent / "up.log").open("ab")
        command = [*ARGOSY, "up", "--data", str(data), "--apply", str(HERE / "events.yaml"), "--api", "127.0.0.1:18080"]
        before = self._log.tell()
        self.process = subprocess.Popen(command, stderr=self._log, start_new_session=True)
        end = time.monotonic() + 60
        while b"ready: " not in Path(self._log.name).read_bytes()[before:]:
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"argosy up did not start:\n{Path(self._log.name).read_text()}")
            time.sleep(0.05)

    def members(self) -> list[int]:
        """Process ids of its session."""
        pids = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(path.name)) == self.process.pid:
                    pids.append(int(path.name))
            except (OSError, ValueError):
                continue
        return pids

    def memory_mb(self) -> float:
        """Resident memory of all its processes."""
        kilobytes = 0
        for pid in self.members():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    kilobytes += int(line.split()[1])
        return round(kilobytes / 1024, 1)

    def kill(self) -> None:
        """kill -9 of everything."""
        for pid in self.members():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ctrl-C, and wait until it has drained."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


def show(name: str, line: str, **more: float) -> None:
    """Print one result."""
    print(json.dumps({"bench": name, **json.loads(line), **more}), flush=True)


def load(evbench: Path, data: Path) -> None:
    """Throughput and latency."""
    up = Up(data)
    try:
        subprocess.run([evbench, "-n", "1000"], check=True, capture_output=True)
        full = subprocess.run([evbench, "-n", "20000", "-c", "16"], check=True, capture_output=True, text=True).stdout
        show("events-throughput", full, memory_mb=up.memory_mb())
        slow = subprocess.run(
            [evbench, "-n", "2000", "-rate", "200"], check=True, capture_output=True, text=True
        ).stdout
        show("events-latency", slow, memory_mb=up.memory_mb())
    finally:
        up.stop()


def kill(evbench: Path, data: Path) -> None:
    """kill -9 under load, and a restart."""
    up = Up(data)
    sender = subprocess.Popen([evbench, "-n", "6000", "-rate", "600"], stdout=subprocess.PIPE, text=True)
    time.sleep(4)
    up.kill()
    killed = time.monotonic()
    up = Up(data)
    ready = time.monotonic() - killed
    out, _ = sender.communicate(timeout=120)
    try:
        show("events-kill", out, ready_after_s=round(ready, 2), memory_mb=up.memory_mb())
    finally:
        up.stop()


def main() -> None:
    """Run one benchmark."""
    jobs = {"load": load, "kill": kill}
    if len(sys.argv) != 2 or sys.argv[1] not in jobs:
        sys.exit(f"usage: events.py {'|'.join(jobs)}")
    with tempfile.TemporaryDirectory(prefix="argosy-bench-") as folder:
        jobs[sys.argv[1]](build(), Path(folder) / "data")


if __name__ == "__main__":
    main()
