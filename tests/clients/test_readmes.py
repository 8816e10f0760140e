"""Do the clients' READMEs show what the model predicts today?"""

import asyncio
import json
import re
from pathlib import Path

import pytest
from endpoint import Endpoint
from ml_inference_client.errors import RequestRefusedError

from clients import derive
from tests.clients.handler_client import Handler

PREDICTIONS = json.loads((derive.CLIENTS / "samples" / "predictions.json").read_text())
VERSION = json.loads((derive.CLIENTS / "samples" / "openapi.json").read_text())["info"]["version"]
READMES = [derive.CLIENTS / client / "README.md" for client in ("curl", "node", "python")]


@pytest.mark.parametrize("readme", READMES, ids=lambda readme: str(readme.parent.name))
def test_a_readme_shows_the_models_own_predictions(readme: Path) -> None:
    shown = re.findall(r"^\[[\d., ]+\]$", readme.read_text(), re.MULTILINE)
    assert shown
    assert all(json.loads(line) == PREDICTIONS for line in shown)


def test_the_model_version_that_is_shown_is_the_models() -> None:
    shown = re.findall(r"\bmodel (?:[\w-]+ )?([0-9a-f]{12})\b", (derive.CLIENTS / "python" / "README.md").read_text())
    assert shown
    assert set(shown) == {VERSION}


def test_the_refusal_that_is_shown_is_the_handlers() -> None:
    handler = Handler(Endpoint({"MODEL_PATH": str(derive.MODEL)}))
    with pytest.raises(RequestRefusedError) as refused:
        asyncio.run(handler.send("POST", "/", (derive.CLIENTS / "samples" / "unknown_feature.json").read_bytes()))
    assert all(f"\nerror: {refused.value}\n" in readme.read_text() for readme in READMES[1:])
