"""What does a batch run cost? An estimate in US dollars, by the prices of November 2026 in most regions.

For each batch Lambda's request and time, the request and time of the Express workflow around it, and one state
transition of the run for its start, which is most of it: AWS's page leaves open whether that counts, and an estimate
that is too high does no harm. Leaves out S3, logs, free tiers, retries, and that a first batch of each environment
takes longer.

https://aws.amazon.com/lambda/pricing/ and https://aws.amazon.com/step-functions/pricing/
"""

import math
from dataclasses import dataclass

PRICES_OF = "2026-11"
LAMBDA_REQUEST_USD = 0.20 / 1_000_000
LAMBDA_GB_SECOND_USD = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
EXPRESS_REQUEST_USD = 1.00 / 1_000_000
TRANSITION_USD = 25.00 / 1_000_000
#: First tier; an Express workflow is billed in steps of 100 ms and 64 MB.
EXPRESS_GB_SECOND_USD = 0.00001667
_EXPRESS_GB = 64 / 1024
_EXPRESS_STEP_SECONDS = 0.1

#: Bytes of rows that the state machine puts into a batch at most.
ROW_BYTES_PER_BATCH = 240_000

#: Memory at which a function has a whole core, which is all that a prediction uses.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
_CORE_MB = 1_769
_MEASURED_MB = 1_024


@dataclass(frozen=True)
class Work:
    """What is paid for.

    Attributes:
        batches: Invocations.
        seconds: Time of one.
        memory_mb: The function's memory.
        architecture: Its processor.
        measured: Whether the time was measured in AWS.
    """

    batches: int
    seconds: float
    memory_mb: int
    architecture: str
    measured: bool = False

    @property
    def usd(self) -> float:
        """The estimate."""
        price = LAMBDA_GB_SECOND_USD.get(self.architecture, max(LAMBDA_GB_SECOND_USD.values()))
        lambda_usd = LAMBDA_REQUEST_USD + self.seconds * self.memory_mb / 1024 * price
        steps = math.ceil(self.seconds / _EXPRESS_STEP_SECONDS) * _EXPRESS_STEP_SECONDS
        express_usd = EXPRESS_REQUEST_USD + steps * _EXPRESS_GB * EXPRESS_GB_SECOND_USD
        return self.batches * (lambda_usd + express_usd + TRANSITION_USD)

    def __str__(self) -> str:
        how = "Lambda's metrics of its time" if self.measured else "assumed"
        return (
            f"about {self.usd:.4f} US dollars: {self.batches:,} batches of {self.seconds * 1000:.1f} ms ({how}), "
            f"an estimate by the prices of {PRICES_OF}"
        )


def rows_in_a_batch(most: int, row_bytes: float | None) -> int:
    """How many rows a batch holds, by their number and, if it is known, by their size."""
    return most if row_bytes is None else max(1, min(most, int(ROW_BYTES_PER_BATCH // row_bytes)))


def batch_seconds(rows: int, memory_mb: int) -> float:
    """How long a batch takes where nobody has measured it.

    With 1,024 MB, six tenths of a core, 5 ms and 10 µs a row of a dozen numbers as CSV; otherwise by the share of a
    core that the memory brings.
    """
    return (0.005 + rows * 0.00001) * _MEASURED_MB / min(memory_mb, _CORE_MB)
