"""What does a batch run cost? An estimate in US dollars, by the prices of November 2026 in most regions.

Lambda's requests and time, the requests and time of the Express workflows around them, and one state transition of the
run for each that it starts, which is most of it: AWS's page leaves open whether that counts, and an estimate that is
too high does no harm. Leaves out S3, logs, free tiers, and that a first batch of each environment takes longer.

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


@dataclass(frozen=True)
class Work:
    """What is paid for.

    Attributes:
        batches: Invocations.
        seconds: Time of one.
        memory_mb: The function's memory.
        architecture: Its processor.
    """

    batches: int
    seconds: float
    memory_mb: int
    architecture: str

    @property
    def usd(self) -> float:
        """The estimate."""
        price = LAMBDA_GB_SECOND_USD.get(self.architecture, max(LAMBDA_GB_SECOND_USD.values()))
        lambda_usd = LAMBDA_REQUEST_USD + self.seconds * self.memory_mb / 1024 * price
        steps = math.ceil(self.seconds / _EXPRESS_STEP_SECONDS) * _EXPRESS_STEP_SECONDS
        express_usd = EXPRESS_REQUEST_USD + steps * _EXPRESS_GB * EXPRESS_GB_SECOND_USD
        return self.batches * (lambda_usd + express_usd + TRANSITION_USD)


def batch_seconds(rows: int) -> float:
    """How long a batch takes where nobody has measured it: 5 ms, and 10 µs a row of a dozen numbers as CSV."""
    return 0.005 + rows * 0.00001
