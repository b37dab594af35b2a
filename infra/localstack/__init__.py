"""LocalStack without containers: the real `template.yaml` deployed on this machine, its functions really run.

In: the project's template. Out: an AWS endpoint on 127.0.0.1 with the stack on it. Called as `python -m
infra.localstack` by `make localstack` and by the integration tests. README.md beside this file tells what it can do
and what it cannot.

    install     what LocalStack needs, into the cache
    supervisor  holds one running LocalStack, so that nothing of it is left
    host        start, stop, look
    build       `sam build` for this machine's processor, cached by its inputs
    deploy      the build as a CloudFormation stack
"""
