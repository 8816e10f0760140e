"""A model that must not be served is refused before XGBoost sees it, in one plain line."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import booster
import loading
import model_file
import model_reader
import numpy as np
import pytest
import xgboost
from endpoint import Endpoint, RequestRefusedError

from tests.function.protocols import MakeEvent, Serve


@functools.cache
def said_of(content: bytes) -> dict[str, Any]:
    """What a manifest says of a file, which many tests stage."""
    identity = model_reader.identity(content)
    return {"version": identity["sha256"][:12], **identity, **model_reader.read(content).found()}


def stage(folder: Path, model: Path, **entry: str) -> dict[str, str]:
    """Put a model and its manifest into a folder as staging does; return the environment that serves it."""
    content = model.read_bytes()
    staged = folder / f"model{model.suffix}"
    staged.write_bytes(content)
    manifest = {"file": staged.name, "name": "staged", **said_of(content), **entry}
    (folder / "manifest.json").write_text(json.dumps({"model": manifest}))
    return {"MODEL_PATH": str(staged)}


def failure(environment: dict[str, str]) -> str:
    """Return the plain line with which the model must be refused."""
    with pytest.raises(model_file.ModelError) as refused:
        loading.load(environment)
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
def test_a_staged_model_is_served_under_its_name_and_version(tmp_path: Path, small_model: Path, suffix: str) -> None:
    model = small_model.with_suffix(suffix)
    stage(tmp_path, model)
    file = model_file.read({}, str(tmp_path))
    assert (file.name, file.version) == ("staged", hashlib.sha256(model.read_bytes()).hexdigest()[:12])


def test_a_model_that_the_build_rewrote_keeps_the_version_of_what_was_staged(tmp_path: Path, small_model: Path) -> None:
    stage(tmp_path, small_model, version="0123456789ab")
    file = model_file.read({}, str(tmp_path))
    assert (file.version, file.sha256) == ("0123456789ab", hashlib.sha256(small_model.read_bytes()).hexdigest())


def test_the_version_of_another_file_than_the_manifests_is_its_own(tmp_path: Path, small_model: Path) -> None:
    sha256 = hashlib.sha256(small_model.read_bytes()).hexdigest()
    environment = stage(tmp_path, small_model, version="0123456789ab", sha256="0" * 64)
    assert model_file.read({**environment, "MODEL_SHA256": sha256}).version == sha256[:12]


def test_a_swapped_model_is_refused(tmp_path: Path, small_model: Path) -> None:
    environment = stage(tmp_path, small_model)
    Path(environment["MODEL_PATH"]).write_bytes(small_model.read_bytes().replace(b"income", b"incame"))
    assert "not the one that was staged" in failure(environment)


@pytest.mark.parametrize("at", range(60))
def test_a_single_flipped_bit_is_refused(tmp_path: Path, small_model: Path, at: int) -> None:
    environment = stage(tmp_path, small_model)
    content = bytearray(small_model.read_bytes())
    content[at * len(content) // 60] ^= 1 << at % 8
    Path(environment["MODEL_PATH"]).write_bytes(content)
    assert failure(environment) == (
        "model file model.ubj is not the one that was staged: its length or CRC-32 differs; stage and deploy it again"
    )


def test_a_model_can_be_pinned_without_a_manifest(small_model: Path) -> None:
    assert "not the one" in failure({"MODEL_PATH": str(small_model), "MODEL_SHA256": "0" * 64})


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    assert "absent.ubj" in failure({"MODEL_PATH": str(tmp_path / "absent.ubj")})


def test_no_model_at_all_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(model_file.ModelError, match="set MODEL_PATH"):
        model_file.read({}, str(tmp_path))


@pytest.mark.parametrize("key", model_file.FOUND)
def test_a_manifest_that_does_not_say_what_was_found_is_refused(tmp_path: Path, small_model: Path, key: str) -> None:
    environment = stage(tmp_path, small_model)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["model"][key]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert "manifest.json beside the model is damaged" in failure(environment)


def test_a_manifest_in_which_no_number_is_missing_says_nan(tmp_path: Path, small_model: Path) -> None:
    environment = stage(tmp_path, small_model)
    manifest = (tmp_path / "manifest.json").read_text()
    assert manifest.count('"missing": "nan"') == 1
    (tmp_path / "manifest.json").write_text(manifest.replace('"nan"', '"none"'))
    assert "manifest.json beside the model is damaged" in failure(environment)


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"model": 3}', '{"model": {"file": "model.ubj"}}', "{"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, small_model: Path, manifest: str) -> None:
    environment = stage(tmp_path, small_model)
    (tmp_path / "manifest.json").write_text(manifest)
    assert "manifest.json" in failure(environment)


@pytest.mark.parametrize(
    "version", ["", "0123456789a", "0123456789AB", "0123456789abcdef", '012","a":"45', "01234567\r\nab"]
)
def test_a_manifest_whose_version_is_none_is_refused(tmp_path: Path, small_model: Path, version: str) -> None:
    assert "manifest.json beside the model is damaged" in failure(stage(tmp_path, small_model, version=version))


def test_a_file_without_manifest_is_read_through_first(tmp_path: Path) -> None:
    model = tmp_path / "model.ubj"
    model.write_bytes(b"{L")
    assert failure({"MODEL_PATH": str(model)}).startswith("the model file is not a whole XGBoost model")


def test_a_pinned_file_without_manifest_is_read_through_as_well(tmp_path: Path) -> None:
    model = tmp_path / "model.ubj"
    model.write_bytes(b"{L")
    pinned = {"MODEL_PATH": str(model), "MODEL_SHA256": hashlib.sha256(b"{L").hexdigest()}
    assert "not a whole XGBoost model" in failure(pinned)


def test_a_staged_file_is_not_read_through_again(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = stage(tmp_path, small_model)
    monkeypatch.setattr(model_reader, "read", lambda content: pytest.fail(f"{len(content)} bytes read through"))
    assert loading.load(environment).rounds_used == 20


def test_a_model_of_a_newer_xgboost_than_the_loaded_library_is_refused(tmp_path: Path, small_model: Path) -> None:
    newer = f"{booster.library_version()[0] + 1}.0.0"
    message = failure(stage(tmp_path, small_model, saved_by=newer))
    assert f"the model file was saved by XGBoost {newer}, newer than the {xgboost.__version__}" in message


def test_a_json_model_that_another_program_rewrote_is_served(tmp_path: Path, small_model: Path) -> None:
    document = json.loads(small_model.with_suffix(".json").read_text())
    model = tmp_path / "rewritten.json"
    model.write_text(json.dumps({"version": document["version"], "learner": document["learner"]}, indent=1))
    assert loading.load({"MODEL_PATH": str(model)}).features == ("income", "age", "height: cm")


def test_without_a_model_every_request_is_told_why(tmp_path: Path, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(tmp_path / "absent.ubj")
    response = endpoint(url_event("[]"), None)
    assert response["statusCode"] == 503
    assert "absent.ubj" in json.loads(response["body"])["detail"]
    with pytest.raises(RequestRefusedError, match=r"absent\.ubj"):
        endpoint([], None)


def test_the_reason_is_logged_once_as_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Endpoint({"MODEL_PATH": str(tmp_path / "absent.ubj")})
    assert capsys.readouterr().err.count("\n") == 1


def corrupted(content: bytes, seed: int) -> bytes:
    """Return a file damaged in one of the ways that disks, copies and people damage files."""
    random = np.random.default_rng(seed)
    at = int(random.integers(len(content)))
    length = int(random.integers(1, 200))
    match seed % 8:
        case 0:  # one bit
            return content[:at] + bytes([content[at] ^ 1 << int(random.integers(8))]) + content[at + 1 :]
        case 1:  # cut short
            return content[:at]
        case 2:  # a hole
            return content[:at] + bytes(length) + content[at + length :] + b"\0" * (at % 2)
        case 3:  # something lost in the middle
            return content[:at] + content[at + length :]
        case 4:  # something written twice
            return content[:at] + content[at : at + length] + content[at:]
        case 5:  # two blocks exchanged, or one appended
            return content[at:] + content[:at] + b"}"
        case 6:  # noise
            return content[:at] + random.bytes(length) + content[at:]
        case _:  # text tools: line ends and encodings
            return content.decode("latin-1").encode("utf-8") + bytes([seed % 256])


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
def test_none_of_hundreds_of_corrupted_files_loads_crashes_or_answers(
    tmp_path: Path, small_model: Path, url_event: MakeEvent, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = small_model.with_suffix(suffix)
    environment = stage(tmp_path, model)
    staged, content = Path(environment["MODEL_PATH"]), model.read_bytes()
    event = url_event('[{"income": 1, "age": 2, "height: cm": 3}]')
    assert Endpoint(environment)(event, None)["statusCode"] == 200
    with staged.open("r+b", buffering=0) as file:  # once: opening it takes longer than all the rest
        for seed in range(600):
            damaged = corrupted(content, seed)
            if damaged == content:  # a hole where there were zeros already
                damaged += b"\0"
            file.seek(0)
            file.truncate()
            file.write(damaged)
            endpoint = Endpoint(environment)
            assert "not the one that was staged" in str(endpoint.failure), seed
            assert endpoint(event, None)["statusCode"] == 503
    assert capsys.readouterr().err.count("\n") == 600
