"""Is an image's content above its base read, hashed and judged rightly?"""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from image import contents
from image.contents import Contents, Entry
from local.errors import LocalError

STAGED = ["handler.py", "model.ubj", "manifest.json", "Dockerfile", "requirements.txt"]
GOOD = {
    "var": "folder",
    "var/task": "folder",
    "var/task/handler.py": "file",
    "var/task/__pycache__": "folder",
    "var/task/__pycache__/handler.cpython-313.pyc": "file",
    "var/task/model.ubj": "file",
    "var/task/manifest.json": "file",
    "var/task/xgboost/lib/libxgboost.so": "file",
    "var/task/orjson-3.13.0.dist-info/METADATA": "file",
}


def layer(files: Mapping[str, bytes | str], *, time: int = 0) -> bytes:
    """A layer: a file's content as bytes, a symbolic link's target as text."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mtime = time
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def archive(path: Path, layers: Sequence[bytes]) -> Path:
    """What `docker save` writes; the layers' digests are their numbers."""
    files = {f"{number}/layer.tar": content for number, content in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": ["image:tag"], "Layers": list(files)}]
    config = {"rootfs": {"diff_ids": [str(number) for number in range(len(layers))]}}
    parts = {"manifest.json": json.dumps(manifest).encode(), "config.json": json.dumps(config).encode()}
    path.write_bytes(layer({**files, **parts}))
    return path


def entries(**changes: Entry) -> Contents:
    made = [Entry(path, kind, 0o755 if kind == "folder" else 0o644, 10, "ab") for path, kind in GOOD.items()]
    return Contents(((*made, *changes.values()),))


def test_the_layers_of_the_base_are_left_out(tmp_path: Path) -> None:
    saved = archive(tmp_path / "a.tar", [layer({"base": b"12345"}), layer({"var/task/a": b"123"})])
    added = contents.above_base(saved, ["0"])
    assert [entry.path for entry in added.files] == ["var/task/a"]
    assert (added.size, len(added.layers)) == (3, 1)


def test_another_base_is_refused(tmp_path: Path) -> None:
    saved = archive(tmp_path / "a.tar", [layer({"base": b""}), layer({"a": b""})])
    with pytest.raises(LocalError, match="was not built on the base"):
        contents.above_base(saved, ["7"])


def test_a_file_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(layer({"other": b""}))
    with pytest.raises(LocalError, match=r"a\.tar is not what `docker save` writes"):
        contents.above_base(tmp_path / "a.tar", [])


def test_a_hidden_file_counts_as_bytes_but_not_as_content(tmp_path: Path) -> None:
    saved = archive(tmp_path / "a.tar", [layer({"a": b"1234"}), layer({"a": b"12"})])
    added = contents.above_base(saved, [])
    assert added.size == 6
    assert [entry.size for entry in added.files] == [2]


def test_what_belongs_into_the_image_is_accepted() -> None:
    contents.check_files(entries(), STAGED)
    assert contents.check_budget(entries()).startswith("90 bytes (≤ 30,000,000), 6 files")


@pytest.mark.parametrize(
    "path",
    [
        "etc/passwd",
        "var/task/notes.txt",
        "var/task/Dockerfile",
        "var/task/numpy/__init__.py",
        "var/task/__pycache__/conftest.cpython-313.pyc",
        "var/task/.wh.handler.py",
        "var/task/xgboost",
    ],
)
def test_what_nothing_needs_is_named(path: str) -> None:
    with pytest.raises(LocalError, match=f"^/{path} is in the image and nothing needs it"):
        contents.check_files(entries(extra=Entry(path, "file", 0o644, 1, "ab")), STAGED)


def test_a_json_model_has_to_be_ubjson_in_the_image() -> None:
    staged = [name.replace("model.ubj", "model.json") for name in STAGED]
    contents.check_files(entries(), staged)
    with pytest.raises(LocalError, match=r"^/var/task/model\.json is in the image and nothing needs it"):
        contents.check_files(entries(extra=Entry("var/task/model.json", "file", 0o644, 1, "ab")), staged)


@pytest.mark.parametrize("missing", ["model.ubj.sha256", "other.py"])
def test_what_is_staged_and_not_in_the_image_is_named(missing: str) -> None:
    with pytest.raises(LocalError, match=rf"^/var/task/{missing} is not in the image"):
        contents.check_files(entries(), [*STAGED, missing])


def test_code_that_is_not_compiled_is_named() -> None:
    source = Entry("var/task/other.py", "file", 0o644, 1, "ab")
    with pytest.raises(LocalError, match=r"^/var/task/__pycache__/other\.cpython-\*\.pyc is not in the image"):
        contents.check_files(entries(extra=source), [*STAGED, "other.py"])


@pytest.mark.parametrize(
    ("kind", "mode", "reason"),
    [
        ("file", 0o640, "Lambda's user cannot read it"),
        ("folder", 0o744, "Lambda's user cannot read it"),
        ("file", 0o666, "no other user may write it"),
        ("file", 0o664, "no other user may write it"),
        ("file", 0o4755, "or gain rights by it"),
    ],
)
def test_a_mode_that_does_not_fit_lambda_is_named(kind: str, mode: int, reason: str) -> None:
    with pytest.raises(LocalError, match=rf"^/var/task/orjson/x has mode {mode:o}: .*{reason}"):
        contents.check_files(entries(extra=Entry("var/task/orjson/x", kind, mode, 1, "ab")), STAGED)


@pytest.mark.parametrize(
    ("added", "unit"),
    [
        (Contents(((Entry("a", "file", 0o644, contents.BYTES + 1, ""),),)), "bytes"),
        (Contents((tuple(Entry(str(n), "file", 0o644, 0, "") for n in range(contents.FILES + 1)),)), "files"),
        (Contents(((),) * (contents.LAYERS + 1)), "layers"),
    ],
)
def test_a_budget_that_is_exceeded_is_named(added: Contents, unit: str) -> None:
    with pytest.raises(LocalError, match=rf"{unit} above its base, the budget is"):
        contents.check_budget(added)
