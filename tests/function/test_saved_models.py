"""A model that any version of XGBoost saved is served as that version served it, or refused by name everywhere."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import booster
import json_text
import model_reader
import numpy as np
import pytest
import repack
import xgboost

from components import bundled_handler, model_summary, staging
from tests.function import saved_models
from tests.function.protocols import MakeEvent, Serve
from tests.function.saved_models.make import COLOURS, NAMED, NAMES, rows
from tests.function.test_model_file import stage
from tests.function.test_model_kinds import assert_bit_identical

LIBRARY = booster.library_version()
ROUNDS = {"stopped": (1, 3), "continued": (1, 5)}
"""Rounds that predict and rounds there are, where they are not the same."""


def refused(version: str, name: str) -> bool:
    kind = name.partition(".")[0]
    return kind == "linear" or (kind == "vectors" and tuple(map(int, version.split("."))) < (3, 2))


def served(version: str) -> bool:
    return tuple(map(int, version.split("."))) <= LIBRARY


SERVED = [(version, name) for version, name in saved_models.files() if not refused(version, name) and served(version)]


@functools.cache
def body(kind: str) -> str:
    """The rows as a client of a kind of model sends them."""
    table = rows()
    if kind == "missing":
        table[::3, 2] = np.nan
    names = [f"f{index}" for index in range(4)] if kind == "unnamed" else NAMES
    sent: dict[str, list[Any]] = {name: table[:, index].astype(float).tolist() for index, name in enumerate(names)}
    if kind in NAMED:
        sent["kind"] = [NAMED[kind][int(code)] for code in table[:, 3]]
    return json.dumps(sent).replace("NaN", "null")


Saved = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The file of a model that a version saved, unpacked once."""

    @functools.cache
    def unpack(version: str, name: str) -> Path:
        return saved_models.unpacked(folders[version], version, name)

    folders = {version: tmp_path_factory.mktemp(version) for version in saved_models.VERSIONS}
    return unpack


def answer(endpoint: Any, kind: str, event: MakeEvent) -> str:
    json_text.ORJSON.load()  # as in a process that parsed much: the models are asked here, and not the parsers
    response = endpoint(event(body(kind)), None)
    assert response["statusCode"] == 200, response["body"]
    return str(response["body"])


@pytest.mark.parametrize(("version", "name"), SERVED)
def test_a_saved_model_answers_as_the_version_that_saved_it(
    version: str, name: str, saved: Saved, serve: Serve, url_event: MakeEvent
) -> None:
    kind = name.partition(".")[0]
    endpoint = serve(saved(version, name), ALLOW_MISSING=str(kind == "missing").lower())
    expected = saved_models.predictions(version, name)
    assert len(expected) >= 1_000
    assert_bit_identical(answer(endpoint, kind, url_event), expected)


@pytest.mark.parametrize(("version", "name"), [each for each in SERVED if each[1].endswith(".json")])
def test_a_saved_model_answers_the_same_after_the_image_build_rewrote_it(
    version: str, name: str, saved: Saved, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    kind = name.partition(".")[0]
    stage(tmp_path, saved(version, name))
    repack.repack(tmp_path)
    endpoint = serve(tmp_path / "model.ubj", ALLOW_MISSING=str(kind == "missing").lower())
    assert_bit_identical(answer(endpoint, kind, url_event), saved_models.predictions(version, name))
    assert endpoint.contract is not None
    assert endpoint.contract.saved_by[:2] == tuple(map(int, version.split(".")))


@pytest.mark.parametrize(("version", "name"), SERVED)
def test_preview_and_reader_say_of_a_saved_model_what_xgboost_says(version: str, name: str) -> None:
    content = saved_models.archive(version)[name]
    found = model_reader.read(content)
    loaded = xgboost.Booster(model_file=bytearray(content))
    kind = name.partition(".")[0]
    all_rounds = loaded.num_boosted_rounds()
    best = loaded.attr("best_iteration") if kind in ROUNDS else None
    assert found.saved_by[:2] == tuple(map(int, version.split(".")))
    assert found.rounds == all_rounds
    assert found.rounds_used == (all_rounds if best is None else int(best) + 1)
    assert found.outputs == saved_models.predictions(version, name)[0].size
    assert found.features == tuple(loaded.feature_names or [f"f{index}" for index in range(4)])
    if kind != "vectors":
        assert found.trees == len(loaded.get_dump())
    shown = model_summary.summarize(bundled_handler.model_reader.read(content), "")
    assert (shown.trees, shown.rounds, shown.rounds_used) == (found.trees, found.rounds, found.rounds_used)
    assert (shown.depth, shown.booster, shown.outputs) == (found.depth, found.booster, found.outputs)


@pytest.mark.parametrize(("version", "name"), [each for each in saved_models.files() if refused(*each)])
def test_a_saved_model_of_a_kind_that_is_not_served_is_refused_by_name(
    version: str, name: str, saved: Saved, serve: Serve
) -> None:
    model = saved(version, name)
    reason = "gblinear" if name.startswith("linear") else f"trees of vectors (multi_output_tree) that XGBoost {version}"
    assert reason in str(serve(model).failure)
    with pytest.raises(staging.StagingError) as caught:
        staging.stage("saved", model)
    assert reason in str(caught.value)


@pytest.mark.parametrize(("version", "name"), [each for each in saved_models.files() if not served(each[0])])
def test_a_model_newer_than_the_library_is_read_but_not_loaded(
    version: str, name: str, saved: Saved, serve: Serve
) -> None:
    model = saved(version, name)
    if not refused(version, name):
        assert model_reader.read(model.read_bytes()).saved_by[:2] == tuple(map(int, version.split(".")))
        assert f"newer than the {xgboost.__version__} that would predict" in str(serve(model).failure)


@pytest.mark.parametrize("suffix", ["ubj", "json"])
@pytest.mark.parametrize("version", ["3.1", "3.2", "3.4"])
def test_category_names_of_a_saved_model_are_read(version: str, suffix: str) -> None:
    found = model_reader.read(saved_models.archive(version)[f"colours.{suffix}"])
    assert found.categories == {3: tuple(COLOURS)}


@pytest.mark.parametrize("name", ["accented.ubj", "accented.json"])
def test_category_names_beyond_ascii_are_read_where_the_file_has_them_right(name: str) -> None:
    assert model_reader.read(saved_models.archive("3.4")[name]).categories == {3: tuple(NAMED["accented"])}
