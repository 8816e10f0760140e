"""What did training see? The range or the categories of each feature, written where a model is trained.

With them a deployment counts the rows that hold something else: data that drift away from the training data. Writing
them needs `pandas` and `numpy`, which a deployment does not.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bundled_handler import model_reader

if TYPE_CHECKING:
    import pandas as pd

#: Beside the model, as its golden file.
RANGES_FILE = "ranges.json"


class RangesError(ValueError):
    """A file of ranges cannot be used. The message is one line, for people."""


@dataclass(frozen=True)
class TrainingRanges:
    """What training saw of each feature.

    Attributes:
        model_sha256: SHA-256 of the model file that was trained, 64 hexadecimal digits.
        rows: Number of rows that were trained on.
        features: By name: `lowest` and `highest`, as float32, which is what XGBoost computes with, or None if every
            value was missing; for a category, `categories` instead. And `missing`, the number of rows without a value.
    """

    model_sha256: str
    rows: int
    features: dict[str, dict[str, Any]]

    def text(self) -> str:
        """As JSON, the same text for the same content."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def training_ranges(model: bytes, features: "pd.DataFrame", missing: float = math.nan) -> TrainingRanges:
    """The ranges of the rows that a saved model was trained on.

    Args:
        model: The whole file.
        features: All those rows, shape (rows, features), columns in model order, categories as pandas' type for them.
        missing: A number that means a missing value, besides NaN: the `missing` of XGBoost's DMatrix in training.

    Raises:
        ValueError: The file is not a model that can be served, or the columns are not its features.
    """
    found = model_reader.read(model)
    names, columns = list(found.features), list(features.columns)
    if columns not in (names, list(range(len(names)))):
        raise ValueError(f"the columns are {columns}, and the model's features {names}")
    return TrainingRanges(
        model_sha256=hashlib.sha256(model).hexdigest(),
        rows=len(features),
        features={
            name: _categories(features.iloc[:, index], found.categories[index])
            if index in found.categories
            else _numbers(features.iloc[:, index], missing)
            for index, name in enumerate(names)
        },
    )


def _categories(column: "pd.Series[Any]", names: tuple[str | int, ...] | None) -> dict[str, Any]:
    """Names, or codes where the model knows no names."""
    import pandas as pd

    is_missing = column.isna()
    if isinstance(column.dtype, pd.CategoricalDtype) and names is None:
        column = column.cat.codes
    known = column[~is_missing].unique().tolist()
    if names is None:
        known = [int(code) for code in known]
    return {"categories": sorted(known), "missing": int(is_missing.sum())}


def _numbers(column: "pd.Series[Any]", missing: float) -> dict[str, Any]:
    import numpy as np

    numbers = column.to_numpy(dtype=np.float32, na_value=np.nan)
    is_missing = np.isnan(numbers) | (numbers == np.float32(missing))
    known = numbers[~is_missing]
    if not np.isfinite(known).all():
        raise ValueError(f"the column {column.name} has infinite values, which XGBoost does not train on")
    extremes = {"lowest": float(known.min()), "highest": float(known.max())} if known.size else None
    return {**(extremes or {"lowest": None, "highest": None}), "missing": int(is_missing.sum())}


def write_ranges(model_file: Path | str, features: "pd.DataFrame", missing: float = math.nan) -> Path:
    """Writes the ranges of the rows that a saved model was trained on, beside it.

    Args:
        model_file: As saved by XGBoost.
        features: See `training_ranges`.
        missing: See `training_ranges`.

    Returns:
        The file written.

    Raises:
        OSError: The model cannot be read or the file cannot be written.
        ValueError: The file is not a model that can be served, or the columns are not its features.
    """
    model_file = Path(model_file)
    file = model_file.with_name(RANGES_FILE)
    file.write_bytes(training_ranges(model_file.read_bytes(), features, missing).text().encode())
    return file


def load(path: Path, model_sha256: str, model: model_reader.Model) -> TrainingRanges:
    """Reads a file of ranges.

    Args:
        path: The file.
        model_sha256: SHA-256 of the model that is deployed.
        model: What its file says.

    Raises:
        RangesError: The file cannot be read, does not have this form, or belongs to another model.
    """
    again = "write it with `pulumi_ml_inference.training_ranges.write_ranges` where the model is trained"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        ranges = TrainingRanges(**content)
        good = all(_is_seen(seen) for seen in ranges.features.values())
    except OSError as error:
        raise RangesError(f"training ranges {path} cannot be read: {error.strerror}; {again}") from None
    except (ValueError, TypeError, AttributeError):
        good = False
    if not good or not isinstance(ranges.model_sha256, str):
        raise RangesError(f"training ranges {path} do not have the form that is needed; {again}")
    if ranges.model_sha256 != model_sha256:
        raise RangesError(
            f"training ranges {path} were written for the model with SHA-256 {ranges.model_sha256[:12]}…, "
            f"but the model has {model_sha256[:12]}…; {again}"
        )
    if ranges.features.keys() != set(model.features):
        different = sorted(ranges.features.keys() ^ set(model.features))
        raise RangesError(f"training ranges {path} and the model differ in the features {different}; {again}")
    for index, name in enumerate(model.features):
        seen = ranges.features[name].get("categories")
        known = model.categories.get(index, ())
        if (seen is not None) != (index in model.categories) or not (known is None or set(seen or ()) <= set(known)):
            raise RangesError(f"training ranges {path} and the model differ in the categories of {name!r}; {again}")
    return ranges


def _is_seen(seen: Any) -> bool:
    """Whether this is what training can have seen of a feature."""
    if not isinstance(seen, dict) or not _is_number(seen.get("missing")):
        return False
    if seen.keys() == {"categories", "missing"}:
        categories = seen["categories"]
        return isinstance(categories, list) and all(isinstance(known, str | int) for known in categories)
    extremes: list[Any] = [seen.get("lowest"), seen.get("highest")]
    return seen.keys() == {"lowest", "highest", "missing"} and (
        extremes == [None, None] or (all(map(_is_number, extremes)) and extremes[0] <= extremes[1])
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
