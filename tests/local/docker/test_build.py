"""What is said of a command that failed: one sentence with its own reason, and the rest in a file."""

import os
from pathlib import Path

import pytest

from local.docker.build import LOG, cause, run_quietly
from local.errors import LocalError

BUILDKIT = """\
#9 [packages 4/5] RUN python -m pip install
#9 0.8 Collecting orjson
#9 DONE 3.1s

#17 [proof 6/6] RUN python -B golden.py && true
#17 sha256:20f885b35a8c
#17 0.145 model: model.ubj is UBJSON
#17 0.304 golden check failed: record 3
#17 ERROR: executor failed running [/bin/sh -c python -B golden.py && true]: exit code: 1
------
 > [proof 6/6] RUN python -B golden.py && true:
------
executor failed running [/bin/sh -c python -B golden.py && true]: exit code: 1
"""
PIP = """\
#9 [packages 4/5] RUN python -m pip install
#9 0.8 \x1b[31mERROR: Could not find a version that satisfies the requirement orjson==3.13.0\x1b[0m
#9 0.9 ERROR: No matching distribution found for orjson==3.13.0
#9 0.9 [notice] A new release of pip is available
#9 ERROR: process "/bin/sh -c python -m pip install" did not complete successfully: exit code: 1
"""
NO_STEP = """\
#7 [code 2/3] COPY *.py ./
#7 ERROR: no source files were specified
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (BUILDKIT, "golden check failed: record 3"),
        (
            "golden check failed: record 3\nThe command '/bin/sh -c python' returned a non-zero code: 1\n",
            "golden check failed: record 3",
        ),
        (PIP, "ERROR: Could not find a version that satisfies the requirement orjson==3.13.0"),
        (NO_STEP, "no source files were specified"),
        ("Reading lists\nE: Failed to fetch: no such host\nbye\n", "E: Failed to fetch: no such host"),
        ("", "it said nothing"),
    ],
    ids=["BuildKit", "legacy", "pip", "no output", "apt", "nothing"],
)
def test_the_reason_is_what_the_failed_step_said(output: str, reason: str) -> None:
    assert cause(output) == reason


def test_the_rest_is_in_a_file_that_the_sentence_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["sh", "-c", "echo step; echo 'it broke' >&2; exit 1"]
    with pytest.raises(LocalError, match=rf"^no image: it broke \(all that was printed: {LOG.as_posix()}\)$"):
        run_quietly(command, "no image", os.environ, 60)
    assert LOG.read_text() == "step\nit broke\n"


def test_a_command_that_succeeds_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_quietly(["sh", "-c", "echo fine"], "no image", os.environ, 60)
    assert list(LOG.parent.iterdir()) == []
