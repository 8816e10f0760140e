"""What a deployment adds to the model's contract: how missing values come, and what outputs are called.

Read from the function's environment variables, and only if one of them is set. Each `ALLOW_…` is `true` for every
feature, or a JSON array of the features for which it holds.
"""

from __future__ import annotations

import json
from math import isfinite

import classes
import observe
from float32 import LARGEST
from model_file import ModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract import Contract

ALLOW_MISSING = "ALLOW_MISSING"
"""A value may be null, or an empty field in CSV, or NaN in a binary body: it is missing."""

ALLOW_ABSENT = "ALLOW_ABSENT"
"""A feature may be left out of a record or a header: it is missing."""

ALLOW_UNSEEN = "ALLOW_UNSEEN"
"""A category that training never saw is missing."""

MISSING_VALUE = "MISSING_VALUE"
"""A number that is missing wherever it stands, as `missing` of XGBoost's DMatrix and estimators was in training."""

OUTPUT_NAMES = "OUTPUT_NAMES"
"""A JSON array of names: of a classifier's classes in the order of their numbers, or of the model's outputs."""

DRIFT_METRICS = "DRIFT_METRICS"
"""`true`: rows are compared with the ranges of the training data, which lie beside the model (drift.py)."""


def apply(environment: Mapping[str, str], contract: Contract) -> None:
    """Put the settings into a contract.

    Raises:
        ModelError: A setting has no such value, or does not fit the model.
    """
    contract.may_miss = _features(ALLOW_MISSING, environment, contract)
    contract.may_be_absent = _features(ALLOW_ABSENT, environment, contract)
    contract.may_be_unseen = _features(ALLOW_UNSEEN, environment, contract)
    named = {contract.features[index] for index, names in contract.categories.items() if names is not None}
    setting = environment.get(ALLOW_UNSEEN, "").strip()
    if setting.startswith("[") and not contract.may_be_unseen <= named:
        raise ModelError(f"{ALLOW_UNSEEN} names a feature of which the model knows no categories by name; leave it out")
    if environment.get(MISSING_VALUE, "").strip():
        contract.count_as_missing(_missing_value(environment[MISSING_VALUE]))
    contract.only_numbers = not (contract.categories or contract.may_miss or contract.may_be_absent)
    contract.output_names = _names(environment, contract)
    has_metrics = environment.get(observe.METRICS_NAMESPACE, observe.DEFAULT_NAMESPACE) != ""
    if has_metrics and environment.get(DRIFT_METRICS, "").strip().lower() == "true":
        import drift

        contract.watch = watch = drift.Watch(environment, contract)
        contract.ranges = watch.ranges


def _features(setting: str, environment: Mapping[str, str], contract: Contract) -> frozenset[str]:
    text = environment.get(setting, "").strip()
    if text.lower() in ("", "false"):
        return frozenset()
    if text.lower() == "true":
        return contract.known
    names = _array(text)
    if names is None or not set(names) <= contract.known:
        raise ModelError(f"{setting} must be true, false, or a JSON array of names of the model's features")
    return frozenset(names)


def _missing_value(text: str) -> float | None:
    if text.strip().lower() == "nan":  # which is missing always
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("inf")
    if not isfinite(value) or abs(value) > LARGEST:
        raise ModelError(f"{MISSING_VALUE} must be a finite number within float32, such as -999")
    return value


def _names(environment: Mapping[str, str], contract: Contract) -> tuple[str, ...]:
    text = environment.get(OUTPUT_NAMES, "").strip()
    if not text:
        return ()
    names = _array(text)
    if names is None or len(set(names)) < len(names):
        raise ModelError(f"{OUTPUT_NAMES} must be a JSON array of different names")
    count = classes.class_count(contract) or contract.outputs
    if len(names) != count:
        raise ModelError(f"{OUTPUT_NAMES} has {len(names)} name(s), and the model has {count} class(es) or output(s)")
    return tuple(names)


def _array(text: str) -> list[str] | None:
    """Return a JSON array of strings; None if the text is none."""
    try:
        names = json.loads(text)
    except ValueError:
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None
