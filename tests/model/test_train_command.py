"""`python -m model.train` as a person meets it: progress, and one plain line when something is wrong."""

from pathlib import Path

import pytest

from model import train
from model.sources import DataUnavailableError


def test_progress_says_where_the_data_came_from_and_how_good_the_model_is(
    tmp_path: Path, raw_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main(["--output", str(tmp_path), "--cache", str(raw_cache)]) == 0
    shown = capsys.readouterr().out
    for expected in ("raw files from the cache", "5,320 wines", "train-rmse", "RMSE 0.", "wine_quality.ubj"):
        assert expected in shown


def test_missing_data_is_one_line_and_a_failing_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch(*_: object, **__: object) -> dict[str, bytes]:
        raise DataUnavailableError("no source gave the wine data")

    monkeypatch.setattr(train, "fetch", fetch)
    assert train.main(["--output", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: no source gave the wine data\n"
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_a_file_is_one_line_and_a_failing_exit_code(
    tmp_path: Path, raw_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    assert train.main(["--output", str(tmp_path / "taken"), "--cache", str(raw_cache)]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: ")
    assert "taken" in complaint
    assert complaint.count("\n") == 1
