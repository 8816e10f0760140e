"""Which parameters suit the data? A seeded Optuna search by cross-validation on the training part alone.

The search is capped by trials, not by time, so that a slow machine finds the same parameters as a fast one. The
study is kept as a journal: an interrupted search goes on where it stopped, and ends as if it had never stopped.
The test part is not an argument of anything here. Each fold has a teacher of its own, which saw that fold's rows only.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
import pandas as pd
import xgboost as xgb
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from model.distillation import transfer_set
from model.fit import FIXED, Parameters, TrainingSet, fit, matrix
from model.splits import Part, folds
from model.study.candidates import MODEL_SEED, SIZE_LIMITS_BYTES, Candidate, Trial

Curve = npt.NDArray[np.float64]

STUDY = "distilled-wine"
"""Another name for another kind of search: trials of two kinds cannot be compared."""

SEARCH_SEED = 0

FOLD_SEEDS = (0,)
"""Of the partitions that trials are scored on."""

MAX_ROUNDS = 1500
PATIENCE_ROUNDS = 40
"""Boosting stops when a fold's error has not fallen for so long."""

PROBE_ROUNDS = 10
SIZE_SLACK = 1.5
"""The first rounds tell how fast a model grows; boosting does not go further than to so many times the largest size
considered. Beyond, a fold's error would be known of a model that cannot be chosen, at most of the search's cost."""

STARTUP_TRIALS = 25
"""Drawn at random before the sampler learns from them, and before anything is pruned."""


def tune(train: Part, trials: int, storage: Path, progress: bool = True) -> list[Trial]:
    """Search until the study holds a given number of finished trials.

    Args:
        train: The training part.
        trials: Finished trials, pruned ones included, that the study shall hold at the end. Those of an earlier
            run on the same rows count.
        storage: Journal of the study; created when needed.
        progress: Show a bar with the best score and the time left.

    Returns:
        The finished trials in order, at most `trials` of them.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage.parent.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(storage), JournalFileOpenLock(str(storage)))),
        study_name=f"{STUDY}-{_fingerprint(train)}",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS),
        load_if_exists=True,
    )
    _discard_interrupted(study)
    _reseed(study)
    remaining = trials - len(_finished(study))
    if remaining > 0:
        whole = transfer_set(train)
        taught = [(transfer_set(cut.train), cut.validation) for seed in FOLD_SEEDS for cut in folds(train, seed)]
        study.optimize(
            lambda trial: _objective(trial, whole, taught),
            n_trials=remaining,
            callbacks=[lambda study, _: _reseed(study)],
            show_progress_bar=progress,
        )
    return [_read(trial) for trial in _finished(study)[:trials]]


def suggest(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Return the parameters to try: the search space.

    Trees grow leaf by leaf where the error falls most: for the same number of bytes that beats growing level by
    level. Their depth is bounded all the same, for long paths take time at every call. Numbers are cut to three
    significant digits, so that what is recorded is what a person can retype.
    """
    return {
        "grow_policy": "lossguide",
        "max_depth": trial.suggest_int("max_depth", 6, 12),
        "learning_rate": _three_digits(trial.suggest_float("learning_rate", 0.05, 0.15, log=True)),
        "max_leaves": trial.suggest_int("max_leaves", 24, 96, log=True),
        "min_child_weight": _three_digits(trial.suggest_float("min_child_weight", 1, 50, log=True)),
        "gamma": _three_digits(trial.suggest_float("gamma", 1e-2, 2, log=True)),
        "subsample": _three_digits(trial.suggest_float("subsample", 0.4, 1)),
        "colsample_bynode": _three_digits(trial.suggest_float("colsample_bynode", 0.15, 0.8)),
        "reg_lambda": _three_digits(trial.suggest_float("reg_lambda", 0.1, 10, log=True)),
    }


def _objective(trial: optuna.Trial, whole: TrainingSet, taught: list[tuple[TrainingSet, Part]]) -> float:
    booster_parameters = suggest(trial)
    max_rounds = rounds_worth_trying(booster_parameters, whole)
    curves: list[Curve] = []
    for number, (training, judges) in enumerate(taught):
        curves.append(error_by_round(booster_parameters, training, judges, max_rounds, seed=number))
        trial.report(float(np.mean([curve.min() for curve in curves])), step=number)
        if trial.should_prune():
            raise optuna.TrialPruned
    mean = mean_curve(curves)
    fitted = fit(Parameters(booster_parameters, int(mean.argmin()) + 1, MODEL_SEED), whole)
    candidates = [{"booster": booster_parameters, **best_below(limit, fitted, mean)} for limit in SIZE_LIMITS_BYTES]
    trial.set_user_attr("candidates", candidates)
    return float(candidates[0]["rmse"])


def rounds_worth_trying(booster: dict[str, Any], training: TrainingSet) -> int:
    """Return the number of rounds after which a model is surely too large, at most `MAX_ROUNDS`."""
    probe = fit(Parameters(booster, PROBE_ROUNDS, MODEL_SEED), training)
    bytes_per_round = len(probe.save_raw("ubj")) / PROBE_ROUNDS
    return min(MAX_ROUNDS, int(SIZE_SLACK * SIZE_LIMITS_BYTES[0] / bytes_per_round))


def error_by_round(booster: dict[str, Any], training: TrainingSet, judges: Part, max_rounds: int, seed: int) -> Curve:
    """Fit until the error on other rows has not fallen for `PATIENCE_ROUNDS`.

    Args:
        booster: XGBoost's parameters.
        training: What to fit on.
        judges: What to score on: real wines that the teacher did not see, with the tasters' scores.
        max_rounds: Where to stop in any case.
        seed: Of the sampling of rows and columns; another for each fold, so that luck with one averages out.

    Returns:
        The RMSE on the scored rows after each round, shape (rounds,).
    """
    history: dict[str, dict[str, list[float]]] = {}
    xgb.train(
        {**FIXED, **booster, "seed": seed},
        matrix(training.features, training.target, training.weight),
        num_boost_round=max_rounds,
        evals=[(matrix(judges.features, judges.target), "score")],
        early_stopping_rounds=PATIENCE_ROUNDS,
        evals_result=history,
        verbose_eval=False,
    )
    return np.asarray(history["score"]["rmse"])


def mean_curve(curves: list[Curve]) -> Curve:
    """Return the mean error by round, as far as all folds went.

    One number of rounds is chosen on this curve for all folds together. The best round of each fold on its own would
    be as many choices on the rows that judge them, and flatter the score.
    """
    common = min(len(curve) for curve in curves)
    return np.asarray(np.mean([curve[:common] for curve in curves], axis=0))


def best_below(limit_bytes: int, fitted: xgb.Booster, mean: Curve) -> dict[str, Any]:
    """Return the `rounds` to fit with below a size limit, the mean `rmse` there, and the `size_bytes`.

    Args:
        limit_bytes: Of the model as UBJ. A single round is offered even if it is larger.
        fitted: Fitted on the whole training part, to where `mean` is least.
        mean: RMSE by round, shape (rounds,).
    """
    rounds = fitted.num_boosted_rounds()
    size = len(fitted.save_raw("ubj"))
    while size > limit_bytes and rounds > 1:
        rounds = max(1, min(rounds - 1, int(rounds * limit_bytes / size)))
        size = len(fitted[:rounds].save_raw("ubj"))
    return {"rounds": rounds, "rmse": float(mean[rounds - 1]), "size_bytes": size}


def _three_digits(value: float) -> float:
    return float(f"{value:.3g}")


def _fingerprint(train: Part) -> str:
    """The same for the same rows, so that a study never goes on with other data."""
    rows = pd.util.hash_pandas_object(train.features.assign(target=train.target))
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()[:12]


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return study.get_trials(deepcopy=False, states=states)


def _reseed(study: optuna.Study) -> None:
    """Let what is tried next depend on the finished trials alone, not on how often the search was interrupted."""
    seed = SEARCH_SEED + len(_finished(study))
    study.sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, seed=seed)


def _discard_interrupted(study: optuna.Study) -> None:
    """Close trials that a killed process left running; the sampler would otherwise keep clear of them."""
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _read(trial: optuna.trial.FrozenTrial) -> Trial:
    booster = suggest(optuna.trial.FixedTrial(trial.params))
    found = trial.user_attrs.get("candidates", [])
    last_rmse = trial.intermediate_values[max(trial.intermediate_values)]
    return Trial(
        number=trial.number,
        booster=booster,
        rmse=last_rmse if trial.value is None or not found else trial.value,
        candidates=tuple(Candidate(trial.number, **fields) for fields in found),
    )
