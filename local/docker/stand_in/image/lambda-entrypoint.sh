#!/bin/sh
# Start the handler named by the one argument: under Lambda when its runtime API is there, and otherwise under
# the runtime interface emulator, which answers on port 8080.
set -eu

if [ "$#" -ne 1 ]; then
  echo "give the handler as the one argument, such as handler.handler; got $# arguments" >&2
  exit 142
fi
export _HANDLER="$1"

if [ -n "${AWS_LAMBDA_RUNTIME_API:-}" ]; then
  exec /var/runtime/bootstrap
fi
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
