"""Where the raw files come from, and what happens when they do not come."""

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.sources import SHA256, DataUnavailableError, Source, SourceError, fetch, intact, read_package, read_uci


def failing(name: str) -> Source:
    def read() -> dict[str, bytes]:
        raise SourceError("out of reach")

    return Source(name, read, f"repair {name}")


def giving(files: dict[str, bytes], name: str = "a source") -> Source:
    return Source(name, lambda: files, f"repair {name}")


def unreadable() -> dict[str, bytes]:
    pytest.fail("this source should not have been asked")


UNREADABLE = Source("unreadable", unreadable, "")


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a web server on the loopback interface that answers every GET with the parameter's bytes."""
    body: bytes = request.param

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/wine.zip"
        server.shutdown()
        thread.join()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_the_package_gives_the_files_on_record() -> None:
    assert intact(read_package()).keys() == SHA256.keys()


@pytest.mark.parametrize("served", [zipped(read_package() | {"winequality.names": b"notes"})], indirect=True)
def test_a_download_gives_the_files_on_record(served: str) -> None:
    assert intact(read_uci(served)) == read_package()


@pytest.mark.parametrize(
    "served", [b"<html>moved</html>", zipped({"other.csv": b"1"})], indirect=True, ids=["a page", "another archive"]
)
def test_a_download_of_something_else_is_refused(served: str) -> None:
    with pytest.raises(SourceError, match="not the archive"):
        read_uci(served)


def test_a_server_that_is_not_there_is_one_plain_reason() -> None:
    with pytest.raises(SourceError, match="no answer"):
        read_uci("http://127.0.0.1:9/wine.zip", timeout_seconds=1)


def test_the_second_source_is_asked_when_the_first_fails(tmp_path: Path, raw_files: dict[str, bytes]) -> None:
    said: list[str] = []
    assert fetch(tmp_path, (failing("one"), giving(raw_files, "two")), said.append) == raw_files
    assert said == ["one: out of reach", "raw files from two, SHA-256 as expected"]


def test_a_source_with_other_bytes_is_passed_over(tmp_path: Path, raw_files: dict[str, bytes]) -> None:
    changed = raw_files | {"winequality-red.csv": raw_files["winequality-red.csv"] + b"\n"}
    said: list[str] = []
    assert fetch(tmp_path, (giving(changed, "one"), giving(raw_files, "two")), said.append) == raw_files
    assert "winequality-red.csv has SHA-256" in said[0]


def test_the_cache_is_used_before_any_source(tmp_path: Path, raw_files: dict[str, bytes]) -> None:
    fetch(tmp_path, (giving(raw_files),), lambda _: None)
    said: list[str] = []
    assert fetch(tmp_path, (UNREADABLE,), said.append) == raw_files
    assert "from the cache" in said[0]


def test_a_damaged_cache_is_replaced(tmp_path: Path, raw_files: dict[str, bytes]) -> None:
    for name in raw_files:
        (tmp_path / name).write_bytes(b"damaged")
    assert fetch(tmp_path, (giving(raw_files),), lambda _: None) == raw_files
    assert {name: (tmp_path / name).read_bytes() for name in raw_files} == raw_files


def test_without_any_source_the_error_names_every_one_with_its_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError) as raised:
        fetch(tmp_path, (failing("one"), failing("two")), lambda _: None)
    message = str(raised.value)
    assert "\n" not in message
    assert all(part in message for part in ("one: out of reach", "two: out of reach", "repair one", "repair two"))
