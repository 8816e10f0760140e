"""Builds the stand-in base image once per recipe, and returns its name.

The name ends in a hash of everything that makes the image: the recipe's files, the list of Debian packages,
the architecture, and what is taken over from this machine. An image of that name is up to date by definition.
What the hash leaves out on purpose is the state of the Debian mirror: an image already built stays as it is
until the recipe changes.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from platform import machine

from local.errors import LocalError
from local.stand_in_base import host_settings

REPOSITORY = "stand-in-lambda-python"
PYTHON = "3.13"

SUITE = "trixie"
"""The Debian release whose Python is the one of the AWS image that we stand in for."""

DEBIAN_PACKAGES = (
    "base-files",  # the folders and links of the root file system
    "base-passwd",
    "bash",
    "coreutils",
    "dash",  # /bin/sh
    "grep",
    "libstdc++6",  # XGBoost's library needs it, and its wheel does not bring it
    "python3-pip-whl",  # installs the locked pip, then is deleted
    "python3.13",
    "sed",
)

RECIPE = Path(__file__).parent / "image"

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""What machines call themselves, and what Debian and Docker call them."""

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's architectures, and what Linux and the package index call them."""

STAGE_LABEL = "stand-in-lambda-python.stage-of"
"""Marks a build's intermediate images, so that they, and not those of another build, are removed afterwards."""

STEP_LIMIT_SECONDS = 900
"""For each of the two steps that download; a slow line needs a few minutes, a dead one should end."""

TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
FIRST_ERROR = re.compile(r"(?:^|\s)((?:E: |ERROR: ).+)", re.MULTILINE)
"""How apt, mmdebstrap, pip and Docker mark an error; a build puts its step and time before it."""

Say = Callable[[str], None]


class StandInBaseError(LocalError):
    """The stand-in base cannot be built here; the message says in one line why, and what to do."""


def build_stand_in(architecture: str | None = None, say: Say = print) -> str:
    """Build the stand-in base image unless it is already there.

    Args:
        architecture: ``x86_64`` or ``arm64``; this machine's own when not given. Another one needs BuildKit, and no
            emulation: nothing of it runs here.
        say: called with each line of progress.

    Returns:
        The image's name, such as ``stand-in-lambda-python:3.13-0123456789ab``, known to the local engine only.

    Raises:
        StandInBaseError: a program, the engine, the Debian mirror or the package index is missing.
    """
    platform = docker_platform(architecture)
    require_engine()
    try:
        host_files = {
            "host/ca-certificates.crt": host_settings.certificates(),
            "host/pip.conf": host_settings.pip_configuration(host_settings.pip_configuration_files()).encode(),
        }
    except host_settings.HostSettingsError as error:
        raise StandInBaseError(str(error)) from error
    files = recipe_files() | host_files

    name = image_name(files, platform)
    if image_exists(name):
        return name
    _require_mmdebstrap()
    with tempfile.TemporaryDirectory(prefix="stand-in-base-") as folder:
        context = Path(folder, "context")
        _write(files, context)
        for each in dict.fromkeys([platform, docker_platform()]):  # what the image is, and what its build runs
            say(f"stand-in base: unpacking Python {PYTHON} from Debian {SUITE} for {each}, about 20 s")
            _unpack_debian(context / f"debian-{debian_architecture(each)}.tar", Path(folder), each)
        say("stand-in base: adding Lambda's runtime client and interface emulator, about 30 s")
        _build_image(context, name, platform)
    say(f"stand-in base: built {name}")
    return name


def recipe_files() -> dict[str, bytes]:
    """Return the recipe's files by name."""
    return {path.name: path.read_bytes() for path in sorted(RECIPE.iterdir()) if path.is_file()}


def image_name(files: Mapping[str, bytes], platform: str) -> str:
    """Return the name that an image of these ingredients has, and no other.

    Args:
        files: content by name, in any order.
        platform: such as ``linux/amd64``.
    """
    digest = hashlib.sha256()
    for part in (SUITE, platform, *DEBIAN_PACKAGES):
        digest.update(part.encode() + b"\0")
    for name, content in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return f"{REPOSITORY}:{PYTHON}-{digest.hexdigest()[:12]}"


def require_engine() -> None:
    """Check that a Docker engine answers.

    Raises:
        StandInBaseError: there is no ``docker`` command, or no engine answers it.
    """
    _require_program("docker", "install a Docker engine (on Debian: apt-get install docker.io)")
    answer = subprocess.run(["docker", "version"], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise StandInBaseError(f"no Docker engine answers ({last_line(answer.stderr)}): start it, then try again")


def image_exists(name: str) -> bool:
    """Whether the local engine has the image."""
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0


def docker_platform(architecture: str | None = None) -> str:
    """Return Docker's name of the platform, such as ``linux/amd64``.

    Args:
        architecture: under any of its names; this machine's own when not given.

    Raises:
        StandInBaseError: Lambda does not have it.
    """
    named = architecture or machine()
    try:
        return f"linux/{ARCHITECTURES[named.lower()]}"
    except KeyError:
        raise StandInBaseError(f"the architecture is {named!r}; Lambda has x86_64 and arm64") from None


def debian_architecture(platform: str) -> str:
    """Return Debian's name of Docker's platform, such as ``amd64``."""
    return platform.removeprefix("linux/")


def _require_mmdebstrap() -> None:
    _require_program(
        "mmdebstrap",
        "it builds the stand-in base from Debian packages (on Debian or Ubuntu: apt-get install mmdebstrap); "
        "or use a network from which the AWS base image can be pulled",
    )


def _require_program(program: str, remedy: str) -> None:
    if shutil.which(program) is None:
        raise StandInBaseError(f"{program} is not installed: {remedy}")


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _unpack_debian(archive: Path, scratch: Path, platform: str) -> None:
    """Write a root file system with our packages as a tar archive; work in the scratch folder."""
    mirror, security_mirror = host_settings.debian_mirrors()
    # Without sources mmdebstrap takes Debian's own, public ones.
    sources = [f"deb {mirror} {SUITE} main", f"deb {mirror} {SUITE}-updates main"] if mirror else []
    if mirror and security_mirror:
        sources.append(f"deb {security_mirror} {SUITE}-security main")
    command = [
        "mmdebstrap",
        "--variant=extract",  # unpacks and runs nothing, so that it is quick and works for any architecture
        f"--architectures={debian_architecture(platform)}",
        f"--include={','.join(DEBIAN_PACKAGES)}",
        SUITE,
        str(archive),
        *sources,
    ]
    scratch.chmod(0o755)  # apt downloads as a user of its own, who must be able to come in
    environ = host_settings.apt_environment() | {"TMPDIR": str(scratch)}
    _run(command, f"the packages of Debian {SUITE} cannot be fetched from {mirror or 'the public mirror'}", environ)


def _build_image(context: Path, name: str, platform: str) -> None:
    build = context.parent.name  # a random one
    root, native = debian_architecture(platform), docker_platform()
    command = [
        "docker",
        "build",
        "--force-rm",  # the legacy builder would keep the container of a step that failed
        *host_settings.docker_build_options(),
        f"--build-arg=BUILD={build}",
        f"--build-arg=BUILDPLATFORM={native}",
        f"--build-arg=TOOLS={debian_architecture(native)}",
        f"--build-arg=ROOT={root}",
        f"--build-arg=MACHINE={MACHINES[root]}",
        f"--platform={platform}",
        f"--label={REPOSITORY}=base",
        f"--tag={name}",
        str(context),
    ]
    needs, environ = "pip's package index", dict(os.environ)
    if platform != native:
        needs += f" and, for {platform} on this machine, BuildKit"
        environ["DOCKER_BUILDKIT"] = "1"  # the legacy builder would call the image one for this machine
    try:
        _run(command, f"the stand-in base cannot be built, which needs {needs}", environ)
    finally:
        subprocess.run(
            ["docker", "image", "prune", "--force", f"--filter=label={STAGE_LABEL}={build}"],
            capture_output=True,
            check=False,
        )


def _run(command: Sequence[str], failure: str, environ: Mapping[str, str]) -> None:
    """Run a command quietly; when it fails, say in one line what that means and the command's own reason."""
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=STEP_LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise StandInBaseError(f"{failure}: {command[0]} was still at it after {STEP_LIMIT_SECONDS} s") from error
    if done.returncode != 0:
        raise StandInBaseError(f"{failure}: {_reason(done.stdout)}")


def _reason(output: str) -> str:
    """Return what a failed command said of the cause: its first error, else its last line."""
    plain = TERMINAL_COLOURS.sub("", output)
    error = FIRST_ERROR.search(plain)
    return error.group(1).strip() if error else last_line(plain)


def last_line(output: str) -> str:
    """Return the last line that is not empty."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
