"""LocalStack's Lambda executor: one process running AWS's own `awslambdaric` for each execution environment.

In: a function version, its layers, invocations. Out: `InvocationResult`. Called by LocalStack, which makes one
executor per environment and lets it work on one invocation at a time. Its Docker executor speaks HTTP to a program
in the container; here both ends are one process, so the duties of that program are done right here: ready at the
first request for work, errors of the init phase, the function's timeout, a fresh runtime after a crash or timeout,
START/END/REPORT in the log.

Unlike Lambda: one interpreter for all functions whatever their `Runtime`, no memory limit (REPORT tells the limit),
the machine's file system is visible; only HOME and TMPDIR are an environment's own.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import ShutdownDuringStartup, StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from localstack_process_executor.runtime_api import RuntimeApi
from localstack_process_executor.tie import tied

__all__ = ["ProcessRuntimeExecutor", "ProcessRuntimeExecutorPlugin"]

_FOLDER = Path(tempfile.gettempdir()) / "lambda"
_merging = threading.Lock()


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """What `LAMBDA_RUNTIME_EXECUTOR=process` finds."""

    name = "process"

    def load(self, *_arguments, **_options):
        """See plux."""
        return ProcessRuntimeExecutor


def _merged(layers) -> Path:
    """What Lambda has in /opt: the layers laid over each other. One folder per combination, shared by all who use it."""
    for layer in layers:
        layer.code.prepare_for_execution()
    folders = [layer.code.get_unzipped_code_location() for layer in layers]
    if len(folders) == 1:
        return folders[0]
    target = _FOLDER / "opt" / ("-".join(layer.code.id for layer in layers) or "none")
    with _merging:
        if not target.exists():
            staging = target.with_suffix(".new")
            staging.mkdir(parents=True)
            for folder in folders:
                shutil.copytree(folder, staging, dirs_exist_ok=True, symlinks=True)
            staging.rename(target)
    return target


class ProcessRuntimeExecutor(RuntimeExecutor):
    """One execution environment."""

    def __init__(self, id, function_version) -> None:
        super().__init__(id=id, function_version=function_version)
        self._folder = _FOLDER / "environments" / id
        self._log = self._folder / "log"
        self._told = 0
        self._environment: dict[str, str] = {}
        self._task = Path()
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    # The environment

    def start(self, env_vars) -> None:
        """Unpack, start the runtime and wait until its init phase is over."""
        version = self.function_version
        (self._folder / "tmp").mkdir(parents=True, exist_ok=True)
        opt = _merged(version.config.layers)
        version.config.code.prepare_for_execution()
        self._task = version.config.code.get_unzipped_code_location()
        given = {key: str(value) for key, value in env_vars.items()}
        site, eks = os.environ.get("PROCESS_EXECUTOR_SITE", ""), os.environ.get("PROCESS_EXECUTOR_EKS_URL", "")
        self._environment = {"LANG": "en_US.UTF-8", "PYTHONUNBUFFERED": "1"} | given
        self._environment |= {
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder / "tmp"),
            "TZ": "UTC",
            "PATH": f"{opt}/bin:/usr/local/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": f"{opt}/lib",
            "PYTHONPATH": ":".join(filter(None, [str(self._task), f"{opt}/python", given.get("PYTHONPATH", ""), site])),
            "LAMBDA_TASK_ROOT": str(self._task),
            "PROCESS_EXECUTOR_HOST_ADDRESS": os.environ.get("PROCESS_EXECUTOR_HOST_ADDRESS", ""),
            **({"AWS_ENDPOINT_URL_EKS": eks} if eks else {}),
        }
        self._spawn()
        try:
            self._api.started.result(timeout=config.LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT)
        except FutureTimeout:
            raise TimeoutError(f"the runtime did not ask for work in time:\n{self.get_logs()}") from None

    def stop(self) -> None:
        """End the runtime, whatever it is doing."""
        self._stopping = True
        self._kill()
        if self._api is not None:
            self._api.close()
            if not self._api.result.done():
                self._api.result.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self) -> None:
        if self._api is not None:
            self._api.close()
        self._api = RuntimeApi()
        running: Future[subprocess.Popen[bytes]] = Future()
        threading.Thread(target=self._live, args=(self._api, running), daemon=True, name="lambda-process").start()
        self._process = running.result()

    def _live(self, api: RuntimeApi, running: Future) -> None:
        """Start a runtime and stay as long as it lives: it is tied to this thread."""
        python, handler = os.environ["PROCESS_EXECUTOR_PYTHON"], self.function_version.config.handler
        try:
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    tied([python, "-m", "awslambdaric", handler]),
                    cwd=self._task,
                    env=self._environment | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            running.set_exception(error)
            return
        running.set_result(process)
        self._ended(api, process.wait())

    def _ended(self, api: RuntimeApi, code: int) -> None:
        """A dead runtime ends the start or the invocation in progress, with Lambda's own error type."""
        if self._stopping:
            if not api.started.done():
                api.started.set_exception(ShutdownDuringStartup("stopped during startup"))
            return
        status = f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"
        error = json.dumps({"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with error: {status}"})
        if not api.started.done():
            api.started.set_exception(StatusErrorException("Environment startup failed", payload=error.encode()))
        elif not api.result.done():
            api.result.set_result((error.encode(), True))

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)  # its own session: its children go too
            except ProcessLookupError:
                return
            self._process.wait(5)

    # One invocation

    def invoke(self, payload) -> InvocationResult:
        """Hand over an invocation and wait for its answer, at most the function's timeout."""
        if self._process.poll() is not None:  # crashed or timed out last time: Lambda starts a fresh runtime too
            self._spawn()
        api, began, timeout = self._api, time.time(), self.function_version.config.timeout
        api.result = Future()
        api.pending.put((payload, int((began + timeout) * 1000)))
        try:
            body, is_error = api.result.result(timeout=timeout)
        except FutureTimeout:
            self._kill()
            body, is_error = _timed_out(payload["invoke-id"], timeout), True
        logs = self._report(payload["invoke-id"], (time.time() - began) * 1000)
        return InvocationResult(payload["invoke-id"], body, is_error=is_error, logs=logs)

    def _report(self, request: str, took: float) -> str:
        memory = self.function_version.config.memory_size
        return (
            f"START RequestId: {request} Version: {self.function_version.id.qualifier}\n{self._new_lines()}"
            f"END RequestId: {request}\nREPORT RequestId: {request}\tDuration: {took:.2f} ms\t"
            f"Billed Duration: {int(took) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {memory} MB\n"
        )

    def _new_lines(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._told)
            data = log.read()
        self._told += len(data)
        text = data.decode(errors="replace")
        return text if not text or text.endswith("\n") else text + "\n"

    # What else LocalStack asks of an executor

    def get_logs(self) -> str:
        """All that the environment has written."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def get_address(self) -> str:
        """Where the environment is."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Where LocalStack is, seen from the environment."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Where LocalStack's own protocol would be spoken; nothing here does."""
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version) -> None:
        """Unpack the code when the function is made."""
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version) -> None:
        """Nothing: versions share one unpacked folder, which LocalStack removes with the function."""


def _timed_out(request: str, timeout: int) -> bytes:
    message = f"RequestId: {request} Error: Task timed out after {timeout:.2f} seconds"
    return json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}).encode()
