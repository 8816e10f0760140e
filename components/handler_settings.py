"""Which environment variables make the bundled handler do what the arguments say?

The handler documents them in docs/endpoint.md and reads them in its own settings.py.
"""

import json
from collections.abc import Mapping
from typing import Any

#: The handler's variable for each list of `missing_values`.
_LISTS = {"allow_null": "ALLOW_MISSING", "allow_absent": "ALLOW_ABSENT", "allow_unseen": "ALLOW_UNSEEN"}

#: Stands for every feature.
EVERY = "*"


def of(args: Mapping[str, Any]) -> dict[str, str]:
    """The variables for checked arguments; none for what is left to the handler's defaults."""
    missing = args["missing_values"]
    lists = {_LISTS[key]: names for key, names in missing.items() if key in _LISTS and names}
    variables = {key: "true" if EVERY in names else json.dumps(names) for key, names in lists.items()}
    if "value" in missing:
        variables["MISSING_VALUE"] = repr(missing["value"])
    if "training_ranges_path" in args:
        variables["DRIFT_METRICS"] = "true"
    if args["output_names"]:
        variables["OUTPUT_NAMES"] = json.dumps(args["output_names"])
    return variables
