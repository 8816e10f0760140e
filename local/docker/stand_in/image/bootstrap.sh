#!/bin/sh
# Run the Python runtime client, with the function's code first and its layers last on the module path, as
# Lambda does.
set -eu

export AWS_EXECUTION_ENV=AWS_Lambda_python3.13
layers=/opt/python/lib/python3.13/site-packages:/opt/python
export PYTHONPATH="${LAMBDA_TASK_ROOT}:${PYTHONPATH:-${LAMBDA_RUNTIME_DIR}}:${layers}"
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
