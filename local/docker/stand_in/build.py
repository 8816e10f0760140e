"""Builds the stand-in base image once per recipe, and returns its name.

The name ends in a hash of everything that makes the image: the recipe's files, the list of Debian packages,
the architecture, and what is taken over from this machine. An image of that name is up to date by definition.
What the hash leaves out on purpose is the state of the Debian mirror: an image already built stays as it is
until the recipe changes.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from local.docker import host_settings
from local.docker.build import build, run_quietly
from local.docker.command import builder, image_exists, quiet, require_engine
from local.docker.leftovers import keep_newest
from local.docker.platforms import KERNEL, debian_architecture, docker_platform
from local.errors import LocalError

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

KEPT_IMAGES = 4
"""Of both processors and the recipes before; older ones are taken away when one is built."""

STAGE_LABEL = "stand-in-lambda-python.stage-of"
"""Marks a build's intermediate images, so that they, and not those of another build, are removed afterwards."""

STEP_LIMIT_SECONDS = 900
"""For unpacking, which downloads; a slow line needs a few minutes, a dead one should end."""

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
    try:
        return _built(docker_platform(architecture), say)
    except LocalError as error:
        raise StandInBaseError(str(error)) from error


def _built(platform: str, say: Say) -> str:
    require_engine()
    files = recipe_files() | {
        "host/ca-certificates.crt": host_settings.certificates(),
        "host/pip.conf": host_settings.pip_configuration(host_settings.pip_configuration_files()).encode(),
    }
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
    keep_newest(REPOSITORY, KEPT_IMAGES)
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


def _require_mmdebstrap() -> None:
    if shutil.which("mmdebstrap") is None:
        raise StandInBaseError(
            "mmdebstrap is not installed: it builds the stand-in base from Debian packages (on Debian or Ubuntu: "
            "apt-get install mmdebstrap); or use a network from which the AWS base image can be pulled"
        )


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
    failure = f"the packages of Debian {SUITE} cannot be fetched from {mirror or 'the public mirror'}"
    run_quietly(command, failure, environ, STEP_LIMIT_SECONDS)


def _build_image(context: Path, name: str, platform: str) -> None:
    build_id = context.parent.name  # a random one
    root, native = debian_architecture(platform), docker_platform()
    # The legacy builder would call an image for another processor one for this machine.
    how = builder("BuildKit" if platform != native else None)
    try:
        build(
            name,
            context,
            how,
            platform=platform,
            options=(*host_settings.docker_build_options(), f"--label={REPOSITORY}=base"),
            arguments={
                "BUILD": build_id,
                "BUILDPLATFORM": native,
                "TOOLS": debian_architecture(native),
                "ROOT": root,
                "MACHINE": KERNEL[platform],
            },
            failure="the stand-in base cannot be built, which needs pip's package index",
        )
    finally:
        quiet("image", "prune", "--force", f"--filter=label={STAGE_LABEL}={build_id}")
