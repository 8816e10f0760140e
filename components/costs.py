"""What do 1,000 predictions cost? An estimate from the settings, before anything is deployed.

    cost = 1,000 x (price of a request + billed seconds x memory in GB x price of a GB-second)

for requests of one record, billed by the millisecond, rounded up. Leaves out what does not depend on requests (images,
logs, alarms), the free tier, provisioned concurrency, SnapStart's cache and restores, and data that leaves AWS.
"""

import math

#: When the prices below were read, as a reader has to know who compares them with https://aws.amazon.com/lambda/pricing/
PRICES_OF = "2026-11"
REQUEST_USD = 0.20 / 1_000_000
#: First tier (up to 6 billion GB-seconds a month for x86_64, 7.5 billion for arm64).
GB_SECOND_USD = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
#: Regions with these prices. Elsewhere they are higher, and no estimate is better than a wrong one.
REGIONS = frozenset(
    [
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    ]
)


def per_1000_predictions_usd(region: str, architecture: str, memory_mb: int, duration_ms: float) -> float | None:
    """The estimate.

    Args:
        region: AWS region, such as `eu-central-1`.
        architecture: `x86_64` or `arm64`.
        memory_mb: The function's memory in MB.
        duration_ms: How long a request of one record takes, in milliseconds.

    Returns:
        US dollars, without tax; None for a region or processor whose prices are not known here.
    """
    if region not in REGIONS or architecture not in GB_SECOND_USD:
        return None
    seconds = math.ceil(duration_ms) / 1000
    return 1000 * (REQUEST_USD + seconds * memory_mb / 1024 * GB_SECOND_USD[architecture])
