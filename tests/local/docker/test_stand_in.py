"""Is the stand-in for AWS's base image chosen, named, built and behaving as it says?"""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.docker import host_settings
from local.docker.base_image import base_image
from local.docker.build import build
from local.docker.command import builder
from local.docker.platforms import docker_platform
from local.docker.stand_in import StandInBaseError, build_stand_in
from local.docker.stand_in.build import image_name
from local.errors import LocalError

AWS_IMAGE = "registry.example/lambda/python:3.13"
INVOKE_PATH = "/2015-03-31/functions/function/invocations"
"""Where the interface emulator takes an event; AWS documents it for testing images locally."""

posix_only = pytest.mark.skipif(os.name == "nt", reason="fakes programs by shell scripts")


# --- the name ---


def test_the_same_ingredients_in_another_order_have_the_same_name() -> None:
    files = {"Dockerfile": b"FROM scratch", "host/pip.conf": b"[global]"}

    assert image_name(files, "linux/amd64") == image_name(dict(reversed(files.items())), "linux/amd64")


@pytest.mark.parametrize(
    ("files", "platform"),
    [
        ({"Dockerfile": b"FROM other", "pip.conf": b"[global]"}, "linux/amd64"),
        ({"Dockerfile": b"FROM scratch", "pip.conf": b"[install]"}, "linux/amd64"),
        ({"Dockerfile": b"FROM scratch", "pip.ini": b"[global]"}, "linux/amd64"),
        ({"Dockerfile": b"FROM scratch"}, "linux/amd64"),
        ({"Dockerfile": b"FROM scratch", "pip.conf": b"[global]"}, "linux/arm64"),
    ],
    ids=["content", "other content", "file name", "missing file", "platform"],
)
def test_another_ingredient_gives_another_name(files: dict[str, bytes], platform: str) -> None:
    before = image_name({"Dockerfile": b"FROM scratch", "pip.conf": b"[global]"}, "linux/amd64")

    assert image_name(files, platform) != before


@pytest.mark.parametrize(
    ("architecture", "platform"),
    [("x86_64", "linux/amd64"), ("AMD64", "linux/amd64"), ("arm64", "linux/arm64"), ("aarch64", "linux/arm64")],
)
def test_an_architecture_is_known_under_each_of_its_names(architecture: str, platform: str) -> None:
    assert docker_platform(architecture) == platform


def test_an_architecture_that_lambda_lacks_is_refused() -> None:
    with pytest.raises(LocalError, match="'riscv64'; Lambda has x86_64 and arm64"):
        docker_platform("riscv64")


# --- what is taken over from the machine ---


def pip_settings(text: str) -> dict[str, str]:
    return dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)


def test_pip_uses_the_machines_certificates_and_nothing_else_by_default() -> None:
    settings = host_settings.pip_configuration([], {})

    assert pip_settings(settings) == {"cert": "/etc/ssl/certs/ca-certificates.crt"}


def test_a_later_pip_file_overrides_an_earlier_one_and_the_environment_both(tmp_path: Path) -> None:
    system, user = tmp_path / "system.conf", tmp_path / "user.conf"
    system.write_text("[global]\nindex-url = https://system.example/\ntimeout = 1\ntrusted-host = system.example\n")
    user.write_text("[global]\ntimeout = 2\n[install]\ntrusted-host =\n  one.example\n  two.example\n")

    settings = pip_settings(
        host_settings.pip_configuration([system, user], {"PIP_INDEX_URL": "https://environment.example/"})
    )

    assert settings["index-url"] == "https://environment.example/"
    assert settings["timeout"] == "2"
    assert settings["trusted-host"] == "one.example two.example"


def test_a_folder_of_wheels_is_not_taken_over_because_a_build_cannot_see_it() -> None:
    assert "find-links" not in host_settings.pip_configuration([], {"PIP_FIND_LINKS": "/somewhere"})


@pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_PROXY"])
def test_an_address_with_a_password_is_refused_and_not_shown(variable: str) -> None:
    environ = {variable: "https://first.example/ https://user:hunter2@index.example/simple"}

    with pytest.raises(host_settings.HostSettingsError, match="would be readable in the image") as refused:
        host_settings.pip_configuration([], environ)

    assert "hunter2" not in str(refused.value)


def test_pip_can_be_told_to_read_no_file() -> None:
    assert host_settings.pip_configuration_files({"PIP_CONFIG_FILE": os.devnull}) == []


def test_the_file_that_pip_is_told_to_read_counts_most(tmp_path: Path) -> None:
    files = host_settings.pip_configuration_files({"PIP_CONFIG_FILE": str(tmp_path / "own.conf")}, home=tmp_path)

    assert files[-1] == tmp_path / "own.conf"
    assert tmp_path / ".config" / "pip" / "pip.conf" in files


def test_certificates_come_from_where_the_environment_says(tmp_path: Path) -> None:
    own, system = tmp_path / "own.pem", tmp_path / "system.pem"
    own.write_bytes(b"own")
    system.write_bytes(b"system")

    assert host_settings.certificates({"SSL_CERT_FILE": str(own)}, system) == b"own"
    assert host_settings.certificates({}, system) == b"system"


def test_missing_certificates_name_the_variable_to_correct(tmp_path: Path) -> None:
    with pytest.raises(host_settings.HostSettingsError, match="correct or unset PIP_CERT"):
        host_settings.certificates({"PIP_CERT": str(tmp_path / "gone.pem")})


def test_a_build_uses_the_machines_network_and_names_its_proxies_without_their_values() -> None:
    options = host_settings.docker_build_options({"HTTPS_PROXY": "http://user:hunter2@proxy.example", "HOME": "/root"})

    assert options == ["--network", "host", "--build-arg", "HTTPS_PROXY"]


# --- choosing, and saying so, with programs that only pretend ---


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is on the search path for programs; what is put there is all that is installed."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install(programs: Path, name: str, script: str) -> None:
    program = programs / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def engine_with(*images: str, pull: str = "echo 'no such host' >&2; exit 1") -> str:
    """A docker command whose engine has these images; `*` may stand for a part of a name."""
    has = "".join(f"{image}) exit 0 ;; " for image in images)
    return f'case "$1 $2" in "image inspect") case "$3" in {has}*) exit 1 ;; esac ;; "pull "*) {pull} ;; esac'


@posix_only
@pytest.mark.usefixtures("programs")
def test_a_machine_without_docker_gets_one_line() -> None:
    with pytest.raises(LocalError, match=r"^docker is not installed: .*docker\.io"):
        base_image(AWS_IMAGE)


@posix_only
def test_an_engine_that_does_not_answer_gets_one_line(programs: Path) -> None:
    install(programs, "docker", "echo 'Cannot connect' >&2; exit 1")

    with pytest.raises(StandInBaseError, match=r"^no Docker engine answers \(Cannot connect\)"):
        build_stand_in()


@posix_only
def test_an_image_that_the_engine_has_is_used_as_it_is(programs: Path) -> None:
    install(programs, "docker", engine_with(AWS_IMAGE))
    said: list[str] = []

    chosen = base_image(AWS_IMAGE, say=said.append)

    assert (chosen.name, chosen.build_options, said) == (AWS_IMAGE, (), [])


@posix_only
def test_an_image_that_can_be_pulled_is_pulled(programs: Path) -> None:
    install(programs, "docker", engine_with(pull="exit 0"))

    assert base_image(AWS_IMAGE, say=lambda _: None).name == AWS_IMAGE


@posix_only
def test_the_stand_in_is_used_only_with_the_reason_said_aloud(programs: Path) -> None:
    install(programs, "docker", engine_with("stand-in-lambda-python:*"))
    said: list[str] = []

    chosen = base_image(AWS_IMAGE, say=said.append)

    assert chosen.name.startswith("stand-in-lambda-python:3.13-")
    assert chosen.build_options[:2] == ("--network", "host")
    assert f"base image: {AWS_IMAGE} cannot be pulled (no such host)" in said
    assert any("STAND-IN" in line for line in said)


@posix_only
def test_a_machine_without_mmdebstrap_gets_one_line(programs: Path) -> None:
    install(programs, "docker", engine_with())

    with pytest.raises(StandInBaseError, match=r"^mmdebstrap is not installed: .*apt-get install mmdebstrap"):
        build_stand_in(say=lambda _: None)


@posix_only
def test_an_unreachable_mirror_gets_one_line_and_leaves_nothing_behind(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    install(programs, "docker", engine_with())
    install(programs, "apt-get", "echo http://mirror.example/debian")
    install(programs, "mmdebstrap", "echo Reading lists; echo 'E: Failed to fetch: no such host'; echo bye; exit 25")

    with pytest.raises(StandInBaseError) as refused:
        build_stand_in(say=lambda _: None)

    assert str(refused.value).startswith("the packages of Debian trixie cannot be fetched from http://mirror.example/")
    assert ": E: Failed to fetch: no such host (all that was printed: " in str(refused.value)
    assert list(scratch.iterdir()) == []


# --- the image itself ---


@pytest.fixture(scope="module")
def stand_in() -> str:
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is not installed: apt-get install mmdebstrap")
    return build_stand_in()


HANDLER = """
import os
def handler(event, context):
    return {"event": event, "user": os.getuid(), "name": context.function_name, "module": __file__}
"""

FUNCTION_DOCKERFILE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY echo.py ./
CMD ["echo.handler"]
"""


@pytest.fixture(scope="module")
def function_image(stand_in: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A function that returns its event, on the stand-in."""
    context = tmp_path_factory.mktemp("function")
    (context / "echo.py").write_text(HANDLER)
    (context / "Dockerfile").write_text(FUNCTION_DOCKERFILE)
    name = f"stand-in-test-{os.getpid()}:echo"
    docker("build", "--build-arg", f"BASE_IMAGE={stand_in}", "--tag", name, str(context))
    yield name
    docker("rmi", "--force", name)


def docker(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"docker {arguments[0]}: {done.stderr or done.stdout}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def container(stand_in: str) -> Iterator[str]:
    """A container of the stand-in that does nothing, to ask it several things."""
    with running(stand_in, "--read-only", "--entrypoint=/bin/sleep", arguments=["600"]) as name:
        yield name


def inside(container: str, command: str) -> str:
    return docker("exec", container, "/bin/sh", "-c", command)


@contextmanager
def running(image: str, *options: str, arguments: Sequence[str] = ()) -> Iterator[str]:
    container = docker("run", "--detach", *options, image, *arguments)
    try:
        yield container
    finally:
        docker("rm", "--force", container)


def answer(url: str, event: object) -> Any:
    """Post the event as soon as something listens, and return the answer."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, json.dumps(event).encode(), timeout=60) as response:  # noqa: S310 - http, and ours
                return json.load(response)
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.docker
def test_an_image_is_built_once_per_recipe(stand_in: str) -> None:
    said: list[str] = []

    assert build_stand_in(say=said.append) == stand_in
    assert said == []


@pytest.mark.docker
@pytest.mark.parametrize("command", ["python", "python3", "python3.13"])
def test_python_is_the_version_of_the_image_it_stands_in_for(container: str, command: str) -> None:
    version = 'import sys; print(sys.prefix, "%d.%d" % sys.version_info[:2])'

    assert inside(container, f"{command} -c '{version}'") == "/var/lang 3.13"


@pytest.mark.docker
def test_the_environment_is_that_of_the_aws_image(stand_in: str) -> None:
    (image,) = json.loads(docker("image", "inspect", stand_in))
    environment = dict(variable.split("=", 1) for variable in image["Config"]["Env"])

    assert environment["LAMBDA_TASK_ROOT"] == image["Config"]["WorkingDir"] == "/var/task"
    assert environment["LAMBDA_RUNTIME_DIR"] == "/var/runtime"
    assert environment["PATH"].startswith("/var/lang/bin:")
    assert image["Config"]["Entrypoint"] == ["/lambda-entrypoint.sh"]


@pytest.mark.docker
def test_no_compiler_ends_in_the_image(container: str) -> None:
    assert inside(container, "for tool in cc gcc g++ make cmake; do command -v $tool; done; echo none") == "none"


@pytest.mark.docker
def test_the_library_that_xgboost_needs_of_its_base_is_there(container: str) -> None:
    load = 'import ctypes; print(ctypes.CDLL("libstdc++.so.6")._name)'

    assert inside(container, f"python -c '{load}'") == "libstdc++.so.6"


@pytest.mark.docker
def test_byte_code_of_the_standard_library_is_there(container: str) -> None:
    cached = "import json, os; print(os.path.exists(json.__cached__))"

    assert inside(container, f"python -c '{cached}'") == "True"


@pytest.mark.docker
def test_pip_reaches_the_package_index_in_a_build(stand_in: str, tmp_path: Path) -> None:
    lines = ["ARG BASE_IMAGE", "FROM ${BASE_IMAGE}", "RUN python -m pip download --no-cache-dir --no-deps iniconfig"]
    (tmp_path / "Dockerfile").write_text("\n".join(lines))
    name = f"stand-in-test-{os.getpid()}:pip"
    options = ("--no-cache", *host_settings.docker_build_options())

    build(name, tmp_path, builder(), options=options, arguments={"BASE_IMAGE": stand_in})

    try:
        assert docker("run", "--rm", "--entrypoint=ls", name).startswith("iniconfig-")
    finally:
        docker("rmi", "--force", name)


@pytest.mark.docker
def test_a_published_port_answers_as_lambda_does(function_image: str) -> None:
    with running(function_image, "--publish", "127.0.0.1::8080") as container:
        address = docker("port", container, "8080/tcp").splitlines()[0]

        result = answer(f"http://{address}{INVOKE_PATH}", {"wines": 2})

    assert result["event"] == {"wines": 2}
    assert result["module"] == "/var/task/echo.py"


@pytest.mark.docker
def test_it_runs_as_lambda_runs_it_read_only_and_unprivileged(function_image: str) -> None:
    options = ["--read-only", "--tmpfs=/tmp", "--user=993:990", "--network=none", "--cap-drop=ALL", "--memory=256m"]
    ask = f"""
import time, urllib.request
for attempt in range(100):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8080{INVOKE_PATH}", b"[1]").read().decode()); break
    except OSError:
        time.sleep(0.1)
"""
    with running(function_image, *options) as container:
        result = json.loads(docker("exec", container, "python", "-c", ask))

    assert (result["event"], result["user"]) == ([1], 993)


@pytest.mark.docker
def test_without_a_handler_the_entrypoint_says_what_is_missing(stand_in: str) -> None:
    done = subprocess.run(["docker", "run", "--rm", stand_in], capture_output=True, text=True, check=False)

    assert done.returncode == 142
    assert "give the handler as the one argument" in done.stderr


@pytest.mark.docker
def test_under_lambda_the_emulator_is_left_out(function_image: str) -> None:
    command = ["docker", "run", "--rm", "--network=none", "--env=AWS_LAMBDA_RUNTIME_API=127.0.0.1:9", function_image]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode != 0, "there is no Lambda at that address, so that the runtime client must give up"
    assert "rapid" not in done.stdout + done.stderr, "that is what the interface emulator calls itself in its log"


@pytest.mark.docker
def test_the_aws_emulator_invokes_a_function_on_it(function_image: str) -> None:
    with aws_emulator() as url:
        client = boto3.client(
            "lambda",
            endpoint_url=url,
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_function(
            FunctionName="echo",
            Role="arn:aws:iam::000000000000:role/echo",
            PackageType="Image",
            Code={"ImageUri": function_image},
            Timeout=60,
        )
        try:
            response = client.invoke(FunctionName="echo", Payload=b'[{"alcohol": 9.5}]')
            result = json.load(response["Payload"])
        finally:
            client.delete_function(FunctionName="echo")

    assert "FunctionError" not in response
    assert (result["event"], result["name"]) == ([{"alcohol": 9.5}], "echo")


@contextmanager
def aws_emulator() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack.app"],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/_ministack/health", timeout=10).close()  # noqa: S310 - http, and ours
                break
            except (urllib.error.URLError, ConnectionError):
                assert process.poll() is None, "the emulator ended by itself"
                assert time.monotonic() < deadline, "the emulator does not answer"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)
