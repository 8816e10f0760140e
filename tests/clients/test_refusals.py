"""Is every 403 explained, and in every client with the same words?"""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from ml_inference_client.refusal import Cause, cause_of, skew_seconds

CASES = json.loads(Path(__file__).with_name("refusals.json").read_text())
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
REGION = "eu-central-1"


def answer_of(case: dict[str, Any]) -> tuple[dict[str, str], str]:
    """The headers and the body of an answer, at a time when this machine's clock says NOW."""
    date = NOW + timedelta(seconds=case.get("date_ahead_seconds", 0))
    headers = {"x-amzn-errortype": case["errortype"], "date": format_datetime(date, usegmt=True)}
    return headers, case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])


def explained(case: dict[str, Any]) -> Cause:
    return cause_of(*answer_of(case), region=REGION, now=NOW)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_refusal_is_explained(case: dict[str, Any]) -> None:
    assert case["says"] in explained(case).sentence


def test_each_cause_has_a_code_of_its_own() -> None:
    assert {explained(case).code for case in CASES} == {
        "missing-grant:lambda:InvokeFunction",
        "missing-grant:lambda:InvokeFunctionUrl",
        "denied:lambda:InvokeFunctionUrl",
        "missing-grant",
        "clock-skew",
        "expired-session",
        "wrong-region",
        "wrong-secret",
        "unknown-key",
        "unsigned",
        "not-aws",
    }


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_without_a_date_there_is_no_skew(date: str | None) -> None:
    assert skew_seconds(date) is None


@pytest.mark.slow
def test_the_node_client_explains_with_the_same_words(node_client: Path) -> None:
    refusals = []
    for case in CASES:
        headers, body = answer_of(case)
        refusal = {"errorType": headers["x-amzn-errortype"], "date": headers["date"], "body": body, "region": REGION}
        refusals.append({**refusal, "now": NOW.timestamp() * 1000})
    program = """
        import { causeOf } from "./refusal.js";
        const refusals = JSON.parse((await import("node:fs")).readFileSync(0, "utf8"));
        console.log(JSON.stringify(refusals.map(causeOf)));
    """
    run = subprocess.run(
        ["node", "--input-type=module", "--eval", program],
        input=json.dumps(refusals), cwd=node_client, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    causes = [Cause(cause["code"], cause["sentence"]) for cause in json.loads(run.stdout)]
    assert causes == [explained(case) for case in CASES]
