"""`python -m infra.localstack COMMAND`: LocalStack on this machine, and the stack on it.

    start    start it (or find it) and print its environment
    env      print the environment of a running one; for a shell: eval "$(python -m infra.localstack env)"
    stop     end it with all its processes
    deploy   build template.yaml and deploy it there; prints what the stack holds as JSON
    up       all of it, until Ctrl-C (`make localstack`)

Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import signal
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from infra.localstack.build import build
from infra.localstack.deploy import Stack, deploy
from infra.localstack.host import HOST_ADDRESS, Running, find, start, stop
from infra.localstack.install import cache

from argosy.errors import ArgosyError, InvalidObject, NotFound
from argosy.local.devcluster.progress import Progress, shown_on

_STACK = "argosy"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.localstack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["start", "env", "stop", "deploy", "up"])
    parser.add_argument("parameters", nargs="*", metavar="KEY=VALUE", help="deploy, up: parameters of the template")
    parser.add_argument("--dir", type=Path, default=None, help="its folder (one of the cache)")
    parser.add_argument("--port", type=int, default=0, help="start, up: where it listens (a free port)")
    parser.add_argument("--owner", type=int, default=0, metavar="PID", help="start: it ends when this process ends")
    parser.add_argument("--stack", default=_STACK, help=f"deploy, up: the stack's name ({_STACK})")
    parser.add_argument("--json", action="store_true", help="start, env: print JSON, not lines for a shell")
    return parser.parse_intermixed_args()


def _print_environment(running: Running, as_json: bool) -> None:
    if as_json:
        more = {"log": str(running.log), "host_address": HOST_ADDRESS}
        print(json.dumps({"endpoint": running.endpoint, "environment": running.environment(), **more}))
        return
    for key, value in running.environment().items():
        print(f"export {key}={shlex.quote(value)}")


def _up(arguments: argparse.Namespace, folder: Path, progress: Progress) -> None:
    """Start, deploy, explain and wait; what was running before goes on running after."""
    found = False
    with contextlib.suppress(NotFound):
        found = bool(find(folder))
    try:
        running = start(folder, progress, port=arguments.port, owner=os.getpid())
        stack = deploy(running, build(progress), arguments.stack, _parameters(arguments), progress)
        _explain(running, stack)
        signal.pause()
    finally:
        if not found:
            with contextlib.suppress(NotFound):
                stop(folder)


def _explain(running: Running, stack: Stack) -> None:
    print(f"\n{stack['name']} is deployed ({len(stack['resources'])} resources). Speak to it with any AWS client:\n")
    for key, value in running.environment().items():
        print(f"  export {key}={shlex.quote(value)}")
    stages = [one["id"] for one in stack["resources"].values() if one["type"] == "AWS::ApiGateway::Stage"]
    for name, one in stack["resources"].items():
        if one["type"] == "AWS::ApiGateway::RestApi":
            print(f"\n  {name}: {running.endpoint}/_aws/execute-api/{one['id']}/{stages[0] if stages else ''}/")
    print("\n  outputs:", *(f"\n    {key} = {value}" for key, value in stack["outputs"].items()))
    print(f"\n  servers on this machine, seen from functions: http://{HOST_ADDRESS}:PORT/\n  log: {running.log}")
    print("\nCtrl-C ends it; nothing is kept.", flush=True)


def _parameters(arguments: argparse.Namespace) -> dict[str, str]:
    for one in arguments.parameters:
        if "=" not in one:
            raise InvalidObject(f"{one!r} is no parameter of the template: KEY=VALUE is")
    return dict(one.split("=", 1) for one in arguments.parameters)


def _run(arguments: argparse.Namespace, progress: Progress) -> None:
    folder = (arguments.dir or cache() / "instance").absolute()
    match arguments.command:
        case "start":
            _print_environment(start(folder, progress, port=arguments.port, owner=arguments.owner), arguments.json)
        case "env":
            _print_environment(find(folder), arguments.json)
        case "stop":
            stop(folder)
        case "deploy":
            running, parameters = find(folder), _parameters(arguments)
            print(json.dumps(deploy(running, build(progress), arguments.stack, parameters, progress)))
        case "up":
            _up(arguments, folder, progress)


def main() -> int:
    """Run one command; 1 with the reason on standard error when it fails."""
    arguments = _arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # as Ctrl-C, so that everything is ended in order
    try:
        with shown_on(sys.stderr) as progress:
            _run(arguments, progress)
    except (ArgosyError, BotoCoreError, ClientError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0 if arguments.command == "up" else 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
