"""What MiniStack leaves out where a state machine calls Lambda: throttling, the names of errors, metrics, and jitter.

A function's reserved concurrency holds for its versions and aliases too; a call that is throttled, and a worker that
died, have the names by which a definition retries them; and it waits as the definition says. Leaves out the batches of
Distributed Maps: see `distributed_map.py`. See ADR 0014 for what still differs.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json
import random
import time
from typing import Any

#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
THROTTLED = "Lambda.TooManyRequestsException"
#: What Lambda calls a process that ended without an answer, and what it says of it.
DEATH, DEATH_MESSAGE = "Runtime.ExitError", "Runtime exited without providing a reason"


class LambdaTasks:
    """Stands around what the emulator does by itself."""

    def __init__(self, engine: Any, functions: Any, workers: Any) -> None:
        """Take the place of it.

        Args:
            engine: The module `ministack.services.stepfunctions`.
            functions: The module `ministack.services.lambda_svc`.
            workers: The module `ministack.core.lambda_runtime`.
        """
        self._engine, self._functions = engine, functions
        self._plain_call, engine._call_lambda = engine._call_lambda, self.call
        self._plain_retrier, engine._find_matching_retrier = engine._find_matching_retrier, self.retrier
        self._plain_reserved, functions._reserved_concurrency = functions._reserved_concurrency, self.reserved
        workers.Worker.invoke = telling_a_death(workers.Worker.invoke)

    def call(self, function: Any, event: Any) -> Any:
        """Invoke a function, and count that; an error has the name that Step Functions gives it."""
        began, failure = time.monotonic(), None
        try:
            return self._plain_call(function, event)
        except self._engine._ExecutionError as error:
            failure = renamed(error.error, error.cause)
            raise (error if failure == error.error else self._engine._ExecutionError(failure, error.cause)) from None
        finally:
            if failure != THROTTLED:  # which the emulator counts itself
                _, _, name = self._functions._get_func_record_for_ref(function)
                milliseconds = (time.monotonic() - began) * 1000
                self._functions._emit_lambda_metrics(name, milliseconds, error=failure is not None, throttle=False)

    def retrier(self, retriers: Any, error: Any, counts: Any) -> Any:
        """The retrier of an error, such that the engine waits no longer than it says, and by chance if it says so."""
        found, index = self._plain_retrier(retriers, error, counts)
        if found is None:
            return None, index
        seconds = found.get("IntervalSeconds", 1) * found.get("BackoffRate", 2.0) ** counts.get(index, 0)
        seconds = min(seconds, found.get("MaxDelaySeconds", seconds))
        if found.get("JitterStrategy") == "FULL":
            seconds = random.uniform(0, seconds)  # noqa: S311 - nobody gains by guessing it
        return {**found, "IntervalSeconds": seconds, "BackoffRate": 1}, index

    def reserved(self, function: Any, config: Any) -> Any:
        """The function's reserved concurrency, which stands at the function alone and holds for all its versions."""
        return self._plain_reserved(self._functions._functions.get(config.get("FunctionName")) or function, config)


def renamed(error: str, cause: str) -> str:
    """What Step Functions calls an error of the emulator's."""
    try:
        said = json.loads(cause)
    except ValueError:
        return error
    if said.get("__type") == "TooManyRequestsException":
        return THROTTLED
    return DEATH if str(said.get("errorMessage", "")).endswith(DEATH_MESSAGE) else error


def telling_a_death(invoke: Any) -> Any:
    """A worker's way to invoke, which tells a process that ended from a handler that raised: that one has a trace."""

    def invoked(self: Any, event: Any, request_id: str, **options: Any) -> Any:
        answer = invoke(self, event, request_id, **options)
        if answer["status"] == "error" and "trace" not in answer and "timed out" not in answer["error"]:
            answer["error"] = f"RequestId: {request_id} Error: {DEATH_MESSAGE}"
        return answer

    return invoked
