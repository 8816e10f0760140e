"""Do the clients' samples, the OpenAPI document and the Postman collection still fit the model?"""

import json
from pathlib import Path
from typing import Any

import pytest

from clients import derive

GOLDEN = json.loads(derive.MODEL.with_name("golden.json").read_text())
DERIVED = derive.derived(derive.MODEL)


@pytest.mark.parametrize("path", sorted(DERIVED, key=str), ids=lambda path: str(path.relative_to(derive.CLIENTS)))
def test_what_is_derived_from_the_model_fits_it(path: Path) -> None:
    assert path.read_text() == DERIVED[path], "run python clients/derive.py"


def test_the_check_names_what_does_not_fit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stale = derive.CLIENTS / "samples" / "records.json"
    monkeypatch.setattr(derive, "derived", lambda _model: {stale: "[]\n"})
    assert derive.main(["--check"]) == 1
    assert capsys.readouterr().out.startswith("samples/records.json does not fit the model any more")


def test_the_check_is_silent_when_all_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert derive.main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_samples_are_golden_records_with_their_predictions() -> None:
    samples = derive.CLIENTS / "samples"
    assert json.loads((samples / "records.json").read_text()) == GOLDEN["records"][: derive.RECORDS]
    assert json.loads((samples / "predictions.json").read_text()) == GOLDEN["predictions"][: derive.RECORDS]


def test_the_bad_sample_has_one_misspelt_feature() -> None:
    good, bad = GOLDEN["records"][0], derive.with_misspelt_feature(GOLDEN["records"][0])
    assert len(set(bad) - set(good)) == len(set(good) - set(bad)) == 1


def test_each_script_gets_the_constants_that_it_mentions_and_no_others() -> None:
    made: dict[str, Any] = derive.script("test", "check-card", constants={"FEATURES": ["a"], "EXPECTED": [1]})
    lines = made["script"]["exec"]
    assert lines[0] == 'const FEATURES = ["a"];'
    assert not any("EXPECTED" in line for line in lines)


def test_a_readmes_results_become_those_of_the_model() -> None:
    shown = "[1.5, 2.5]\n[1.5,2.5]\nok  200, model wine-quality 0123456789ab with\nby model 0123456789ab (\n0,1.5,0\n"
    assert derive.with_results(shown, [3.25, 4.5], "ba9876543210") == (
        "[3.25, 4.5]\n[3.25,4.5]\nok  200, model wine-quality ba9876543210 with\nby model ba9876543210 (\n0,3.25,0\n"
    )
