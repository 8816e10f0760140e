"""How the endpoint behaves in operation: its log, its threads, its file system, its start and its end."""

from __future__ import annotations

import base64
import functools
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
from endpoint import RequestRefusedError

from tests.function import saved_models
from tests.function.protocols import MakeEvent, Serve
from tests.function.test_model_file import stage

FUNCTION = Path(__file__).parents[2] / "function"


class Context:
    aws_request_id = "0b1e5d3c-1111-2222-3333-444455556666"


class BrokenBooster:
    """A booster whose every call fails with a message that must not get out."""

    def predict(self, *_: Any) -> Any:
        raise RuntimeError("canary-in-a-message")


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_leaves_one_line_with_what_operators_need(
    small_model: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = serve(small_model)
    body = json.dumps([{"income": 1, "age": 2, "height: cm": 3}] * 3)
    for event in (url_event(body), url_event(body), url_event("[", path="/invocations"), url_event("", path="/4711")):
        endpoint(event, None)
    endpoint(json.loads(body), Context())
    lines = logged(capsys)
    assert [(line["route"], line["rows"], line["status"], line["cold"]) for line in lines] == [
        ("/", 3, 200, True),
        ("/", 3, 200, False),
        ("/invocations", 0, 400, False),
        ("none", 0, 404, False),
        ("direct", 3, 200, False),
    ]
    assert endpoint.contract is not None
    assert {line["model_version"] for line in lines} == {endpoint.contract.version}
    assert lines[0]["request_id"] == url_event()["requestContext"]["requestId"]
    assert lines[4]["request_id"] == Context.aws_request_id
    assert all(0 < line["ms"] < 60_000 for line in lines)


def test_the_line_is_an_embedded_metric(
    small_model: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = serve(small_model, AWS_LAMBDA_FUNCTION_NAME="wine", METRICS_NAMESPACE="Cellar")
    endpoint(url_event("["), None)
    (line,) = logged(capsys)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "Cellar"
    assert all(line[name] == "wine" for dimensions in definition["Dimensions"] for name in dimensions)
    assert all(isinstance(line[metric["Name"]], int | float) for metric in definition["Metrics"])
    assert (line["ColdStarts"], line["ClientErrors"], line["ServerErrors"]) == (1, 1, 0)


def test_metrics_can_be_turned_off(
    small_model: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(small_model, METRICS_NAMESPACE="")(url_event("[]"), None)
    (line,) = logged(capsys)
    assert "_aws" not in line
    assert line["status"] == 200


def test_a_fault_of_ours_is_answered_without_its_message(
    small_model: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = serve(small_model)
    assert endpoint.contract is not None
    endpoint.contract.booster = BrokenBooster()  # type: ignore[assignment]
    record = {"income": 1, "age": 2, "height: cm": 3}
    response = endpoint(url_event(json.dumps([record])), None)
    assert response["statusCode"] == 500
    with pytest.raises(RequestRefusedError, match="the endpoint failed") as refused:
        endpoint([record], None)
    lines = logged(capsys)
    assert lines[0]["error"].startswith("RuntimeError at test_operations.py:")
    assert "canary" not in json.dumps([response, lines]) + str(refused.value)


CANARY = "canary7391"


@functools.cache
def canary_bodies(name: str) -> list[tuple[str, str, str]]:
    """Paths, media types and bodies, good or bad."""
    good = {"income": 1, "age": 2, "height: cm": 3}
    return [
        ("/", "application/json", json.dumps([good])),
        ("/", "application/json", json.dumps([{**good, "age": CANARY}])),
        ("/", "application/json", json.dumps([{**good, "age": [CANARY]}])),
        ("/", "application/json", json.dumps([CANARY])),
        ("/", "application/json", json.dumps(CANARY)),
        ("/", "application/json", f'[{{"income": {CANARY}}}]'),
        ("/", "application/json", json.dumps({"instances": CANARY})),
        ("/", "application/json", json.dumps({"columns": [CANARY, "age"], "data": [[1, CANARY]]})),
        ("/", "application/json", json.dumps({"income": [CANARY], "age": [1], "height: cm": [2]})),
        ("/", "text/csv", f"income,age,{CANARY}\n1,2,3\n"),
        ("/", "text/csv", f"1,2,{CANARY}\n"),
        ("/", "text/csv", f'1,2,"{CANARY}'),
        ("/", f"application/{CANARY}", "[]"),
        ("/", f"application/json; charset={CANARY}", "[]"),
        ("/invocations", "application/json", json.dumps([{**good, "income": {"value": CANARY}}])),
        ("/explain", "application/json", json.dumps([{**good, "income": CANARY}])),
        (f"/{CANARY}", "application/json", "[]"),
        (f"/v2/models/{CANARY}", "application/json", "[]"),
        (f"/v2/models/{name}/infer", "application/json", json.dumps({"inputs": CANARY})),
        (f"/v2/models/{name}/infer", "application/json", json.dumps({"inputs": [
            {"name": CANARY, "shape": [1], "datatype": "FP32", "data": [1]}]})),
        (f"/v2/models/{name}/infer", "application/json", json.dumps({"inputs": [
            {"name": "age", "shape": [1], "datatype": CANARY, "data": [CANARY]}]})),
    ]  # fmt: skip


def canary_events(url_event: MakeEvent, name: str, seed: int) -> dict[str, Any]:
    """Return an event, good or bad, that carries the canary wherever a client can put a value."""
    pick = random.Random(seed)
    path, kind, body = pick.choice(canary_bodies(name))
    event = url_event(
        body,
        path=path,
        method=pick.choice(["POST", "POST", "POST", "GET", CANARY]),
        base64_encoded=pick.random() < 0.3,
        query=f"key={CANARY}",
        content_type=kind,
        x_api_key=CANARY,
        user_agent=CANARY,
        cookie=f"session={CANARY}",
        **{pick.choice(["accept", "content-encoding", "accept-encoding", "x-request-id"]): CANARY},
    )
    event["queryStringParameters"] = {"key": CANARY}
    if pick.random() < 0.1:
        event["requestContext"]["requestId"] = f"{CANARY} <script>"
    return event


def test_a_canary_is_in_no_log_and_no_error(
    small_model: Path, serve: Serve, url_event: MakeEvent, capfd: pytest.CaptureFixture[str]
) -> None:
    endpoint = serve(small_model)
    statuses = set()
    for seed in range(2500):
        response = endpoint(canary_events(url_event, "small", seed), Context())
        statuses.add(response["statusCode"])
        assert CANARY not in json.dumps(response), seed
    assert {200, 400, 404, 405, 406, 415, 422} <= statuses
    output = capfd.readouterr()
    assert output.out.count("\n") == 2500
    assert CANARY not in output.out + output.err


def test_a_key_that_is_no_feature_is_named_to_the_client_but_not_in_the_log(
    small_model: Path, serve: Serve, url_event: MakeEvent, capfd: pytest.CaptureFixture[str]
) -> None:
    response = serve(small_model)(url_event(f'[{{"{CANARY}": 1}}]'), None)
    assert json.loads(response["body"])["errors"][0]["field"] == CANARY
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err


@pytest.mark.parametrize(
    ("calls", "kind"), [(100, "gbtree"), (100, "dart"), pytest.param(5000, "gbtree", marks=pytest.mark.slow)]
)
def test_sixteen_threads_get_the_same_answers_as_one(
    calls: int, kind: str, small_model: Path, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    dart = saved_models.unpacked(tmp_path, "2.1", "dart.ubj")
    endpoint = serve(dart if kind == "dart" else small_model, METRICS_NAMESPACE="")
    assert endpoint.contract is not None
    random_ = random.Random(1)
    records = [
        [{name: random_.gauss(0, 1) for name in endpoint.contract.features} for _ in range(n)] for n in (1, 2, 9)
    ]
    events = [url_event(json.dumps(some)) for some in records]
    expected = [endpoint(event, None)["body"] for event in events]
    mismatches: list[int] = []
    all_are_there = threading.Barrier(16)

    def client(start: int) -> None:
        all_are_there.wait()
        mismatches.append(
            sum(endpoint(events[i % 3], None)["body"] != expected[i % 3] for i in range(start, start + calls))
        )

    threads = [threading.Thread(target=client, args=(start,)) for start in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mismatches == [0] * 16


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh process that finds the handler as the runtime does."""
    paths = [str(FUNCTION), *(path for path in sys.path if path.endswith("site-packages"))]
    prologue = f"import sys; sys.path[:0] = {paths!r}\n"
    return subprocess.run(
        [sys.executable, "-c", prologue + textwrap.dedent(script)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_nothing_is_ever_written_to_the_file_system(small_model: Path, url_event: MakeEvent) -> None:
    events = [url_event("[]"), url_event("["), url_event("1,2,3", content_type="text/csv"),
              url_event(method="GET", path="/openapi.json"),
              url_event('[{"income": 1, "age": 2, "height: cm": 3}]', path="/explain")]  # fmt: skip
    script = """
        import json, os, sys
        written = []
        def watch(event, arguments):
            if event == "open" and isinstance(arguments[0], (str, bytes)):
                if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and arguments[0] != os.devnull:
                    written.append(arguments[0])
            elif event in ("os.mkdir", "os.rename", "os.remove", "tempfile.mkstemp"):
                written.append(event)
        sys.addaudithook(watch)
        import handler
        for event in json.loads(os.environ["EVENTS"]):
            handler.handler(event, None)
        print(written)
    """
    finished = run(script, MODEL_PATH=str(small_model), EVENTS=json.dumps(events))
    assert finished.stdout.splitlines()[-1] == "[]", finished.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_the_process_ends_at_once_and_quietly_on_sigterm(small_model: Path, url_event: MakeEvent) -> None:
    script = """
        import json, os, sys
        import handler
        event = json.loads(os.environ["EVENT"])
        while True:
            handler.handler(event, None)
    """
    prologue = f"import sys; sys.path[:0] = {[str(FUNCTION), *sys.path]!r}\n"
    with subprocess.Popen(
        [sys.executable, "-c", prologue + textwrap.dedent(script)],
        env={**os.environ, "MODEL_PATH": str(small_model), "EVENT": json.dumps(url_event("[]"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-signal.SIGTERM, "")


# What a first JSON prediction may import beyond what the interpreter itself has loaded: the modules of the standard
# library that it cannot do without, and the handler's own modules on the way. A new name here makes every cold start
# slower: import it where it is needed instead.
COLD_IMPORTS = {
    "handler", "endpoint", "booster", "contract", "model_file", "observe", "parse", "predict", "problem", "request",
    "respond", "routes", "validate", "float32", "float32_rows", "json_text", "limits", "loading",
    "array", "ctypes", "json", "math", "zlib",
}  # fmt: skip
MUST_NOT_BE_IMPORTED = (
    "numpy", "scipy", "pandas", "xgboost", "orjson", "msgspec", "record_structs", "plain_columns", "plain_csv",
    "typing", "dataclasses", "pathlib", "logging", "inspect",
    "faults", "csv_body", "json_shapes", "open_inference", "openapi", "describe", "explain",
    "mixed", "categories", "json_types", "model_reader",
    "settings", "closer_look", "classes", "direct", "batch", "feature_order", "answer_types", "named_answers",
    "spelling", "snapstart", "hashlib", "gzip", "base64", "csv", "difflib", "urllib", "ctypes.util",
    "importlib.metadata",
)  # fmt: skip


def test_a_cold_prediction_imports_nothing_that_it_does_not_need(
    tmp_path: Path, small_model: Path, url_event: MakeEvent
) -> None:
    script = """
        import json, os
        event = json.loads(os.environ["EVENT"])
        before = set(sys.modules)
        import handler
        response = handler.handler(event, None)
        assert response["statusCode"] == 200, response
        print(json.dumps([sorted(before), sorted(sys.modules)]))
    """
    event = url_event('[{"income": 1, "age": 2, "height: cm": 3}]')
    paths = [str(FUNCTION), *(path for path in sys.path if path.endswith("site-packages"))]
    prologue = f"import sys; sys.path[:0] = {paths!r}\n"
    finished = subprocess.run(
        [sys.executable, "-I", "-S", "-c", prologue + textwrap.dedent(script)],
        env={**os.environ, **stage(tmp_path, small_model), "EVENT": json.dumps(event)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    before, after = (set(modules) for modules in json.loads(finished.stdout.splitlines()[-1]))
    own = {path.stem for path in FUNCTION.glob("*.py")}
    assert after & own == COLD_IMPORTS & own
    assert not after & set(MUST_NOT_BE_IMPORTED)
    third = {
        name for name in after - before if name not in own and name.partition(".")[0] not in sys.stdlib_module_names
    }
    assert not third


RECORDS = "[" + ",".join(['{"income": 1, "age": 2, "height: cm": 3}'] * 1_000) + "]"
LONG = '{"income": 1, "age": 2, "height: cm": 3.' + "0" * 959 + "}"
MUCH_IN_TIME = {
    "parsed as JSON": ("application/json", "[" + ",".join([LONG] * 41) + "]", "text/csv", "20 98"),
    "parsed as JSON lines": ("application/jsonlines", f"{LONG}\n" * 41, "text/csv", "20 0"),
    "parsed as CSV": ("text/csv", ("1,2,3." + "0" * 993 + "\n") * 41, "text/csv", "20 0"),
    "written": ("application/x-float32", "\0" * 12_000, "application/json", "7 0"),
    "written in kind": ("application/x-float32", "\0" * 12_000, "application/x-float32", "0 0"),
    "parsed and written": ("application/json", RECORDS, "application/json", "5 98"),
}
"""Texts of 41,000 characters, of which the twentieth makes 800,000, and 1,000 predictions, which count for 120,000;
the numbers of the requests that import orjson and msgspec. What is only parsed has few and long rows: characters count.
"""


@pytest.mark.parametrize("much", MUCH_IN_TIME)
def test_parsers_are_imported_once_so_much_was_parsed_and_written_that_it_pays(small_model: Path, much: str) -> None:
    script = """
        import handler, os
        assert len(handler.handler([{"income": 1, "age": 2, "height: cm": 3}] * 40_000, None)) == 40_000
        event = {
            "requestContext": {"http": {"method": "POST"}},
            "headers": {"content-type": os.environ["KIND"], "accept": os.environ["ACCEPT"]},
            "body": os.environ["BODY"],
            "isBase64Encoded": True,
        }
        imported = {"orjson": 0, "msgspec": 0}
        for request in range(1, 101):
            assert handler.handler(event, None)["statusCode"] == 200
            for module in imported:
                imported[module] = imported[module] or request * (module in sys.modules)
        print(*imported.values())
    """
    kind, text, accept, expected = MUCH_IN_TIME[much]
    body = base64.b64encode(text.encode()).decode()
    finished = run(script, MODEL_PATH=str(small_model), KIND=kind, BODY=body, ACCEPT=accept)
    assert finished.stdout.splitlines()[-1] == expected, finished.stderr


def test_snapstart_warms_the_endpoint_before_the_snapshot(small_model: Path) -> None:
    script = """
        import types
        hooks = []
        runtime = types.ModuleType("snapshot_restore_py")
        runtime.register_before_snapshot = lambda function, *arguments: hooks.append((function, arguments))
        sys.modules["snapshot_restore_py"] = runtime
        import handler
        assert len(hooks) == 1 and "orjson" not in sys.modules
        for function, arguments in hooks:
            function(*arguments)
        late = ("orjson", "msgspec", "faults", "openapi", "open_inference", "csv_body")
        print(all(module in sys.modules for module in late))
    """
    finished = run(script, MODEL_PATH=str(small_model), AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
    assert finished.stdout == "True\n", finished.stderr


def test_snapstart_without_the_runtimes_hooks_warms_at_the_start(small_model: Path) -> None:
    script = "import handler; print('openapi' in sys.modules)"
    finished = run(script, MODEL_PATH=str(small_model), AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
    assert finished.stdout == "True\n", finished.stderr
    assert run(script, MODEL_PATH=str(small_model)).stdout == "False\n"


def test_snapstart_with_a_model_that_cannot_be_served_still_starts(tmp_path: Path) -> None:
    finished = run(
        "import handler; print(handler.ENDPOINT.failure is not None)",
        MODEL_PATH=str(tmp_path / "none.ubj"),
        AWS_LAMBDA_INITIALIZATION_TYPE="snap-start",
    )
    assert finished.stdout == "True\n", finished.stderr


def test_the_handler_serves_what_its_environment_names(small_model: Path) -> None:
    finished = run(
        'import handler; print(len(handler.handler([{"income": 1, "age": 2, "height: cm": 3}], None)))',
        MODEL_PATH=str(small_model),
        METRICS_NAMESPACE="",
    )
    assert finished.stdout.splitlines()[-1] == "1", finished.stderr


def test_the_library_is_found_beside_the_code_or_in_site_packages(tmp_path: Path) -> None:
    import booster

    name = Path(booster.find_library(sys.path)).name
    (tmp_path / "xgboost" / "lib").mkdir(parents=True)
    with pytest.raises(booster.LibraryError, match="install xgboost-cpu"):
        booster.find_library([str(tmp_path)])
    (tmp_path / "xgboost" / "lib" / name).touch()
    assert booster.find_library(["", str(tmp_path)]) == str(tmp_path / "xgboost" / "lib" / name)
