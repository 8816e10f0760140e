"""Is the estimate the documented formula, and absent where it would be a guess?"""

from pathlib import Path

import pytest

from components import costs


@pytest.mark.parametrize(
    ("architecture", "memory_mb", "duration_ms", "expected"),
    [
        ("x86_64", 1024, 1, 1000 * (0.2e-6 + 0.001 * 1 * 0.0000166667)),
        ("x86_64", 2048, 10, 1000 * (0.2e-6 + 0.010 * 2 * 0.0000166667)),
        ("arm64", 512, 100, 1000 * (0.2e-6 + 0.100 * 0.5 * 0.0000133334)),
    ],
)
def test_requests_and_gb_seconds_make_the_cost(
    architecture: str, memory_mb: int, duration_ms: float, expected: float
) -> None:
    estimate = costs.per_1000_predictions_usd("eu-central-1", architecture, memory_mb, duration_ms)
    assert estimate == pytest.approx(expected)


def test_a_started_millisecond_is_billed_whole() -> None:
    started = costs.per_1000_predictions_usd("eu-central-1", "x86_64", 1024, 1.01)
    assert started == costs.per_1000_predictions_usd("eu-central-1", "x86_64", 1024, 2)


@pytest.mark.parametrize(("region", "architecture"), [("mars-north-1", "x86_64"), ("eu-central-1", "riscv")])
def test_where_prices_are_not_known_there_is_no_estimate(region: str, architecture: str) -> None:
    assert costs.per_1000_predictions_usd(region, architecture, 1024, 1) is None


@pytest.mark.parametrize("predictions", [10_000, 1_000_000, 100_000_000])
def test_the_loads_on_the_deployment_page_cost_what_it_says(predictions: int) -> None:
    page = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text(encoding="utf-8")
    estimates = [costs.per_1000_predictions_usd("eu-central-1", "x86_64", memory, 1) for memory in (1024, 1769)]
    dollars = " | ".join(f"${predictions / 1000 * estimate:.2f}" for estimate in estimates if estimate)
    assert f"| {predictions:,} | {dollars} |" in page
    assert f"prices of\n{costs.PRICES_OF}" in page
