"""Does `score` leave every file alone that is not its own? Nothing is ever sent here: the endpoint is out of reach."""

import contextlib
import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ml_inference_client.__main__ import main
from ml_inference_client.errors import InferenceError
from ml_inference_client.score.paths import Paths
from ml_inference_client.score.result import Result

from tests.clients.test_score_result import begun, run, unfinished

PRECIOUS = "alcohol,note\n9.4,nobody may lose this\n"
NAMES = ["output", "failures", "partial", "partial_failures", "journal"]

posix = pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights there")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "work").mkdir()
    return Paths(tmp_path / "work" / "out.csv")


def score(table: Path | str, output: Path | str, *options: str) -> str:
    """Run the command; returns what it said."""
    said = io.StringIO()
    endpoint = ["--endpoint", "http://127.0.0.1:1", "--region", "eu-central-1", "--role-arn", "", "--attempts", "1"]
    with contextlib.redirect_stderr(said):
        status = main(["score", str(table), str(output), *options, *endpoint])
    assert status == 1
    (line,) = said.getvalue().splitlines()
    assert "gave no answer" not in line, "something was sent"
    return line


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")


def as_it_is(path: Path, _folder: Path) -> Path:
    return path


def by_symlink(path: Path, folder: Path) -> Path:
    (folder / "link.csv").symlink_to(path)
    return folder / "link.csv"


def by_hard_link(path: Path, folder: Path) -> Path:
    (folder / "twin.csv").hardlink_to(path)
    return folder / "twin.csv"


def by_linked_folder(path: Path, folder: Path) -> Path:
    (folder / "linked").symlink_to(path.parent)
    return folder / "linked" / path.name


def by_relative_path(path: Path, _folder: Path) -> Path:
    return Path(os.path.relpath(path))


@posix
@pytest.mark.parametrize("other_name", [as_it_is, by_symlink, by_hard_link, by_linked_folder, by_relative_path])
@pytest.mark.parametrize("options", [(), ("--restart",)], ids=["", "restart"])
@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_never_written(
    paths: Paths, tmp_path: Path, name: str, options: tuple[str, ...], other_name: Callable[[Path, Path], Path]
) -> None:
    table = getattr(paths, name)
    table.parent.mkdir(exist_ok=True)
    table.write_text(PRECIOUS)
    assert "which is the input itself; name another output" in score(
        other_name(table, tmp_path), paths.output, *options
    )
    assert table.read_text() == PRECIOUS


@posix
@pytest.mark.parametrize("options", [(), ("--restart",)], ids=["", "restart"])
@pytest.mark.parametrize("dangling", [False, True], ids=["", "dangling"])
@pytest.mark.parametrize("name", NAMES)
def test_no_link_is_followed(paths: Paths, tmp_path: Path, name: str, dangling: bool, options: tuple[str, ...]) -> None:
    table, target = tmp_path / "in.csv", tmp_path / "precious.csv"
    table.write_text(PRECIOUS)
    if not dangling:
        target.write_text(PRECIOUS)
    link = getattr(paths, name)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)
    assert "which is a symbolic link; name another output" in score(table, paths.output, *options)
    assert link.is_symlink()
    assert target.exists() != dangling
    assert dangling or target.read_text() == PRECIOUS


@posix
def test_a_link_in_place_of_the_folder_is_not_followed(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    (tmp_path / "elsewhere").mkdir()
    paths.folder.symlink_to(tmp_path / "elsewhere")
    assert "was not made by this command" in score(tmp_path / "in.csv", paths.output)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", ["output", "failures"])
@pytest.mark.parametrize(
    ("options", "says"),
    [((), "exists already; move it away"), (("--restart",), "was not written by this command")],
    ids=["", "restart"],
)
def test_a_file_of_somebody_else_stays(
    paths: Paths, tmp_path: Path, name: str, options: tuple[str, ...], says: str
) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    getattr(paths, name).write_text(PRECIOUS)
    assert says in score(tmp_path / "in.csv", paths.output, *options)
    assert getattr(paths, name).read_text() == PRECIOUS
    assert not paths.folder.exists()


def test_a_folder_of_somebody_else_stays(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    paths.folder.mkdir()
    paths.partial.write_text(PRECIOUS)
    assert "was not made by this command" in score(tmp_path / "in.csv", paths.output, "--restart")
    assert paths.partial.read_text() == PRECIOUS


def test_what_else_lies_in_the_folder_stays(paths: Paths) -> None:
    unfinished(paths, chunks=1)
    (paths.folder / "notes.txt").write_text(PRECIOUS)
    run(paths)
    assert [path.name for path in paths.folder.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["output", "failures"])
def test_a_file_that_appears_during_the_run_stays(paths: Paths, name: str) -> None:
    appeared: Path = getattr(paths, name)
    unfinished(paths, chunks=3)
    with begun(paths) as result:
        appeared.write_text(PRECIOUS)
        with pytest.raises(InferenceError, match="appeared while the run was on; move it away"):
            result.finish()
    assert appeared.read_text() == PRECIOUS
    appeared.unlink()
    assert run(paths).resumed


@pytest.mark.parametrize("ending", [".failed.csv", ".unfinished", ".FAILED.csv"])
def test_an_output_cannot_be_called_as_a_run_calls_its_own_files(tmp_path: Path, ending: str) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    assert "which a run appends itself" in score(tmp_path / "in.csv", tmp_path / f"out{ending}")


def test_outputs_that_differ_in_their_ending_share_no_name() -> None:
    one, other = (
        {getattr(paths, name) for name in (*NAMES, "folder")}
        for paths in (Paths(Path("out.csv")), Paths(Path("out.tsv")))
    )
    assert not one & other


@posix
@pytest.mark.parametrize("other_name", [as_it_is, by_linked_folder, by_relative_path])
def test_two_runs_do_not_write_one_output(
    paths: Paths, tmp_path: Path, other_name: Callable[[Path, Path], Path]
) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    with paths.claimed(tmp_path / "in.csv"):
        assert "another run is writing" in score(tmp_path / "in.csv", other_name(paths.output, tmp_path))


def test_a_run_that_began_nothing_leaves_nothing(paths: Paths) -> None:
    with paths.claimed(Path("no such input")), Result(paths):
        pass
    assert list(paths.output.parent.iterdir()) == []


@posix
def test_an_input_that_cannot_be_read_twice_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is no ordinary file" in score(tmp_path / "pipe.csv", tmp_path / "out.csv")


@pytest.mark.parametrize("output", ["", ".", "/", "folder/.."])
def test_an_output_that_is_a_folder_is_refused(tmp_path: Path, output: str) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    assert re.search(
        "must be a file; name one|is no ordinary file|there is no folder", score(tmp_path / "in.csv", output)
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(PRECIOUS)
    assert "there is no folder" in score(tmp_path / "in.csv", tmp_path / "gone" / "out.csv")
