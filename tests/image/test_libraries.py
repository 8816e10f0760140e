"""Is what the dynamic loader says of a library understood?"""

import pytest

from image import libraries
from local.errors import LocalError

SAID = """
\tlinux-vdso.so.1 (0x00007f56f907a000)
\tlibgomp-e985bcbb.so.1.0.0 => /var/task/xgboost_cpu.libs/libgomp-e985bcbb.so.1.0.0 (0x00007f56f8000000)
\tlibc.so.6 => /lib64/libc.so.6 (0x00007f56f7b79000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f56f907c000)
"""


def test_every_needed_library_is_known_with_its_place() -> None:
    library = libraries.read("/var/task/a.so", SAID, 0, ["GLIBC_2.28"])
    assert library.needs["libc.so.6"] == "/lib64/libc.so.6"
    assert set(library.needs) == {"libgomp-e985bcbb.so.1.0.0", "libc.so.6"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"{SAID}\tlibstdc++.so.6 => not found\n", 0),
        ("/lib64/libc.so.6: version `GLIBC_2.38' not found (required by /var/task/a.so)", 0),
        ("/var/task/a.so: wrong ELF class", 127),
    ],
)
def test_a_library_that_cannot_be_loaded_is_refused(said: str, status: int) -> None:
    with pytest.raises(LocalError, match=r"^/var/task/a\.so cannot be loaded: "):
        libraries.read("/var/task/a.so", said, status, [])


@pytest.mark.parametrize("version", ["GLIBC_2.34", "GLIBC_2.2.5", "GLIBCXX_3.4.29", "CXXABI_1.3.13", "GCC_7.0.0"])
def test_what_awss_base_has_may_be_asked_for(version: str) -> None:
    assert libraries.read("/var/task/a.so", SAID, 0, [version]).versions == (version,)


@pytest.mark.parametrize("version", ["GLIBC_2.35", "GLIBC_2.100", "GLIBCXX_3.4.30", "CXXABI_1.3.14", "GCC_12.0.0"])
def test_what_only_a_newer_stand_in_has_is_refused(version: str) -> None:
    with pytest.raises(LocalError, match=rf"needs {version}, but AWS's base has"):
        libraries.read("/var/task/a.so", SAID, 0, [version])


def test_the_summary_shows_the_newest_version_by_number() -> None:
    found = [libraries.read("/a.so", SAID, 0, ["GLIBC_2.4", "GLIBC_2.28"]), libraries.read("/b.so", SAID, 0, [])]
    assert libraries.summary(found) == "2 find all 2 that they need; newest interfaces: GLIBC 2.28"
