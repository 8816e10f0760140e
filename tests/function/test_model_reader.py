"""The one reader of model files says what XGBoost says of every kind, and refuses the rest with what to do."""

from __future__ import annotations

import bz2
import functools
import gzip
import json
import lzma
import math
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import booster as booster_module
import model_reader
import numpy as np
import pandas as pd
import pytest
import xgboost

from components import staging
from local.errors import LocalError
from local.expectation import expectation
from tests.function.protocols import Serve
from tests.function.test_model_kinds import KINDS, TRAINED, learnt, numbers, targets, with_categories

Document = dict[str, Any]
REPOSITORY = Path(__file__).parents[2]


def read(model: xgboost.Booster, form: str = "ubj") -> model_reader.Model:
    return model_reader.read(bytes(model.save_raw(form)))


def trained(kind: str, rounds: int = 6) -> xgboost.Booster:
    return learnt(kind, TRAINED // 5, rounds).copy()


def depth(node: Document) -> int:
    return 1 + max(map(depth, node["children"])) if "children" in node else 0


@functools.cache
def a_row() -> xgboost.DMatrix:
    return xgboost.DMatrix(numbers(1, seed=2))


@pytest.mark.parametrize("kind", KINDS)
def test_the_reader_says_of_a_kind_what_xgboost_says(kind: str) -> None:
    booster = learnt(kind, TRAINED // 5, rounds=6)
    found = read(booster)
    assert repr(read(booster, "json")) == repr(found)
    assert found.saved_by == booster_module.library_version()
    assert found.objective == KINDS[kind].get("objective", "reg:squarederror")
    assert found.booster == KINDS[kind].get("booster", "gbtree")
    assert list(found.features) == booster.feature_names
    assert list(found.feature_types) == booster.feature_types
    assert found.outputs == booster.predict(a_row()).size
    assert found.rounds == found.rounds_used == booster.num_boosted_rounds()
    if "multi_strategy" not in KINDS[kind]:  # XGBoost dumps no vectors
        dump = booster.get_dump(dump_format="json")
        assert found.trees == len(dump)
        assert found.depth == max(depth(json.loads(tree)) for tree in dump)


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_a_model_without_feature_names_gets_those_that_xgboost_prints(form: str) -> None:
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(np.eye(3), [0, 1, 2]), 1)
    assert read(booster, form).features == ("f0", "f1", "f2")


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_the_rounds_that_early_stopping_kept_are_told_from_all(form: str) -> None:
    booster = trained("squared error")
    booster.set_attr(best_iteration="2")
    assert (read(booster, form).rounds_used, read(booster, form).rounds, read(booster, form).trees) == (3, 6, 6)


@pytest.mark.parametrize(
    ("attribute", "missing"),
    [
        ('{"missing": -999}', -999.0),
        ('{"missing": 0.0, "_estimator_type": "classifier"}', 0.0),
        ('{"missing": NaN}', math.nan),
        ('{"missing": null}', math.nan),
        ('{"missing": Infinity}', math.nan),
        ('{"missing": 1%s}' % ("0" * 400), math.nan),
        ('{"_estimator_type": "regressor"}', math.nan),
        ("no JSON", math.nan),
        ("[" * 100_000, math.nan),
        (None, math.nan),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["ubj", "json"])
def test_what_a_saved_estimator_took_for_missing_is_read(form: str, attribute: str | None, missing: float) -> None:
    booster = trained("squared error")
    booster.set_attr(scikit_learn=attribute)
    assert repr(read(booster, form).missing) == repr(missing)


def test_training_that_goes_on_after_early_stopping_is_counted_as_the_estimators_count_it() -> None:
    rows = numbers(TRAINED, seed=1)
    estimator = xgboost.XGBRegressor(n_estimators=30, early_stopping_rounds=2, learning_rate=0.9, n_jobs=1)
    held_out = numbers(200, seed=5)
    estimator.fit(rows, targets("", rows), eval_set=[(held_out, -targets("", held_out))], verbose=False)
    further = xgboost.train(
        {"nthread": 1}, xgboost.DMatrix(rows, targets("", rows)), 5, xgb_model=estimator.get_booster()
    )
    found = read(further)
    loaded = xgboost.XGBRegressor()
    loaded.load_model(further.save_raw("ubj"))
    used = further.predict(xgboost.DMatrix(rows), iteration_range=(0, found.rounds_used))
    assert found.rounds == further.num_boosted_rounds()
    assert np.array_equal(loaded.predict(rows), used)


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_category_names_are_read_in_the_order_of_their_codes(form: str) -> None:
    rows = with_categories(TRAINED, seed=1)
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, targets("", rows), enable_categorical=True), 3)
    found = read(booster, form)
    assert found.categories == {4: tuple(rows["colour"].cat.categories), 5: tuple(rows["year"].cat.categories)}


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8"])
@pytest.mark.parametrize("form", ["ubj", "json"])
def test_categories_of_any_kind_of_whole_number_are_read(kind: str, form: str) -> None:
    rows = numbers(200, seed=1)
    rows["level"] = pd.Categorical(np.array([7, 90, 120], dtype=kind)[np.arange(200) % 3])
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, targets("", rows), enable_categorical=True), 2)
    assert read(booster, form).categories == {4: (7, 90, 120)}


def test_a_feature_that_has_codes_only_is_known_by_none() -> None:
    rows = xgboost.DMatrix(np.arange(30).reshape(-1, 1) % 3, np.arange(30), feature_types=["c"])
    assert read(xgboost.train({"nthread": 1}, rows, 2)).categories == {0: None}


# --- what is no model that can be served: the same sentence everywhere ---


def altered(change: Callable[[Document], object], kind: str = "squared error") -> bytes:
    """A model's JSON after a change."""
    document = json.loads(bytes(trained(kind).save_raw("json")))
    change(document)
    return json.dumps(document, separators=(",", ":")).encode()


def linear() -> bytes:
    rows = numbers(100, seed=1)
    return bytes(xgboost.train({"booster": "gblinear"}, xgboost.DMatrix(rows, targets("", rows)), 2).save_raw("ubj"))


def dumped(form: str, frame: str) -> bytes:
    return frame.format(",".join(trained("squared error").get_dump(dump_format=form))).encode()


def pickled(protocol: int) -> bytes:
    return pickle.dumps(trained("squared error"), protocol)


def saved_by(*version: int) -> Callable[[Document], object]:
    return lambda document: document.update(version=list(version))


def no_trees_before_2(document: Document) -> None:
    """As XGBoost 1.7 saves a model of zero rounds."""
    document["version"] = [1, 7, 6]
    document["learner"]["gradient_booster"]["model"] = {
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": "0", "size_leaf_vector": "0"},
        "tree_info": [],
        "trees": [],
    }


def attributes(**values: str) -> Callable[[Document], object]:
    return lambda document: document["learner"]["attributes"].update(values)


def quantiles(alphas: str) -> Callable[[Document], object]:
    return lambda document: document["learner"]["objective"]["quantile_loss_param"].update(quantile_alpha=alphas)


def same_name_twice(document: Document) -> None:
    document["learner"]["feature_names"] = ["length", "width", "length", "weight"]


def damaged_names() -> bytes:
    rows = numbers(100, seed=1)
    rows["c"] = pd.Categorical(["rose"] * 50 + ["red"] * 50)
    raw = xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, targets("", rows), enable_categorical=True), 1)
    document = json.loads(bytes(raw.save_raw("json")))
    document["learner"]["gradient_booster"]["model"]["cats"]["enc"][4]["values"][6] = -61
    document["version"] = [3, 2, 0]
    return json.dumps(document).encode()


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "newer": (
        lambda: altered(saved_by(99, 1, 0)),
        (
            "was saved by XGBoost 99.1.0, newer than the 3.4.1 that would predict, wrongly and without a word; "
            "train with XGBoost 3.4.1 or older, or update the library"
        ),
    ),
    "before 1.6": (
        lambda: altered(saved_by(1, 5, 2)),
        (
            "was saved by XGBoost 1.5.2, before 1.6, and does not tell how many trees predict; train with XGBoost "
            "1.6 or newer"
        ),
    ),
    "before 1.6, saved again": (
        lambda: altered(attributes(best_iteration="0", best_ntree_limit="6")),
        (
            "has the best_iteration 0 and the best_ntree_limit '6', which contradict each other, as in models from "
            "before XGBoost 1.6; train with XGBoost 1.6 or newer"
        ),
    ),
    "linear": (
        linear,
        'has the booster "gblinear", which is not served; train with booster="gbtree" or booster="dart"',
    ),
    "old vectors": (
        lambda: altered(saved_by(3, 1, 2), "trees of vectors"),
        (
            "has trees of vectors (multi_output_tree) that XGBoost 3.1.2 saved, which newer versions cannot load; "
            "train it again with XGBoost 3.2 or newer"
        ),
    ),
    "quantiles out of order": (
        lambda: altered(quantiles("[9E-1,1E-1,5E-1]"), "quantiles"),
        (
            "has its quantile_alpha in another order than ascending, which XGBoost 3.4 does not load; "
            "booster.set_param({'quantile_alpha': [0.1, 0.5, 0.9]}) changes neither predictions nor their order, then "
            "save it again"
        ),
    ),
    "a name twice": (
        lambda: altered(same_name_twice),
        "has two features of the name 'length', so that a record cannot say which it means; rename one and train again",
    ),
    "best iteration": (
        lambda: altered(attributes(best_iteration="99")),
        (
            "has the best_iteration '99', which is not one of its 6 rounds; booster.set_attr(best_iteration=None) "
            "lets all of them predict, then save it again"
        ),
    ),
    "no trees before 2.0": (
        lambda: altered(no_trees_before_2),
        "has no trees, which XGBoost 2.0 and newer refuse to predict in an older file; train at least one round",
    ),
    "too wide": (
        lambda: altered(lambda document: document["learner"]["learner_model_param"].update(num_feature="20000000")),
        "has 20000000 features, more than a request to Lambda can hold (500000); train on fewer columns",
    ),
    "damaged category names": (
        damaged_names,
        (
            "has category names beyond ASCII, which XGBoost before 3.4 stores damaged, and was saved by 3.2.0; "
            "train again with a newer XGBoost or with names in plain ASCII"
        ),
    ),
    "old binary format": (
        lambda: b"binf" + bytes(200),
        (
            "is in XGBoost's old binary format; load it with XGBoost 3.0 or older and save it with "
            "Booster.save_model('model.ubj')"
        ),
    ),
    "old binary format without mark": (
        lambda: bytes(136) + b"\x10\0\0\0\0\0\0\0reg:squarederror\x06\0\0\0\0\0\0\0gbtree" + bytes(99),
        (
            "is in XGBoost's old binary format; load it with XGBoost 3.0 or older and save it with "
            "Booster.save_model('model.ubj')"
        ),
    ),
    "Git LFS": (
        lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 318000\n",
        "is a Git LFS pointer and not the model itself; fetch it with `git lfs pull`",
    ),
    "a dump in JSON": (
        lambda: dumped("json", "[{}]"),
        (
            "is a dump of a model, which cannot be loaded; save it with Booster.save_model('model.ubj') where it was "
            "trained"
        ),
    ),
    "a dump in text": (
        lambda: dumped("text", "booster[0]:\n{}"),
        (
            "is a dump of a model, which cannot be loaded; save it with Booster.save_model('model.ubj') where it was "
            "trained"
        ),
    ),
    "a dump for Graphviz": (
        lambda: dumped("dot", "{}"),
        (
            "is a dump of a model, which cannot be loaded; save it with Booster.save_model('model.ubj') where it was "
            "trained"
        ),
    ),
    "a tree's dump": (
        lambda: dumped("json", "{}"),
        (
            "is a dump of a model, which cannot be loaded; save it with Booster.save_model('model.ubj') where it was "
            "trained"
        ),
    ),
    "a configuration": (
        lambda: trained("squared error").save_config().encode(),
        "is the configuration of a booster, without its trees; save it with Booster.save_model('model.ubj')",
    ),
    "memory": (
        lambda: bytes(trained("squared error").__getstate__()["handle"]),
        (
            "is a booster's memory, which only its own version reads; load it there and save it with "
            "Booster.save_model('model.ubj')"
        ),
    ),
    **{
        f"a pickle of protocol {protocol}": (
            functools.partial(pickled, protocol),
            (
                "is a pickle, which cannot be deployed; load it where it was made and save it with "
                "Booster.save_model('model.ubj')"
            ),
        )
        for protocol in (0, 1, 2, 5)
    },
    **{
        kind: (functools.partial(bytes, content), "is compressed; unpack it first")
        for kind, content in {
            "gzip": gzip.compress(b"{}"),
            "bzip2": bz2.compress(b"{}"),
            "xz": lzma.compress(b"{}"),
            "a pickle that joblib packed": zlib.compress(b"{}", 3),
            "zip": b"PK\x03\x04\x14\0",
        }.items()
    },
    **{
        f"a model of {library}": (
            functools.partial(bytes, content),
            (
                f"is a model of {library}, and only those of XGBoost are served; train with XGBoost and save it with "
                "Booster.save_model('model.ubj')"
            ),
        )
        for library, content in {
            "LightGBM": b"tree\nversion=v4\nnum_class=1\n",
            "CatBoost": b"CBM1\x10!\0\0\x14",
            "ONNX": b"\x08\x0e\x12\x0bOnnxMLTools:7\n\x10\n\x01x",
        }.items()
    },
    "a web page": (
        lambda: b"<!DOCTYPE html>\n<html><title>404</title></html>",
        "is XML or HTML, such as a failed download leaves; fetch the model again",
    ),
    "empty": (
        lambda: b"",
        "is empty; save it with Booster.save_model('model.ubj') again, or copy it again",
    ),
    "a text": (
        lambda: b"wine\n",
        (
            "is not a whole XGBoost model (it begins neither as UBJSON nor as JSON); save it with "
            "Booster.save_model('model.ubj') of XGBoost 1.6 or newer"
        ),
    ),
}


@pytest.fixture(params=REFUSED)
def refused(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A file that must not be served, and the whole sentence that says why and what to do."""
    make, sentence = REFUSED[request.param]
    model = tmp_path / "model.ubj"
    model.write_bytes(make())
    return model, sentence


def test_the_handler_says_why_a_file_is_not_served(refused: tuple[Path, str], serve: Serve) -> None:
    model, sentence = refused
    assert serve(model).failure == f"the model file {sentence}"


def test_staging_says_the_same(refused: tuple[Path, str]) -> None:
    model, sentence = refused
    with pytest.raises(staging.StagingError) as caught:
        staging.stage("wine", model)
    assert str(caught.value) == f"model_path {model} {sentence}"


def test_a_trial_on_this_machine_says_the_same(refused: tuple[Path, str]) -> None:
    model, sentence = refused
    with pytest.raises(LocalError) as caught:
        expectation(model)
    assert str(caught.value) == f"the model {model} {sentence}"


def test_rounds_that_were_trained_after_an_early_stop_predict_once_the_best_one_is_forgotten() -> None:
    rows = numbers(100, seed=1)
    data = xgboost.DMatrix(rows, targets("", rows))
    against = xgboost.DMatrix(rows, -targets("", rows))
    stopping: dict[str, Any] = {"evals": [(against, "v")], "early_stopping_rounds": 2, "verbose_eval": False}
    stopped = xgboost.train({"eta": 0.9}, data, 9, **stopping)
    continued = xgboost.train({}, data, 2, xgb_model=stopped)
    found = model_reader.read(bytes(continued.save_raw("ubj")))
    assert (found.rounds_used, found.rounds) == (1, 5)
    continued.set_attr(best_iteration=None)
    assert model_reader.read(bytes(continued.save_raw("ubj"))).rounds_used == 5


def test_predictions_of_quantiles_do_not_depend_on_what_the_file_calls_them(tmp_path: Path, serve: Serve) -> None:
    rows = numbers(50, seed=2)
    (tmp_path / "model.json").write_bytes(altered(quantiles("[2E-1,3E-1,4E-1]"), "quantiles"))
    answer = serve(tmp_path / "model.json")(rows.astype(float).to_dict("records"), None)
    assert np.array_equal(np.array(answer, np.float32), trained("quantiles").predict(xgboost.DMatrix(rows)))


@pytest.mark.parametrize("ending", ["bin", "model", "deprecated", "json", "txt"])
def test_the_old_binary_format_is_known_under_any_ending(tmp_path: Path, ending: str) -> None:
    model = tmp_path / f"model.{ending}"
    model.write_bytes(b"binf" + bytes(200))
    with pytest.raises(staging.StagingError, match="old binary format"):
        staging.stage("wine", model)


@pytest.mark.parametrize("content", [b"{", b"{L", b"{}", b"[1]", b'{"version": [3, 2, 0]}', b"{L" + bytes(8) + b"Z}"])
def test_other_files_are_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(model_reader.UnreadableModelError, match=r"^is not a whole XGBoost model.*; save it with Boost"):
        model_reader.read(content)


def test_json_with_a_blank_in_an_empty_array_is_refused_as_xgboost_refuses_it() -> None:
    content = bytes(trained("squared error", rounds=1).save_raw("json"))
    named = content.replace(b'"length"', b'"l[ ]\\"[ ]"')  # in a name it is a blank like any other
    assert model_reader.read(named).features[0] == 'l[ ]"[ ]'
    spaced = content.replace(b'"categories":[]', b'"categories":[ ]')
    with pytest.raises(xgboost.core.XGBoostError):
        xgboost.Booster().load_model(bytearray(spaced))
    with pytest.raises(model_reader.UnreadableModelError, match="an empty array with a blank in it"):
        model_reader.read(spaced)


def test_a_name_twice_among_half_a_million_is_found_at_once() -> None:
    def many(document: Document) -> None:
        document["learner"]["learner_model_param"]["num_feature"] = "500000"
        document["learner"]["feature_names"] = [*map(str, range(499_999)), "499998"]
        document["learner"]["feature_types"] = []

    with pytest.raises(model_reader.UnreadableModelError, match="two features of the name '499998'"):
        model_reader.read(altered(many))


@pytest.mark.parametrize("form", ["ubj", "json"])
def test_a_model_that_is_cut_short_anywhere_is_refused(form: str) -> None:
    content = bytes(trained("squared error", rounds=2).save_raw(form))
    for cut in range(0, len(content), 7):
        with pytest.raises(model_reader.UnreadableModelError):
            model_reader.read(content[:cut])


def test_the_newest_version_that_is_served_is_the_one_in_the_image() -> None:
    pinned = f"xgboost-cpu=={model_reader.dotted(model_reader.NEWEST)}"
    assert pinned in (REPOSITORY / "function" / "requirements.in").read_text().splitlines()


def test_readme_says_which_versions_models_are_served() -> None:
    oldest, newest = model_reader.dotted(model_reader.OLDEST[:2]), model_reader.dotted(model_reader.NEWEST)
    assert f"any tree model saved by XGBoost {oldest} to {newest}" in (REPOSITORY / "README.md").read_text()
