"""Does every shared library of the image find the libraries that it needs, here and on AWS's base?

Asks the dynamic loader inside the image, as `ldd` would, which not every base has. A stand-in base may have newer
libraries than AWS's, so the versions that are asked for are held against those of Amazon Linux 2023 as well.
"""

import json
import re
from dataclasses import dataclass

from image.lambda_container import LambdaContainer
from local.errors import LocalError

#: glibc 2.34 and GCC 11, which AWS's Python images from 3.12 on stand on: https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html
#: What GCC 11's libstdc++ defines: https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
NEWEST = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11,)}

# Runs inside, with the Python of the image.
LIST = """
import glob, json, os, re, subprocess, sys

(loader,) = (glob.glob("/lib64/ld-linux-x86-64.so.2") + glob.glob("/lib/ld-linux-aarch64.so.1"))[:1]
found = {}
for folder, _, files in os.walk("/var/task"):
    for name in sorted(files):
        if ".so" in name:
            path = os.path.join(folder, name)
            listed = subprocess.run([loader, "--list", path], capture_output=True, text=True)
            with open(path, "rb") as file:
                versions = set(re.findall(rb"\\0((?:GLIBC|GLIBCXX|CXXABI|GCC)_[0-9.]+)(?=\\0)", file.read()))
            found[path] = {"said": listed.stdout + listed.stderr, "status": listed.returncode,
                           "versions": sorted(version.decode() for version in versions)}
print(json.dumps(found))
"""

NEEDED = re.compile(r"^\s*(\S+) => (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Library:
    """A shared library of the image.

    Attributes:
        path: Where it lies.
        needs: The path of each library that it needs, by name.
        versions: The versions of other libraries' interfaces that it asks for, such as `GLIBC_2.28`.
    """

    path: str
    needs: dict[str, str]
    versions: tuple[str, ...]


def libraries(container: LambdaContainer) -> list[Library]:
    """The shared libraries below the task root.

    Raises:
        LocalError: There are none, or one needs a library that is not there.
    """
    found = json.loads(container.python(LIST))
    if not found:
        raise LocalError("there is no shared library below /var/task, not even XGBoost's")
    return [read(path, each["said"], each["status"], each["versions"]) for path, each in sorted(found.items())]


def read(path: str, said: str, status: int, versions: list[str]) -> Library:
    """Understand what the dynamic loader said of one library.

    Raises:
        LocalError: Something that it needs is not there.
    """
    missing = sorted({" ".join(line.split()) for line in said.splitlines() if "not found" in line})
    if missing or status != 0:
        raise LocalError(f"{path} cannot be loaded: {'; '.join(missing) or said.strip()}")
    library = Library(path, dict(NEEDED.findall(said)), tuple(versions))
    check_versions(library)
    return library


def check_versions(library: Library) -> None:
    """Hold the versions that a library asks for against what AWS's base has.

    Raises:
        LocalError: It asks for a newer one.
    """
    for version in library.versions:
        interface, _, number = version.partition("_")
        newest = NEWEST[interface]
        if tuple(map(int, number.split("."))) > newest:
            raise LocalError(
                f"{library.path} needs {version}, but AWS's base has {interface} {'.'.join(map(str, newest))}: "
                "it would load here and fail there; take a package built for manylinux_2_34 or older"
            )


def summary(libraries_found: list[Library]) -> str:
    """One line: how many libraries there are, how many others they need, and the newest version of each interface."""
    asked: dict[str, tuple[int, ...]] = {}
    for library in libraries_found:
        for version in library.versions:
            interface, _, number = version.partition("_")
            asked[interface] = max(asked.get(interface, ()), tuple(map(int, number.split("."))))
    newest = ", ".join(f"{interface} {'.'.join(map(str, number))}" for interface, number in sorted(asked.items()))
    needed = {name for library in libraries_found for name in library.needs}
    return f"{len(libraries_found)} find all {len(needed)} that they need; newest interfaces: {newest}"
