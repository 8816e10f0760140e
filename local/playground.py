"""The page to try the served model: the Python client's own, in a thread of this process, so that it ends with it."""

import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import botocore.session

from components import golden
from local.caller import Endpoint
from local.cloud import Credentials
from local.errors import LocalError

CLIENT = Path(__file__).resolve().parent.parent / "clients" / "python"

CARD, RANGES = "card.json", "ranges.json"
"""What training says of a model and of its data, beside the model's file."""

SECONDS_TO_START = 20


@contextmanager
def page(
    endpoint: Endpoint, user: Credentials, role_arn: str, model: Path, asked: golden.Golden, browser: bool
) -> Iterator[str]:
    """Serve the page while the context is open.

    Args:
        endpoint: What it asks.
        user: An IAM user who may assume the role.
        role_arn: The invoker role.
        model: The model's file; a card and ranges beside it tell more of it.
        asked: Records to begin with.
        browser: Whether to open one, if this machine has a desktop.

    Returns:
        Its address.

    Raises:
        LocalError: It cannot be served.
    """
    if str(CLIENT) not in sys.path:
        sys.path.insert(0, str(CLIENT))  # it is copied or installed elsewhere, and used here where it lies
    from ml_inference_client.client import AsyncClient
    from ml_inference_client.credentials import CredentialSource
    from ml_inference_client.errors import InferenceError
    from ml_inference_client.playground import command
    from ml_inference_client.settings import Settings

    settings = Settings(endpoint.here, endpoint.region, role_arn)
    session = botocore.session.get_session()
    session.set_credentials(user.access_key_id, user.secret_access_key, user.session_token)
    try:
        card, ranges = (path if path.is_file() else None for path in map(model.with_name, (CARD, RANGES)))
        told = replace(command.read(card, ranges, None), records=asked.records)
        source = CredentialSource(settings, session)
        with command.serving(lambda: AsyncClient(settings, source), told) as served:
            server = served.server
            thread = threading.Thread(target=served.run, name="playground", daemon=True)
            thread.start()
            until = time.monotonic() + SECONDS_TO_START
            while not server.started and thread.is_alive() and time.monotonic() < until:
                time.sleep(0.02)
            if not server.started:
                raise LocalError("the page's server did not start")
            if browser and command.has_desktop():
                webbrowser.open(served.address)
            try:
                yield served.address
            finally:
                server.should_exit = True
                thread.join(command.SECONDS_TO_END + 1)
    except InferenceError as error:
        raise LocalError(str(error)) from None
