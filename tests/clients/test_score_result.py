"""Is every row in the output once, wherever a run is killed? Every write and every rename is tried as the last one."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ml_inference_client.errors import InferenceError
from ml_inference_client.score.paths import Paths
from ml_inference_client.score.result import Result, Scored
from ml_inference_client.score.schema import Fault

IDENTITY = {"columns": ["a"], "model": "0123456789ab"}
CHUNKS = [
    Scored(0, [1.5, 2.5], [], {}, 10, "digest of 10"),
    Scored(2, [None, 3.5], [], {0: [Fault("a", "not_a_number", "no")]}, 20, "digest of 20"),
    Scored(4, [-0.25], [], {}, 30, "digest of 30"),
]
OUTPUT = "row,prediction\n0,1.5\n1,2.5\n2,\n3,3.5\n4,-0.25\n"
FAILED = "row,field,code,message\n2,a,not_a_number,no\n"


class Killed(BaseException):
    """What a test ends a run with."""


class Table:
    """An input that is read as the chunks say."""

    mode = 0o440

    def digest(self, position: int | None) -> str:
        return f"digest of {position or 0}"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "out.csv")


@contextmanager
def begun(paths: Paths, identity: Any = IDENTITY, restart: bool = False, table: Any = None) -> Iterator[Result]:
    with paths.claimed(Path("no such input")), Result(paths, restart) as result:
        result.begin(identity, ["prediction"], [], table or Table())
        yield result


def run(paths: Paths, restart: bool = False) -> Result:
    """Write what is not written yet, as the command does."""
    with begun(paths, restart=restart) as result:
        for chunk in CHUNKS:
            if chunk.first_row >= result.progress.rows:
                result.write(chunk)
        result.finish()
    return result


def unfinished(paths: Paths, chunks: int) -> None:
    """What a run leaves that was killed after some chunks."""
    with begun(paths) as result:
        for chunk in CHUNKS[:chunks]:
            result.write(chunk)


def assert_complete(paths: Paths) -> None:
    assert paths.output.read_text() == OUTPUT
    assert paths.failures.read_text() == FAILED
    assert sorted(path.name for path in paths.output.parent.iterdir()) == ["out.csv", "out.csv.failed.csv"]


def test_an_undisturbed_run_is_complete(paths: Paths) -> None:
    run(paths)
    assert_complete(paths)


def ending_at_write(last: int, share: float, end: BaseException) -> Callable[[int, Any], int]:
    """In place of os.write: does all writes up to one, of which it does a part."""
    writes, write = 0, os.write

    def counted(file: int, content: Any) -> int:
        nonlocal writes
        writes += 1
        if writes <= last:
            return write(file, content)
        write(file, content[: int(len(content) * share)])
        raise end

    return counted


@pytest.mark.parametrize("share", [0, 0.5, 1], ids=["before", "within", "after"])
@pytest.mark.parametrize("last", range(11))
def test_a_run_that_ends_at_a_write_goes_on(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, last: int, share: float
) -> None:
    """Killed at first; then the disk is full, so that the third run goes on with what two of them left."""
    for share_written, end in ((share, Killed()), (share / 2, OSError(errno.ENOSPC, "No space left on device"))):
        with monkeypatch.context() as patch, contextlib.suppress(Killed, OSError):
            patch.setattr(os, "write", ending_at_write(last, share_written, end))
            run(paths)
        last = 2
    if not paths.output.exists():
        run(paths)
    assert_complete(paths)


@pytest.mark.parametrize("steps", range(4))
def test_a_run_killed_while_it_finishes_goes_on(paths: Paths, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
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
        unfinished(paths, chunks=3)
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(Path, "unlink", counted(Path.unlink))
        with pytest.raises(Killed):
            run(paths)
    if paths.journal.exists():
        assert run(paths).resumed, "all was done, and it began again"
    else:
        paths.folder.joinpath("lock").unlink()
        paths.folder.rmdir()
    assert_complete(paths)


def test_what_the_journal_does_not_vouch_for_is_cut_off(paths: Paths) -> None:
    unfinished(paths, chunks=1)
    for path in (paths.partial, paths.partial_failures):
        with path.open("a") as file:
            file.write("7,7.7\n" * 100)
    assert run(paths).resumed
    assert_complete(paths)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def turn_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def fill_with_zeros(path: Path) -> None:
    """As file systems leave a block that was not written when the power failed."""
    content = path.read_bytes()
    path.write_bytes(content[:-5] + bytes(5))


@pytest.mark.parametrize("harm", [cut, turn_a_byte, fill_with_zeros])
@pytest.mark.parametrize("name", ["journal", "partial", "partial_failures"])
def test_damage_costs_no_more_than_what_it_hit(paths: Paths, name: str, harm: Callable[[Path], None]) -> None:
    unfinished(paths, chunks=2)
    harm(getattr(paths, name))
    with begun(paths) as result:
        assert result.resumed
        assert 0 < result.progress.rows < 4
    assert run(paths).resumed
    assert_complete(paths)


def test_a_damaged_line_within_the_journal_costs_nothing(paths: Paths) -> None:
    unfinished(paths, chunks=2)
    first, second, *others = paths.journal.read_bytes().split(b"\n")
    paths.journal.write_bytes(b"\n".join([first, second.replace(b"rows", b"r\xffws"), *others]))
    with begun(paths) as result:
        assert result.progress.rows == 4


def test_without_its_first_line_a_journal_still_knows_the_model(paths: Paths) -> None:
    unfinished(paths, chunks=2)
    _, *others = paths.journal.read_bytes().split(b"\n")
    paths.journal.write_bytes(b"\n".join([b"?", *others]))
    with begun(paths) as result:
        assert result.progress.rows == 4
    with pytest.raises(InferenceError, match="changed; give --restart"), begun(paths, {**IDENTITY, "model": "other"}):
        pass


@pytest.mark.parametrize("name", ["partial", "partial_failures"])
def test_a_lost_file_is_noticed(paths: Paths, name: str) -> None:
    unfinished(paths, chunks=2)
    getattr(paths, name).unlink()
    with pytest.raises(InferenceError, match="are missing or damaged; give --restart"):
        run(paths)


def test_a_journal_that_is_damaged_throughout_is_noticed(paths: Paths) -> None:
    unfinished(paths, chunks=2)
    paths.journal.write_bytes(b"nothing\nof\nuse\n")
    with pytest.raises(InferenceError, match="is damaged throughout; give --restart"):
        run(paths)
    run(paths, restart=True)
    assert_complete(paths)


def test_a_chunk_out_of_order_is_not_written(paths: Paths) -> None:
    with begun(paths) as result, pytest.raises(InferenceError, match="came after row 0"):
        result.write(CHUNKS[1])


def test_another_input_begins_no_second_half(paths: Paths) -> None:
    class Other(Table):
        def digest(self, _position: int | None) -> str:
            return "another digest"

    unfinished(paths, chunks=2)
    with (
        pytest.raises(InferenceError, match="no longer the one of which 4 rows were scored"),
        begun(paths, table=Other()),
    ):
        pass
    run(paths)
    assert_complete(paths)


def test_another_model_begins_no_second_half(paths: Paths) -> None:
    unfinished(paths, chunks=1)
    with (
        pytest.raises(InferenceError, match="since then the model changed"),
        begun(paths, {**IDENTITY, "model": "ba9876543210"}),
    ):
        pass


def test_a_restarted_run_goes_on_without_saying_so_again(paths: Paths) -> None:
    run(paths)
    with begun(paths, restart=True) as result:
        result.write(CHUNKS[0])
    assert paths.output.read_text() == OUTPUT, "the earlier result must stay until the new one is whole"
    assert run(paths).resumed
    assert_complete(paths)


@pytest.mark.parametrize(
    ("predicted", "predictions", "says"),
    [
        (["prediction"], [[0.5, 0.5]], "answered several numbers a row, and its card says one"),
        (["p0", "p1"], [0.5], "did not answer 2 numbers a row"),
        (["p0", "p1"], [[0.5, 0.25, 0.25]], "did not answer 2 numbers a row"),
    ],
)
def test_predictions_that_do_not_fit_their_columns_are_refused(
    paths: Paths, predicted: list[str], predictions: list[Any], says: str
) -> None:
    with paths.claimed(Path("no such input")), Result(paths) as result:
        result.begin(IDENTITY, predicted, [], Table())
        with pytest.raises(InferenceError, match=says):
            result.write(Scored(0, predictions, [], {}, 1))


def test_each_class_has_a_column(paths: Paths) -> None:
    with paths.claimed(Path("no such input")), Result(paths) as result:
        result.begin(IDENTITY, ["red", "white"], ["id"], Table())
        result.write(Scored(0, [[0.25, 0.75], None], [["a", "b"]], {1: [Fault("a", "not_a_number", "no")]}, 1))
        result.finish()
    assert paths.output.read_text() == "row,red,white,id\n0,0.25,0.75,a\n1,,,b\n"


@pytest.mark.skipif(os.name == "nt", reason="files have no such modes there")
def test_nobody_may_read_what_is_copied_who_may_not_read_the_input(paths: Paths) -> None:
    run(paths)
    assert paths.output.stat().st_mode & 0o777 == 0o640
    assert paths.failures.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="files have no such modes there")
def test_a_result_that_is_replaced_keeps_its_mode(paths: Paths) -> None:
    run(paths)
    paths.output.chmod(0o600)
    run(paths, restart=True)
    assert paths.output.stat().st_mode & 0o777 == 0o600
