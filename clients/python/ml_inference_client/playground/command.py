"""The command `playground`: its options, its address, and the browser."""

import argparse
import json
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ml_inference_client.client import AsyncClient, Client
from ml_inference_client.errors import InferenceError
from ml_inference_client.playground.form import Told, belongs
from ml_inference_client.retry import Retry
from ml_inference_client.settings import Settings

if TYPE_CHECKING:
    from uvicorn import Server

HOST = "127.0.0.1"

SECONDS_TO_END = 2
"""For requests that are under way when the command ends."""


class Serving(NamedTuple):
    """A server that is ready to run.

    Attributes:
        server: Runs until it is told to end.
        own: The socket on which it listens.
        address: Of the page, with the token.
    """

    server: "Server"
    own: socket.socket
    address: str

    def run(self) -> None:
        """Serve until the server is told to end, or by Ctrl-C in the main thread."""
        self.server.run(sockets=[self.own])


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of `playground`."""
    command.add_argument("--card", type=Path, metavar="FILE", help="what training wrote: description, units, ranges")
    command.add_argument("--ranges", type=Path, metavar="FILE", help="what training saw of each feature, ranges.json")
    command.add_argument("--records", type=Path, metavar="FILE", help="a JSON array of records to begin with")
    command.add_argument("--port", type=int, default=0, help="of the page on this machine (default: a free one)")
    command.add_argument("--no-browser", action="store_true", help="print the address and open nothing")


def run(options: argparse.Namespace, settings: Settings, retry: Retry) -> int:
    """Serve the page until Ctrl-C; returns the exit status."""
    told = read(options.card, options.ranges, options.records)
    with Client(settings, retry=retry) as client:  # what is wrong is said here, before a page opens
        card = client.send("GET", "/").json()
    for path, file in ((options.card, told.about), (options.ranges, told.ranges)):
        if not belongs(file, card):
            raise InferenceError(f"{path} is of another model; the endpoint serves {card.get('version')}")
    with serving(lambda: AsyncClient(settings, retry=retry), told, options.port) as page:
        print(f"{page.address}  until Ctrl-C; whoever has this address calls the endpoint as you", flush=True)
        if not options.no_browser and has_desktop():
            webbrowser.open(page.address)
        try:
            page.run()
        except KeyboardInterrupt:
            print("\r", end="", file=sys.stderr)
    return 0


def read(card: Path | None, ranges: Path | None, records: Path | None) -> Told:
    """What is told of a model in files.

    Raises:
        InferenceError: A file cannot be read or holds something else.
    """
    about, seen = (_json(path) if path is not None else {} for path in (card, ranges))
    for path, found in ((card, about), (ranges, seen)):
        if not isinstance(found, dict):
            raise InferenceError(f"{path} is not the JSON object that training writes beside a model")
    examples = _json(records) if records is not None else []
    if not isinstance(examples, list) or not all(isinstance(example, dict) for example in examples):
        raise InferenceError(f"{records} must hold a JSON array of records")
    return Told(about, seen, examples)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InferenceError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InferenceError(f"{path} is not JSON: {error}") from None


@contextmanager
def serving(
    client: Callable[[], AsyncClient],
    told: Told,
    port: int = 0,
) -> Iterator[Serving]:
    """The page's server, which is yet to run.

    Raises:
        InferenceError: The extra is not installed, or the port is taken.
    """
    try:
        import uvicorn

        from ml_inference_client.playground.app import app
    except ImportError as error:
        raise InferenceError(f'the page needs {error.name}: install "ml-inference-client[playground]"') from None
    token = secrets.token_urlsafe(16)
    config = uvicorn.Config(
        app(client, token, told),
        log_level="error",
        access_log=False,  # its lines would hold the token
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    with _listening(port) as own:
        yield Serving(uvicorn.Server(config), own, f"http://{HOST}:{own.getsockname()[1]}/{token}/")


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket that only this machine reaches."""
    with socket.socket() as own:
        if os.name == "posix":
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            own.bind((HOST, port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise InferenceError(f"port {port} cannot be used: {reason}; without --port a free one is taken") from None
        yield own


def has_desktop() -> bool:
    """Whether a browser with windows could open; without one Python would start a browser in the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
