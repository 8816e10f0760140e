"""Does `score` give every row its prediction, once and in order, whatever happens on the way?"""

import csv
import errno
import io
import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from ml_inference_client.score import command, npy, scoring

from tests.clients.callers import PYTHON_COMMAND, PythonCaller, Run
from tests.clients.conftest import GOLDEN, REPOSITORY
from tests.clients.fault_proxy import FaultProxy, Seen, _Handler, answered, break_off, forward, hang_up
from tests.clients.local_endpoint import Identity, LocalEndpoint
from tests.clients.test_score_result import ending_at_write

pytestmark = pytest.mark.usefixtures("short_waits")

ROWS = 150
CHUNK = 20
FEATURES = list(GOLDEN["records"][0])


@pytest.fixture(scope="session")
def wines() -> pd.DataFrame:
    """Wines that nobody made: each feature of each row from some golden record, and a label."""
    choose = random.Random(5)
    rows = [[choose.choice(GOLDEN["records"])[name] for name in FEATURES] for _ in range(ROWS)]
    return pd.DataFrame(rows, columns=FEATURES).assign(label=[f"wine {i}" for i in range(ROWS)])


@pytest.fixture(scope="session")
def expected(wines: pd.DataFrame) -> list[float]:
    """What XGBoost's own package predicts for them."""
    booster = xgboost.Booster(model_file=REPOSITORY / "model" / "wine_quality.ubj")
    matrix = xgboost.DMatrix(wines[FEATURES].to_numpy(dtype=np.float32), feature_names=FEATURES)
    predictions: list[float] = booster.predict(matrix).astype(float).tolist()
    return predictions


@pytest.fixture
def table(wines: pd.DataFrame, tmp_path: Path) -> Path:
    """The wines as CSV."""
    path = tmp_path / "wines.csv"
    wines.to_csv(path, index=False)
    return path


Score = Callable[..., Run]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "predictions.csv"


@pytest.fixture
def score(endpoint: LocalEndpoint, invoker: Identity, proxy: FaultProxy, tmp_path: Path, output: Path) -> Score:
    """The command, through the proxy, in chunks of 20 rows unless told otherwise."""
    session, python = invoker.session, PythonCaller(endpoint, tmp_path)

    def run(table: Path, *options: str) -> Run:
        arguments = ["score", str(table), str(output), "--chunk-rows", str(CHUNK), *options]
        return python.run([*arguments, *python.options(session, proxy.url)], session, proxy.url)

    return run


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def predictions(path: Path) -> list[float | None]:
    rows = lines(path)
    assert [int(row["row"]) for row in rows] == list(range(len(rows)))
    return [float(row["prediction"]) if row["prediction"] else None for row in rows]


def sent_rows(proxy: FaultProxy) -> int:
    return sum(len(np.load(io.BytesIO(seen.body))) for seen in proxy.seen if seen.method == "POST")


def leftovers(output: Path) -> list[str]:
    kept = {output.name, "wines.csv", "wines.parquet", "outputs.json"}
    return [path.name for path in output.parent.iterdir() if path.name not in kept]


def test_every_row_gets_its_prediction_in_order(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    run = score(table)
    assert run.status == 0, run.err
    assert predictions(output) == expected
    assert sent_rows(proxy) == ROWS
    assert leftovers(output) == []
    assert "not sent, because the model does not know them: label" in run.err


def test_a_parquet_file_is_scored_alike(
    score: Score, wines: pd.DataFrame, tmp_path: Path, output: Path, expected: list[float]
) -> None:
    table = tmp_path / "wines.parquet"
    wines.astype({"color_red": "int8"}).to_parquet(table, row_group_size=33)
    assert score(table, "--keep", "label").status == 0
    assert predictions(output) == expected
    assert [row["label"] for row in lines(output)] == list(wines["label"])


def test_columns_are_copied_as_they_are(score: Score, wines: pd.DataFrame, tmp_path: Path, output: Path) -> None:
    labels = ['with a "quote", a comma', "of two\nlines", "späte Lese", ""] * 37 + ["a", "b"]
    table = tmp_path / "wines.csv"
    wines.assign(label=labels)[["label", *FEATURES]].to_csv(
        table, index=False, sep=";", lineterminator="\r\n", encoding="utf-8-sig"
    )
    assert score(table, "--delimiter", ";", "--keep", "label", "--keep", "alcohol").status == 0
    assert [row["label"] for row in lines(output)] == labels
    assert [float(row["alcohol"]) for row in lines(output)] == list(wines["alcohol"])


def test_a_column_that_is_no_utf_8_is_copied_as_it_is(
    score: Score, wines: pd.DataFrame, tmp_path: Path, output: Path
) -> None:
    table = tmp_path / "wines.csv"
    table.write_bytes(
        wines.rename(columns={"label": "Säure"}).assign(Säure="süß").to_csv(index=False).encode("latin-1")
    )
    assert score(table, "--keep", b"S\xe4ure".decode(errors="surrogateescape")).status == 0
    assert output.read_bytes().splitlines()[0] == b"row,prediction,S\xe4ure"
    assert output.read_bytes().splitlines()[1].endswith(b",s\xfc\xdf")


@pytest.mark.parametrize("delimiter", ['"', "\n", "", "ab", " "])
def test_a_delimiter_that_cannot_be_one_is_refused(score: Score, table: Path, delimiter: str) -> None:
    assert "--delimiter must be one character" in score(table, "--delimiter", delimiter).err


def test_a_tab_may_be_written_as_in_programs(score: Score, wines: pd.DataFrame, tmp_path: Path) -> None:
    wines.to_csv(tmp_path / "wines.csv", sep="\t", index=False)
    assert score(tmp_path / "wines.csv", "--delimiter", "\\t").status == 0


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("much", "not_a_number"),
        ("9;4", "not_a_number"),
        ("1_0", "not_a_number"),
        ("١٢", "not_a_number"),
        ("", "missing_value"),
        ("nan", "out_of_range"),
        ("inf", "out_of_range"),
        ("1e39", "out_of_range"),
        (None, "wrong_cells"),
    ],
)
def test_a_row_that_cannot_be_sent_is_set_aside(
    score: Score, table: Path, output: Path, expected: list[float], cell: str | None, code: str
) -> None:
    bad = 42
    written = table.read_text().split("\n")
    cells = written[bad + 1].split(",")
    column = FEATURES.index("alcohol")
    cells = cells[:-1] if cell is None else [*cells[:column], cell, *cells[column + 1 :]]
    written[bad + 1] = ",".join(cells)
    table.write_text("\n".join(written))

    run = score(table)
    assert run.status == command.SOME_ROWS_FAILED
    assert predictions(output) == [*expected[:bad], None, *expected[bad + 1 :]]
    (failure,) = lines(output.with_name("predictions.csv.failed.csv"))
    assert (failure["row"], failure["code"]) == (str(bad), code)
    assert failure["field"] == ("" if cell is None else "alcohol")
    assert not cell or cell not in failure["message"]
    assert "why 1 of them have no prediction" in run.err


def test_a_boolean_column_is_not_taken_for_numbers(
    score: Score, wines: pd.DataFrame, tmp_path: Path, output: Path
) -> None:
    table = tmp_path / "wines.parquet"
    wines.astype({"color_red": bool}).to_parquet(table)
    assert score(table).status == command.SOME_ROWS_FAILED
    assert predictions(output) == [None] * ROWS


def test_rows_that_the_endpoint_refuses_are_set_aside(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    faults = [{"row": row, "field": "pH", "code": "unwanted", "message": "not today"} for row in (3, 7)]
    proxy.faults.extend([forward, answered(422, {"detail": "2 faults", "errors": faults})])
    assert score(table, "--concurrency", "1").status == command.SOME_ROWS_FAILED
    assert predictions(output) == [None if row in (3, 7) else value for row, value in enumerate(expected)]
    assert [row["row"] for row in lines(output.with_name("predictions.csv.failed.csv"))] == ["3", "7"]
    assert sent_rows(proxy) == CHUNK + ROWS - 2


def test_a_refusal_of_the_whole_request_ends_the_run(score: Score, table: Path, proxy: FaultProxy) -> None:
    proxy.faults.extend([forward, answered(422, {"detail": "this is no table"})])
    run = score(table)
    assert run.status == 1
    assert "422: this is no table" in run.err


def test_requests_stay_below_the_limit(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "MOST_BYTES", {npy.MEDIA_TYPE: 2000})
    assert score(table, "--chunk-rows", "100").status == 0
    assert predictions(output) == expected
    assert max(len(seen.body) for seen in proxy.seen) <= 2000


def test_what_the_endpoint_finds_too_large_is_sent_in_halves(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    proxy.faults.extend([forward, answered(413), answered(413)])
    assert score(table, "--concurrency", "1").status == 0
    assert predictions(output) == expected


def test_throttling_and_dying_connections_lose_nothing(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    proxy.faults.extend([forward, *[hang_up, answered(429), forward, break_off, answered(503)] * 3])
    assert score(table).status == 0
    assert predictions(output) == expected


def test_an_interrupted_run_goes_on_where_it_stopped(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    proxy.faults.extend([*[forward] * 6, answered(500)])
    run = score(table, "--concurrency", "1")
    assert run.status == 1
    assert "the same command goes on from there" in run.err
    assert not output.exists()

    sent = sent_rows(proxy)
    run = score(table, "--concurrency", "1")
    assert run.status == 0
    assert f"going on after row {5 * CHUNK:,} of an earlier run" in run.err
    assert predictions(output) == expected
    assert sent_rows(proxy) - sent == ROWS - 5 * CHUNK
    assert leftovers(output) == []


def test_a_parquet_run_goes_on_within_a_row_group(
    score: Score, wines: pd.DataFrame, tmp_path: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    table = tmp_path / "wines.parquet"
    wines.to_parquet(table, row_group_size=33)
    proxy.faults.extend([*[forward] * 6, answered(500)])
    assert score(table, "--concurrency", "1").status == 1
    assert score(table, "--concurrency", "2").status == 0
    assert predictions(output) == expected


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP", "SIGINT"])
def test_a_run_that_a_signal_ends_goes_on_where_it_stopped(
    score: Score,
    table: Path,
    output: Path,
    expected: list[float],
    proxy: FaultProxy,
    invoker: Identity,
    tmp_path: Path,
    name: str,
) -> None:
    if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, by nohup or by a shell in whose background this runs")
    arrived, ended = threading.Event(), threading.Event()

    def hold(_handler: _Handler, _seen: Seen) -> None:
        arrived.set()
        ended.wait()

    proxy.faults.extend([*[forward] * 4, hold])
    python = PythonCaller(invoker.endpoint, tmp_path)
    session = invoker.session
    arguments = ["score", str(table), str(output), "--chunk-rows", str(CHUNK), "--concurrency", "1"]
    process = subprocess.Popen(
        [*PYTHON_COMMAND, *arguments, *python.options(session, proxy.url)],
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "clients" / "python"),
            "INFERENCE_CONNECT_TO": proxy.url,
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token or "",
        },
    )
    try:
        assert arrived.wait(60), process.communicate(timeout=5)[1]
        process.send_signal(getattr(signal, name))
        said = process.communicate(timeout=30)[1].splitlines()[1:]
    finally:
        process.kill()
        process.communicate()
        ended.set()
    assert not output.exists()
    if name != "SIGKILL":
        how = "interrupted" if name == "SIGINT" else f"ended by {name}"
        kept = f"what is done is kept in {output}.unfinished: the same command goes on from there"
        assert [line for line in said if line] == [f"{how}; {kept}"]
        assert process.returncode == 128 + getattr(signal, name)

    assert score(table).status == 0
    assert predictions(output) == expected


def interrupted(score: Score, table: Path, proxy: FaultProxy) -> None:
    """Score the first 40 rows."""
    proxy.faults.extend([*[forward] * 3, answered(500)])
    assert score(table, "--concurrency", "1").status == 1


def add_a_row(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[1], ""]


def change_a_row_to_come(lines: list[str]) -> list[str]:
    return [*lines[:-2], lines[1], ""]


def write_it_again(lines: list[str]) -> list[str]:
    return lines


@pytest.mark.parametrize("change", [add_a_row, change_a_row_to_come, write_it_again])
def test_an_input_that_is_the_same_as_far_as_it_was_read_is_gone_on_with(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy, change: Any
) -> None:
    interrupted(score, table, proxy)
    table.write_text("\n".join(change(table.read_text().split("\n"))))
    run = score(table)
    assert "going on after row 40 of an earlier run\n" in run.err
    by_line = dict(zip(range(ROWS), expected, strict=True))
    last = {add_a_row: {ROWS: expected[0]}, change_a_row_to_come: {ROWS - 1: expected[0]}, write_it_again: {}}[change]
    assert predictions(output) == list((by_line | last).values())


def change_a_row_that_was_read(text: str) -> str:
    lines = text.split("\n")
    return "\n".join([lines[0], *reversed(lines[1:3]), *lines[3:]])


def cut_it_off(text: str) -> str:
    return text[:300]


@pytest.mark.parametrize("change", [change_a_row_that_was_read, cut_it_off])
def test_a_changed_input_is_not_mixed_with_the_old_one(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy, change: Any
) -> None:
    interrupted(score, table, proxy)
    before, status = table.read_text(), table.stat()
    table.write_text(change(before))
    os.utime(table, ns=(status.st_atime_ns, status.st_mtime_ns))
    run = score(table)
    assert run.status == 1
    assert "the input is no longer the one of which 40 rows were scored" in run.err
    assert run.err.count("\n") == 2, "there is the line on columns, and one on what is wrong"

    table.write_text(before)
    assert score(table).status == 0
    assert predictions(output) == expected


def test_an_input_that_changes_while_it_is_read_is_noticed(
    score: Score, table: Path, output: Path, proxy: FaultProxy
) -> None:
    def append(handler: _Handler, seen: Seen) -> None:
        with table.open("a") as file:
            file.write(table.read_text().split("\n")[1] + "\n")
        forward(handler, seen)

    proxy.faults.extend([forward, append])
    run = score(table, "--concurrency", "1")
    assert run.status == 1
    assert "changed while it was read; what is done is kept" in run.err
    assert score(table).status == 0
    assert len(predictions(output)) == ROWS + 1


def test_a_session_that_expires_on_the_way_loses_nothing(
    score: Score, table: Path, output: Path, expected: list[float], proxy: FaultProxy
) -> None:
    expired = {"message": "The security token included in the request is expired"}
    proxy.faults.extend([*[forward] * 3, answered(403, expired, {"x-amzn-errortype": "ExpiredTokenException"})])
    run = score(table, "--concurrency", "1")
    assert run.status == 1
    assert run.err.splitlines()[-1].startswith("error: 403 Forbidden: the session has expired; ")
    assert run.err.endswith(f"; what is done is kept in {output}.unfinished: the same command goes on from there\n")
    assert score(table).status == 0
    assert predictions(output) == expected


def test_a_full_disk_loses_nothing(
    score: Score, table: Path, output: Path, expected: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        patch.setattr(os, "write", ending_at_write(8, 0.5, full))
        run = score(table)
    assert run.status == 1
    assert run.err.splitlines()[-1].startswith(f"error: {output}: No space left on device; what is done is kept in ")
    assert score(table).status == 0
    assert predictions(output) == expected


def test_a_new_model_is_not_mixed_with_the_old_one(score: Score, table: Path, proxy: FaultProxy) -> None:
    newer = answered(200, [5.0] * CHUNK, {"x-model-version": "0123456789ab"})
    proxy.faults.extend([*[forward] * 3, newer])
    run = score(table, "--concurrency", "1")
    assert run.status == 1
    assert "now serves model 0123456789ab" in run.err
    assert "one output must not mix two models" in run.err


def test_too_few_predictions_are_noticed(score: Score, table: Path, proxy: FaultProxy, endpoint: LocalEndpoint) -> None:
    version = {"x-model-version": endpoint.outputs["model_version"]}
    proxy.faults.extend([forward, answered(200, [5.0] * (CHUNK - 1), version)])
    run = score(table)
    assert run.status == 1
    assert "did not answer 20 rows with as many predictions" in run.err


def test_an_output_that_is_there_is_not_overwritten(score: Score, table: Path, output: Path) -> None:
    output.write_text("precious\n")
    run = score(table)
    assert run.status == 1
    assert "exists already" in run.err
    assert output.read_text() == "precious\n"


def test_a_misspelt_column_is_named_before_anything_is_sent(
    score: Score, wines: pd.DataFrame, table: Path, proxy: FaultProxy
) -> None:
    wines.rename(columns={"alcohol": "alcohl", "fixed acidity": "Fixed_Acidity"}).to_csv(table, index=False)
    run = score(table)
    assert run.status == 1
    assert (
        "lacks the model's features 'fixed acidity', 'alcohol'; 'fixed acidity' is probably its column "
        "'Fixed_Acidity', 'alcohol' is probably its column 'alcohl': rename it\n"
    ) in run.err
    assert all(seen.method == "GET" for seen in proxy.seen)


def test_a_column_that_is_there_twice_is_refused(score: Score, table: Path) -> None:
    head, *rest = table.read_text().split("\n")
    table.write_text("\n".join([head.replace("label", "pH"), *rest]))
    run = score(table)
    assert run.status == 1
    assert "has the column 'pH' more than once" in run.err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.csv", None, "cannot be read"),
        ("empty.csv", b"", "has no header line"),
        ("wines.parquet", b"PAR0", "is not a Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    score: Score, tmp_path: Path, name: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    run = score(tmp_path / name)
    assert run.status == 1
    assert says in run.err


def test_a_table_without_rows_gives_an_output_without_rows(score: Score, table: Path, output: Path) -> None:
    table.write_text(table.read_text().split("\n")[0] + "\n")
    assert score(table).status == 0
    assert output.read_text() == "row,prediction\n"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak memory is read from /proc")
def test_memory_does_not_grow_with_the_file(endpoint: LocalEndpoint, invoker: Identity, tmp_path: Path) -> None:
    from tests.clients.benchmark_score import measure

    small, large = (
        measure(endpoint, invoker.session, tmp_path / str(rows), rows, kill_halfway=False).peak_mb
        for rows in (60_000, 300_000)
    )
    # The difference is 240,000 rows, or 17 MB as they stand in the file.
    assert large < small + 10, f"peak memory grew from {small:.0f} to {large:.0f} MB"


def test_the_size_of_chunks_is_no_part_of_the_output(score: Score, table: Path, output: Path) -> None:
    assert score(table).status == 0
    first = output.read_bytes()
    assert score(table, "--restart", "--chunk-rows", "7").status == 0
    assert output.read_bytes() == first
