"""Is every row in the output once, wherever a run is killed? Every write and every rename is tried as the last one."""

from pathlib import Path
from typing import Any

import pytest
from ml_inference_client.errors import InferenceError
from ml_inference_client.score import result
from ml_inference_client.score.result import Result, Scored
from ml_inference_client.score.schema import Fault

IDENTITY = {"input": {"bytes": 1}, "columns": ["a"], "model": "0123456789ab"}
CHUNKS = [
    Scored(0, [1.5, 2.5], [], {}, 10),
    Scored(2, [None, 3.5], [], {0: [Fault("a", "not_a_number", "no")]}, 20),
    Scored(4, [[0.25, 0.75]], [], {}, 30),
]
OUTPUT = 'row,prediction\n0,1.5\n1,2.5\n2,\n3,3.5\n4,"[0.25, 0.75]"\n'
FAILED = "row,field,code,message\n2,a,not_a_number,no\n"


class Killed(BaseException):
    """What a test ends a run with."""


def run(output: Path) -> bool:
    """Write what is not written yet, as the command does; returns whether an earlier run was gone on with."""
    with Result(output, IDENTITY) as files:
        files.begin([])
        for chunk in CHUNKS:
            if chunk.first_row >= files.progress.rows:
                files.write(chunk)
        files.finish()
        return files.resumed


def assert_complete(output: Path) -> None:
    assert output.read_text() == OUTPUT
    assert output.with_name("out.failed.csv").read_text() == FAILED
    assert sorted(path.name for path in output.parent.iterdir()) == ["out.csv", "out.failed.csv"]


def test_an_undisturbed_run_is_complete(tmp_path: Path) -> None:
    run(tmp_path / "out.csv")
    assert_complete(tmp_path / "out.csv")


@pytest.mark.parametrize("share", [0, 0.5, 1], ids=["before", "within", "after"])
@pytest.mark.parametrize("last", range(11))
def test_a_run_killed_at_a_write_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int, share: float
) -> None:
    writes = 0

    def killed_at_write(file: Any, content: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes > last:
            file.write(content[: int(len(content) * share)])
            file.flush()
            raise Killed
        file.write(content)
        file.flush()

    with monkeypatch.context() as patch:
        patch.setattr(result, "_append", killed_at_write)
        with pytest.raises(Killed):
            run(tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    run(tmp_path / "out.csv")
    assert_complete(tmp_path / "out.csv")


@pytest.mark.parametrize("steps", range(3))
def test_a_run_killed_while_it_finishes_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    done = 0

    def counted(method: Any) -> Any:
        def call(path: Path, *arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == steps:
                raise Killed
            done += 1
            return method(path, *arguments, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        with pytest.raises(Killed):
            run(tmp_path / "out.csv")
    assert run(tmp_path / "out.csv"), "all was done, and it began anew"
    assert_complete(tmp_path / "out.csv")


def test_what_the_journal_does_not_vouch_for_is_cut_off(tmp_path: Path) -> None:
    with Result(tmp_path / "out.csv", IDENTITY) as files:
        files.begin([])
        files.write(CHUNKS[0])
    for name in ("out.csv.partial", "out.failed.csv.partial"):
        with (tmp_path / name).open("a") as file:
            file.write("7,7.7\n" * 100)
    assert run(tmp_path / "out.csv")
    assert_complete(tmp_path / "out.csv")


def test_a_chunk_out_of_order_is_not_written(tmp_path: Path) -> None:
    with Result(tmp_path / "out.csv", IDENTITY) as files:
        files.begin([])
        with pytest.raises(InferenceError, match="came after row 0"):
            files.write(CHUNKS[1])


def test_an_output_that_lost_what_was_vouched_for_is_noticed(tmp_path: Path) -> None:
    with Result(tmp_path / "out.csv", IDENTITY) as files:
        files.begin([])
        files.write(CHUNKS[0])
    (tmp_path / "out.csv.partial").write_text("row")
    with pytest.raises(InferenceError, match="is missing or cut; give --restart"):
        Result(tmp_path / "out.csv", IDENTITY)


def test_another_model_begins_no_second_half(tmp_path: Path) -> None:
    with Result(tmp_path / "out.csv", IDENTITY) as files:
        files.begin([])
    with pytest.raises(InferenceError, match="since then the model changed"):
        Result(tmp_path / "out.csv", {**IDENTITY, "model": "ba9876543210"})
