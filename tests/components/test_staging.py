"""Is the build context complete, and the same for the same input?"""

import binascii
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost

from components import context_digest, golden, staging
from components.bundled_handler import model_reader
from tests.components.conftest import GOLDEN, MODEL, small_model


def contents(folder: Path) -> dict[str, tuple[bytes, int, float]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime)
        for path in folder.rglob("*")
    }


def test_the_context_is_the_same_to_the_byte_every_time() -> None:
    first = staging.stage("wine", MODEL)
    before = contents(first.path)
    second = staging.stage("wine", MODEL)
    assert second == first
    assert contents(second.path) == before


def test_the_context_holds_the_handler_and_the_model_but_no_golden_records() -> None:
    names = contents(staging.stage("wine", MODEL).path).keys()
    assert {"Dockerfile", "requirements.txt", "handler.py", "manifest.json", "model.ubj"} <= names
    assert "golden.json" not in names


def test_nothing_that_lies_around_slips_in() -> None:
    assert not [
        name
        for name in contents(staging.stage("wine", MODEL).path)
        if name.endswith((".pyc", ".md", ".in")) or "__pycache__" in name or "/" in name
    ]


def test_the_manifest_names_the_model_by_its_hash() -> None:
    context = staging.stage("wine", MODEL)
    content = MODEL.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    (entry,) = json.loads((context.path / "manifest.json").read_text()).values()
    named = {"file": "model.ubj", "sha256": sha256, "version": sha256[:12], "name": "wine"}
    bytes_ = {"bytes": len(content), "crc32": binascii.crc32(content)}
    assert entry == named | bytes_ | model_reader.read(content).found()
    assert context.model_version == sha256[:12]


def test_another_model_is_another_context(tmp_path: Path) -> None:
    other = small_model(tmp_path / "other.json")
    context = staging.stage("wine", other)
    assert context.content_hash != staging.stage("wine", MODEL).content_hash
    assert (context.path / "model.json").read_bytes() == other.read_bytes()
    assert context.question == golden.MadeUp({"a": 0.0, "b": 0.0}, outputs=1)


def test_a_golden_file_of_another_model_is_refused(tmp_path: Path) -> None:
    other = small_model(tmp_path / "other.ubj")
    with pytest.raises(golden.GoldenError, match="was made for the model with SHA-256"):
        staging.stage("wine", other, GOLDEN)


def test_a_model_whose_record_no_request_can_hold_is_refused(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).random((20, 400), dtype=np.float32)
    names = [f"{column:04}" * 4_000 for column in range(400)]
    data = xgboost.DMatrix(rows, rows[:, 0], feature_names=names)
    xgboost.train({"max_depth": 1, "nthread": 1}, data, 1).save_model(tmp_path / "wide.ubj")
    with pytest.raises(staging.StagingError, match=r"a record of its 400 features is 64\d{5} bytes, and Lambda takes"):
        staging.stage("wine", tmp_path / "wide.ubj")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"records": [{"a": 1, "c": 2}]}, r"record 0 lacks the features \['b'\] and has \['c'\]"),
        ({"predictions": [[0.5, 0.5]]}, "prediction 0 has 2 numbers, the model gives 1"),
    ],
)
def test_a_golden_file_that_cannot_be_the_models_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    other = small_model(tmp_path / "other.ubj")
    fits = golden.Golden(hashlib.sha256(other.read_bytes()).hexdigest(), 0.1, [{"a": 1, "b": 2}], [0.5])
    path = tmp_path / "golden.json"
    path.write_text(json.dumps(vars(fits) | change))
    with pytest.raises(staging.StagingError, match=message):
        staging.stage("wine", other, path)


@pytest.mark.parametrize("name", ["model.model", "model", "wine.json"])
def test_the_content_says_which_format_a_model_has_whatever_its_file_is_called(tmp_path: Path, name: str) -> None:
    model = tmp_path / name
    model.write_bytes(MODEL.read_bytes())
    assert (staging.stage("wine", model).path / "model.ubj").read_bytes() == MODEL.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.pkl", b"\x80\x04", "is a pickle, which cannot be deployed"),
        ("model", b"{}", "is not a whole XGBoost model"),
        ("model.ubj", b"", "is empty; save it with Booster.save_model"),
        ("model.json", b"[1]", "is not a whole XGBoost model"),
        ("model.ubj", MODEL.read_bytes()[:-1], "is not a whole XGBoost model"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(staging.StagingError, match=message):
        staging.stage("wine", tmp_path / name)


def own_context(folder: Path, dockerfile: str = "Dockerfile") -> Path:
    folder.mkdir()
    (folder / dockerfile).write_text("FROM scratch\n")
    return folder


def test_an_own_context_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = own_context(tmp_path / "own")
    context = staging.stage("wine", folder)
    assert (context.path, context.dockerfile) == (folder, folder / "Dockerfile")
    (folder / "more").write_text("x")
    assert staging.stage("wine", folder).content_hash != context.content_hash


@pytest.mark.parametrize("source", [MODEL, None], ids=["model", "own context"])
def test_the_content_is_known_by_the_digest_that_the_docker_plugin_takes(tmp_path: Path, source: Path | None) -> None:
    context = staging.stage("wine", source or own_context(tmp_path / "own"))
    assert context.content_hash == context_digest.digest(context.path, context.dockerfile)


def test_an_own_context_may_have_its_dockerfile_elsewhere(tmp_path: Path) -> None:
    folder = own_context(tmp_path / "own", "other.Dockerfile")
    elsewhere = own_context(tmp_path / "elsewhere") / "Dockerfile"
    assert staging.stage("wine", folder, dockerfile=elsewhere).dockerfile == elsewhere


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        (None, "own has no Dockerfile at own/Dockerfile; name a folder that `docker build` could build"),
        ("lambda.Dockerfile", "paths start at the working directory, so name own/lambda.Dockerfile"),
        ("own", "has no Dockerfile at own"),
    ],
)
def test_an_own_context_without_a_dockerfile_is_refused(dockerfile: str | None, message: str) -> None:
    own_context(Path("own"), "lambda.Dockerfile")
    with pytest.raises(staging.StagingError, match=message):
        staging.stage("wine", Path("own"), dockerfile=Path(dockerfile) if dockerfile else None)


def test_an_own_context_that_cannot_be_read_is_refused() -> None:
    (own_context(Path("own")) / ".dockerignore").write_text("ab*[\n")
    with pytest.raises(staging.StagingError, match=r"the .dockerignore of own has a line that is no pattern"):
        staging.stage("wine", Path("own"))


def test_a_place_that_cannot_be_written_is_one_plain_line() -> None:
    Path(".build").write_text("a file")
    with pytest.raises(
        staging.StagingError, match=r"cannot be written to \.build/wine-\w{12}: .+; it needs a working"
    ) as caught:
        staging.stage("wine", MODEL)
    assert "\n" not in str(caught.value)


def test_the_tag_changes_with_everything_that_makes_the_docker_plugin_build_again() -> None:
    context = staging.stage("wine", MODEL)
    build = {"context": "a", "dockerfile": "a/Dockerfile", "platform": "linux/amd64", "args": {"A": "1"}}
    changes: list[dict[str, object]] = [
        {},
        {"context": "b"},
        {"dockerfile": "b"},
        {"platform": "linux/arm64"},
        {"args": {"A": "2"}},
        {"target": "last"},
    ]
    tags = {staging.content_tag(context, build | change) for change in changes}
    tags.add(staging.content_tag(replace(context, content_hash="other"), build))
    assert len(tags) == len(changes) + 1
    assert staging.content_tag(context, dict(reversed(build.items()))) in tags
