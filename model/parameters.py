"""With which parameters is the model trained? Those on record in `parameters.json`, which a search writes."""

import json
from pathlib import Path
from typing import Any

from model.fit import Parameters

PARAMETERS_FILE = Path(__file__).with_suffix(".json")


def read_parameters(path: Path = PARAMETERS_FILE) -> Parameters:
    """Read the recorded parameters.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not JSON, or a field is missing.
    """
    content = read_search(path)
    try:
        return Parameters(dict(content["booster"]), int(content["rounds"]), int(content["seed"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} must hold 'booster', 'rounds' and 'seed' ({error!r})") from error


def read_search(path: Path = PARAMETERS_FILE) -> dict[str, Any]:
    """Read all that is recorded with the parameters: `search` and `finalists` too, if a search found them.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not a JSON object.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} is not a JSON object")
    return content
