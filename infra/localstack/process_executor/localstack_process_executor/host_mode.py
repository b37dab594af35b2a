"""What LocalStack 4.14.0 lacks for running on a machine as it is, added by its hooks at start.

In: the environment (package docstring). Out: patches of LocalStack's own classes. Each hook imports what it patches
only when LocalStack calls it: they are all loaded before LocalStack has read its configuration.
"""

import functools
import os
import threading

from localstack.runtime import hooks

from localstack_process_executor.tie import tied

__all__ = [
    "end_with_the_main_thread",
    "listen_on_the_given_host",
    "read_last_lists",
    "tell_who_signed",
    "tie_children",
    "use_dynamodb_jars",
]


@hooks.on_infra_start()
def use_dynamodb_jars() -> None:
    """Start DynamoDB Local from the jars in `DYNAMODB_LOCAL_JARS`; LocalStack would download another build of it."""
    jars = os.environ.get("DYNAMODB_LOCAL_JARS")
    if not jars:
        return
    from localstack.services.dynamodb import server
    from localstack.utils.common import TMP_THREADS, ShellCommandThread

    def start(self):
        command = [
            *("java", f"-Xmx{self.heap_size}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *(f"-Djava.library.path={jars}", "-Dlog4j2.level=WARN", "-cp", f"{jars}/*"),
            *("com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-port", str(self.port)),
            *(["-dbPath", self.db_path] if self.db_path else ["-inMemory"]),
            *(["-sharedDb"] if self.share_db else []),
        ]
        thread = ShellCommandThread(
            command,
            strip_color=True,
            log_listener=server._log_listener,
            auto_restart=True,
            name="dynamodb-local",
            env_vars={"DDB_LOCAL_TELEMETRY": "0"},
        )
        TMP_THREADS.append(thread)
        thread.start()
        return thread

    server.DynamodbServer.do_start_thread = start


@hooks.on_infra_start()
def tie_children() -> None:
    """The servers that LocalStack starts (DynamoDB Local, its Kinesis) end with it, however it ends."""
    from localstack.utils.run import ShellCommandThread

    run = ShellCommandThread.do_run_cmd

    def run_tied(self):
        if isinstance(self.cmd, list) and "tie.py" not in str(self.cmd[3:4]):
            self.cmd = tied([str(word) for word in self.cmd])
        return run(self)

    ShellCommandThread.do_run_cmd = run_tied


@hooks.on_infra_start()
def listen_on_the_given_host() -> None:
    """Listen on the host in `GATEWAY_LISTEN`; LocalStack takes every interface whatever it says."""
    from localstack import config
    from localstack.runtime.server import twisted
    from twisted.internet import endpoints

    class _Endpoints:
        TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface=config.GATEWAY_LISTEN[0].host)
        TCP6ServerEndpoint = endpoints.TCP6ServerEndpoint

    twisted.endpoints = _Endpoints


@hooks.on_infra_start()
def read_last_lists() -> None:
    """CloudFormation: a list parameter's last value is a list too; LocalStack fails on its text when a stack is updated."""
    from localstack.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc

    visit = ChangeSetModelPreproc.visit_node_parameter

    def visit_reading(self, node):
        delta = visit(self, node)
        if isinstance(delta.after, list) and isinstance(delta.before, str):
            delta.before = [item.strip() for item in delta.before.split(",")]
        return delta

    ChangeSetModelPreproc.visit_node_parameter = visit_reading


@hooks.on_infra_start()
def tell_who_signed() -> None:
    """API Gateway: the identity of a signed request, as behind AWS_IAM; LocalStack tells functions of nobody.

    Like all of LocalStack this believes a signature by its look. Who signed is whom its STS knows every key as: root.
    """
    from localstack.services.apigateway.next_gen.execute_api.handlers.parse import InvocationRequestParser

    create = InvocationRequestParser.create_context_variables

    def create_telling(context):
        variables = create(context)
        authorization = context.request.headers.get("Authorization") or ""
        scheme, _, rest = authorization.partition(" Credential=")
        key, _, scope = rest.partition("/")
        if scheme == "AWS4-HMAC-SHA256" and key and "/execute-api/aws4_request," in scope:
            arn = f"arn:aws:iam::{context.account_id}:root"
            variables["identity"] |= {
                "accountId": context.account_id,
                "accessKey": key,
                "caller": context.account_id,
                "user": context.account_id,
                "userArn": arn,
            }
        return variables

    InvocationRequestParser.create_context_variables = staticmethod(create_telling)


@hooks.on_infra_start()
def end_with_the_main_thread() -> None:
    """Exit when LocalStack has stopped: threads of its SQS and Lambda would keep the process for minutes."""

    def wait() -> None:
        threading.main_thread().join()
        os._exit(0)

    threading.Thread(target=wait, daemon=True, name="end-with-main").start()
