"""The state folder of one cluster, as its supervisor writes it and everybody else reads it.

In: a folder. Out: `Plan` (what the supervisor was asked to do), `State` (what it has come to), the pid file. Called
by `supervisor` and `lifecycle`.

    supervisor.pid    {"pid", "started"}: written by the supervisor as its first act
    plan.json         written before the supervisor starts, never changed
    state.json        replaced whole by the supervisor at every change; holds no secret
    kubeconfig        there once the API server answers
    exports.json      files of the user that the entries were merged into
    logs/NAME.log     one per component, and the supervisor's own
    etcd/ certs/ tokens.csv sa.key kwok/
    node/             all of a real node, which its sweeper removes
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from argosy.local.devcluster.files import read_json, write_json
from argosy.local.devcluster.locations import Locations
from argosy.local.devcluster.processes import Process
from argosy.local.devcluster.versions import BACKGROUND, REAL_NODE

__all__ = ["ComponentState", "Folder", "Phase", "Plan", "State"]

Phase = Literal["starting", "ready", "partial", "complete", "stopping", "failed"]
"""starting → ready (the API answers) → complete (all run) or partial (a binary cannot be had) → stopping.

Failed keeps its logs.
"""

ComponentState = Literal["waiting", "fetching", "starting", "running", "unavailable", "exited"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `paths` has the binaries that need no work; the others are fetched in the background.

    `real_node`: whether a node with real containers is among the nodes.
    """

    name: str
    clusters: str
    binaries: str
    go: str
    paths: dict[str, str]
    owner: dict[str, int | str] | None = None
    real_node: bool = False

    @property
    def background(self) -> tuple[str, ...]:
        """What follows the API server, in the order of starting; everything is stopped in reverse."""
        return BACKGROUND + (REAL_NODE if self.real_node else ())

    def locations(self) -> Locations:
        """The three folders."""
        return Locations(clusters=Path(self.clusters), binaries=Path(self.binaries), go=Path(self.go))


@dataclass(slots=True)
class State:
    """Everything `status` shows. `components` maps a name to state, message, pid and started.

    `ports` are those to wait for at the end.
    """

    name: str
    phase: Phase = "starting"
    message: str = ""
    server: str = ""
    version: str = ""
    ports: list[int] = field(default_factory=list)
    components: dict[str, dict[str, Any]] = field(default_factory=dict)


class Folder:
    """Typed access to the files of the folder; missing and unreadable files are None."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kubeconfig = path / "kubeconfig"
        self.logs = path / "logs"
        self.plan = path / "plan.json"

    def supervisor(self) -> Process | None:
        """The process in the pid file if it still runs."""
        process = Process.from_json(read_json(self.path / "supervisor.pid"))
        return process if process is not None and process.alive() else None

    def write_supervisor(self, process: Process) -> None:
        """Only the supervisor calls this."""
        write_json(self.path / "supervisor.pid", process.as_json())

    def read_plan(self) -> Plan | None:
        """What the supervisor was asked to do."""
        value = read_json(self.plan)
        return Plan(**value) if isinstance(value, dict) else None

    def write_plan(self, plan: Plan) -> None:
        """Before the supervisor starts."""
        write_json(self.plan, asdict(plan))

    def read_state(self) -> State | None:
        """The last state that was written, by a supervisor that may be gone."""
        value = read_json(self.path / "state.json")
        return State(**value) if isinstance(value, dict) else None

    def write_state(self, state: State) -> None:
        """Only the supervisor calls this."""
        write_json(self.path / "state.json", asdict(state))

    def exports(self) -> list[Path]:
        """The user's kubeconfig files that have our entries."""
        value = read_json(self.path / "exports.json")
        return [Path(one) for one in value] if isinstance(value, list) else []

    def add_export(self, target: Path) -> None:
        """Remember `target` for the end."""
        write_json(self.path / "exports.json", sorted({str(one) for one in [*self.exports(), target.absolute()]}))

    def log(self, component: str) -> Path:
        """Where the component's output goes."""
        return self.logs / f"{component}.log"

    def last_words(self, component: str) -> str:
        """The last line that tells something of the component's log; empty without one."""
        try:
            lines = self.log(component).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        told = [line.strip() for line in lines if line.strip()]
        return told[-1][:400] if told else ""
