"""What should a user of the model know? The model card: origin, figures and limits, as data.

Nothing in it depends on the day or the machine, so that training again writes the same bytes.
"""

import json
from typing import Any

import xgboost as xgb

from model import sources
from model.distillation import REAL_WEIGHT, SYNTHETIC_ROWS
from model.fit import FIXED, Parameters
from model.refit import DAMPING
from model.schema import FEATURES, TARGET
from model.splits import SPLIT_SEED, Part

INTENDED_USE = (
    "Demonstration of a deployment: estimates the median score that tasters gave Portuguese vinho verde from "
    "eleven laboratory values and the colour. Not for pricing, grading or health decisions."
)

LIMITS = (
    "One region and wines tested from 2004 to 2007; other regions, grapes and years are extrapolation.",
    "Scores below 5 and above 7 are rare: poor wines are estimated too high, fine ones too low.",
    "Scores are whole numbers given by tasters who disagree; a good part of the remaining error is theirs.",
    "Outside the ranges of the training data given below a prediction is a constant continuation, not a trend.",
)

TAUGHT = (
    "Estimates of a teacher, the mean of a forest of extremely randomised trees and a Gaussian process, both fitted on "
    "the training part's scores; not the scores themselves."
)


def card(
    booster: xgb.Booster,
    model_file: dict[str, Any],
    parameters: Parameters,
    search: dict[str, Any] | None,
    train: Part,
    test: Part,
    evaluation: dict[str, Any],
) -> dict[str, Any]:
    """Return the model card.

    Args:
        booster: The trained model.
        model_file: `file`, `bytes` and `sha256` of what was written.
        parameters: What it was trained with.
        search: How the parameters were found, if a search found them.
        train: The rows it saw; the features' ranges are taken from them.
        test: The rows it is judged on.
        evaluation: Its figures and those of other models on `test`.
    """
    return {
        "name": "wine_quality",
        "summary": "Gradient-boosted trees, distilled from a larger model, that estimate the tasters' score of a wine.",
        "intended_use": INTENDED_USE,
        "limits": list(LIMITS),
        "model": {**model_file, "trees": booster.num_boosted_rounds(), "library": f"xgboost {xgb.__version__}"},
        "target": {"name": TARGET.name, "meaning": TARGET.unit, "minimum": TARGET.minimum, "maximum": TARGET.maximum},
        "features": _features(booster, train),
        "data": {
            "licence": sources.LICENCE,
            "attribution": sources.ATTRIBUTION,
            "sha256": sources.SHA256,
            "rows": len(train) + len(test),
            "preparation": "exact duplicates dropped within each colour; red joined with white; two colour indicators",
        },
        "split": {"train_rows": len(train), "test_rows": len(test), "seed": SPLIT_SEED},
        "training": {
            "parameters": {**FIXED, **parameters.booster},
            "rounds": parameters.rounds,
            "seed": parameters.seed,
            "search": search,
            "lesson": {
                "target": TAUGHT,
                "real_rows": len(train),
                "synthetic_rows": SYNTHETIC_ROWS,
                "weight_of_a_real_row": REAL_WEIGHT,
            },
            "leaves": f"fitted together after boosting, ridge penalty {DAMPING**2:g}",
        },
        "evaluation": evaluation,
    }


def _features(booster: xgb.Booster, train: Part) -> list[dict[str, Any]]:
    """Name, type, unit and training range of each feature, in the order the model file has."""
    units = {column.name: column.unit for column in FEATURES}
    return [
        {
            "name": name,
            "type": kind,
            "unit": units[name],
            "minimum": train.features[name].min().item(),
            "maximum": train.features[name].max().item(),
        }
        for name, kind in zip(booster.feature_names or [], booster.feature_types or [], strict=True)
    ]


def to_json(description: dict[str, Any]) -> str:
    """Return the card's file, the same for the same content.

    Raises:
        ValueError: A number is not finite: JSON has no name for it.
    """
    return json.dumps(description, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
