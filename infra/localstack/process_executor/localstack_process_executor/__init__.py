"""LocalStack without containers: Lambda functions, DynamoDB Local and whatever else LocalStack starts are processes.

Installed beside LocalStack 4.14.0, which finds it by its entry points (pyproject.toml). Settings, as environment
variables: `LAMBDA_RUNTIME_EXECUTOR=process`, `PROCESS_EXECUTOR_PYTHON` (the interpreter of the functions, with
awslambdaric), `PROCESS_EXECUTOR_HOST_ADDRESS` (see `function_network`), `DYNAMODB_LOCAL_JARS` (folder of jars).
"""
