"""Does the real image hold, built and run as `make image-test` does it, and do the checks see one that does not?"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from image import behaviour, build, events, libraries, rebuilding, scanners
from image.build import Image, Wanted
from image.lambda_container import LambdaContainer
from local.docker import command
from local.docker.base_image import base_image
from local.errors import LocalError
from tests.image.conftest import Trial

pytestmark = pytest.mark.docker

REPOSITORY = Path(__file__).parents[2]
Run = Callable[..., LambdaContainer]
Alter = Callable[[str], str]


@pytest.mark.parametrize(
    "line",
    [
        r"recipe +hadolint has no remarks",
        r"above the base +[\d,]+ bytes \(≤ 30,000,000\), \d+ files .*, [34] layers",
        r"files +nothing that is not needed",
        r"predictions +32 records within 1e-05, all at once and each alone",
        r"cold start +\d+ ms to the first answer",
        r"statuses +200 400 404 405 406 413 415 422,",
        r"errors +a bad direct invocation fails as a function",
        r"libraries +4 find all \d+ that they need",
        r"memory +\d+ MB at most",
        r"manifest +application/vnd\.\S+: no index, no attestations",
        r"no change +no layer was made again",
        r"another model +exactly one layer was made again",
    ],
)
def test_the_image_is_what_lambda_takes(tried: Trial, line: str) -> None:
    assert re.search(rf"^    {line}", tried.printed, re.MULTILINE), tried.printed


def test_the_list_of_packages_names_every_locked_requirement(tried: Trial) -> None:
    locked = re.findall(r"^(\S+)==(\S+)", (REPOSITORY / "function" / "requirements.txt").read_text(), re.MULTILINE)
    document = json.loads(tried.packages.read_text())
    assert document["spdxVersion"] == "SPDX-2.3"
    assert locked
    assert {f"{name} {version}" for name, version in locked} <= set(scanners.packages(document))


def test_the_list_of_packages_names_the_image_and_no_path_of_this_machine(tried: Trial) -> None:
    text = tried.packages.read_text()
    assert json.loads(text)["name"] == tried.name.partition(":")[0]
    assert str(tried.packages.parents[1]) not in text


# --- the container is as strict as it says ---

WRITE = """
import errno
for path in ("/var/task/new", "/home/new", "/dev/shm/new"):
    try:
        open(path, "w")
    except OSError as error:
        assert error.errno in (errno.EROFS, errno.EACCES, errno.ENOENT), error
    else:
        raise SystemExit(f"{path} can be written")
open("/tmp/new", "w").close()
"""
RIGHTS = """
import os, re
capabilities = re.search(r"CapEff:\\s+(\\w+)", open("/proc/self/status").read())[1]
print(os.getuid(), int(capabilities, 16), *sorted(os.listdir("/sys/class/net")))
"""


def test_only_the_folder_for_temporary_files_can_be_written(container: LambdaContainer) -> None:
    assert container.python(WRITE) == ""


def test_it_has_no_rights_and_no_network(container: LambdaContainer) -> None:
    user, capabilities, *networks = container.python(RIGHTS).split()
    assert (user, capabilities) == ("993", "0")
    assert "eth0" not in networks


def test_it_cannot_use_more_memory_than_it_has(tried: Trial, running: Run) -> None:
    container = running(tried.name, memory_mb=128)
    container.python("bytearray(16 << 20)")
    with pytest.raises(LocalError, match="docker exec failed"):
        container.python("bytearray(b'1') * (192 << 20)")


# --- the checks see what is wrong ---


def test_a_prediction_that_differs_is_seen(container: LambdaContainer, wanted: Wanted) -> None:
    known = behaviour.expected(wanted.model)
    off = replace(known, predictions=[*known.predictions[:-1], 0.0])
    with pytest.raises(LocalError, match="record"):
        behaviour.check_golden(container, off)


def test_a_status_that_differs_is_seen(container: LambdaContainer, wanted: Wanted) -> None:
    (first, *_) = events.cases(behaviour.expected(wanted.model).records[0])
    with pytest.raises(LocalError, match="records: answered 200, must be 422"):
        behaviour.check_statuses(container, [replace(first, status=422)])


def test_a_library_that_is_not_there_is_named(tried: Trial, altered: Alter, running: Run) -> None:
    assert "libraries" in tried.printed
    container = running(altered("RUN rm -r /var/task/xgboost_cpu.libs"))
    with pytest.raises(LocalError, match=r"libxgboost\.so cannot be loaded: .*libgomp"):
        libraries.libraries(container)


def test_a_handler_that_is_not_there_is_told_in_lambdas_words(altered: Alter, running: Run) -> None:
    (answer,) = running(altered('CMD ["nowhere.handler"]')).invoke([[]])
    assert "No module named 'nowhere'" in str(answer.error)


def test_an_image_that_ends_at_once_is_told_with_its_log(altered: Alter, running: Run) -> None:
    container = running(altered('ENTRYPOINT ["python", "-c", "print(\'no such thing\')"]'))
    with pytest.raises(LocalError, match=r"does not answer as Lambda needs it: .*its log: no such thing"):
        container.invoke([[]])


def test_a_layer_that_was_made_again_without_cause_is_seen(
    tried: Trial, wanted: Wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    built = build.build(wanted, base_image(wanted.base, say=lambda _line: None), command.builder())
    assert built.name == tried.name
    before: Image = replace(built, layers=("sha256:other", *built.layers[1:]))
    with pytest.raises(LocalError, match=r"nothing changed, but \w+ made 1 layer\(s\) again"):
        rebuilding.check_again(before, wanted, command.builder())
    with pytest.raises(LocalError, match=r"another model, but \w+ made 2 layers again"):
        rebuilding.check_changed_model(before, wanted, command.builder(), tmp_path)


def test_hadolint_names_the_line_that_it_does_not_like(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN cd /tmp\n")
    with pytest.raises(LocalError, match=r"hadolint: .*Dockerfile:2 DL3003"):
        scanners.lint(tmp_path / "Dockerfile")


def test_hadolint_has_no_remarks_on_the_stand_in_base_either() -> None:
    scanners.lint(REPOSITORY / "local" / "docker" / "stand_in" / "image" / "Dockerfile")
