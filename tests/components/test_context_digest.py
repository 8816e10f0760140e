"""Does the digest of a build context change when, and only when, the Docker plugin's does?"""

import os
import random
import shutil
import socket
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from components import context_digest

CONTEXT = Path("app")
DOCKERFILE = CONTEXT / "Dockerfile"


def write(path: Path, content: str = "", mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)


def relink(link: Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


@pytest.fixture(autouse=True)
def context() -> None:
    """A context with what contexts have: modes, links, a folder that is left out but for one file."""
    write(DOCKERFILE, "FROM scratch\n")
    write(CONTEXT / ".dockerignore", "vendor\n!vendor/keep\n**/*.pyc\n")
    write(CONTEXT / "main.py", "print()\n")
    write(CONTEXT / "main.pyc")
    write(CONTEXT / "run.sh", "true\n", 0o755)
    write(CONTEXT / "setuid", mode=0o4711)
    write(CONTEXT / "vendor" / "keep", "kept")
    write(CONTEXT / "vendor" / "other", "left out")
    write(CONTEXT / "été", "utf-8")
    write(Path("outside"), "seen through a link")
    (CONTEXT / "link").symlink_to("vendor/../main.py")
    (CONTEXT / "up").symlink_to("../outside")
    (CONTEXT / "folder-link").symlink_to("vendor")
    os.mkfifo(CONTEXT / "pipe")


def digest() -> str:
    return context_digest.digest(CONTEXT, DOCKERFILE)


def test_the_digest_is_the_plugins_own() -> None:
    """The value is what `docker_plugin/main.go` prints for this context."""
    assert digest() == "3de246f949a312f102f1ecf0775159d546ee7128c67f6d2fe6efd92312fe1654"


CHANGES: dict[str, Callable[[], object]] = {
    "content": lambda: (CONTEXT / "main.py").write_text("print(1)\n"),
    "mode": lambda: (CONTEXT / "main.py").chmod(0o600),
    "name": lambda: (CONTEXT / "main.py").rename(CONTEXT / "main2.py"),
    "new file": lambda: write(CONTEXT / "new"),
    "link": lambda: relink(CONTEXT / "up", "main.py"),
    "link that leads nowhere": lambda: (CONTEXT / "nowhere").symlink_to("missing"),
    "link to itself": lambda: (CONTEXT / "circle").symlink_to("circle"),
    "file brought back": lambda: (CONTEXT / "vendor" / "keep").write_text("changed"),
    "Dockerfile": lambda: DOCKERFILE.write_text("FROM other\n"),
    "ignore file": lambda: (CONTEXT / ".dockerignore").write_text("vendor\n"),
    "ignore file of the Dockerfile": lambda: write(CONTEXT / "Dockerfile.dockerignore", "run.sh\n"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_makes_another_image_makes_another_digest(change: Callable[[], object]) -> None:
    before = digest()
    change()
    assert digest() != before


NO_CHANGES: dict[str, Callable[[], object]] = {
    "file left out": lambda: (CONTEXT / "vendor" / "other").write_text("changed"),
    "file left out by a wildcard": lambda: (CONTEXT / "main.pyc").chmod(0o600),
    "folder left out": lambda: write(CONTEXT / "vendor" / "deep" / "new"),
    "time": lambda: os.utime(CONTEXT / "main.py", (0, 0)),
    "mode of a folder": lambda: (CONTEXT / "vendor").chmod(0o700),
    "file behind a link": lambda: Path("outside").write_text("changed"),
    "other way to the same": lambda: relink(CONTEXT / "link", "./main.py"),
}


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_makes_no_other_image_builds_nothing(change: Callable[[], object]) -> None:
    before = digest()
    change()
    assert digest() == before


def test_what_comes_behind_a_link_that_leads_nowhere_counts() -> None:
    """The plugin's own digest would not change here, and the old image would stay without a word."""
    (CONTEXT / "a-dangling").symlink_to("missing")
    before = digest()
    (CONTEXT / "main.py").write_text("changed")
    assert digest() != before


def test_a_dockerfile_elsewhere_counts_by_its_content_alone() -> None:
    for name in ("one", "two"):
        write(Path(name), "FROM scratch\n")
    one, two = (context_digest.digest(CONTEXT, Path(name)) for name in ("one", "two"))
    assert one == two


def test_files_are_read_in_pieces() -> None:
    with (CONTEXT / "large").open("wb") as file:
        file.truncate(16 * 2**20)
    tracemalloc.start()
    digest()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_a_file_that_cannot_be_read_is_named() -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(CONTEXT / "socket"))
        with pytest.raises(
            context_digest.ContextError, match=r"app/socket cannot be read: .+ name it in .dockerignore"
        ):
            digest()


def test_a_line_that_is_no_pattern_is_named() -> None:
    write(CONTEXT / ".dockerignore", "ab*[\n")
    with pytest.raises(
        context_digest.ContextError, match=r"the .dockerignore of app has a line that is no pattern, 'ab"
    ):
        digest()


NAMES = ("a", "b", "ab", "a.b", ".git", "é", "a b", "b!")
PIECES = (*NAMES, "*", "**", "?", "a*", "*b", "[ab]", "[^a]", "..", "*.b", "**b", "a**", "\\a")


def random_context(rng: random.Random, folder: Path, depth: int = 0) -> None:
    """Files, pipes, links and folders. No link leads nowhere: there ours counts more, see above."""
    folder.mkdir()
    (folder / "z").write_text("where links lead")
    for name in rng.sample(NAMES, 4):
        kind = rng.random()
        if kind < 0.4 and depth < 3:
            random_context(rng, folder / name, depth + 1)
        elif kind < 0.55:
            (folder / name).symlink_to(rng.choice(["z", "./z", "../outside", "/etc", f"../{folder.name}/z", ".", ".."]))
            if not (folder / name).exists():
                (folder / name).unlink()
        elif kind < 0.6:
            os.mkfifo(folder / name)
        else:
            write(folder / name, str(rng.random()), rng.choice([0o644, 0o600, 0o755, 0o4755, 0o2711, 0o1644]))


def random_pattern(rng: random.Random) -> str:
    return rng.choice(["", "", "!", "/", "!/", " ", "#"]) + "/".join(rng.choices(PIECES, k=rng.randint(1, 3)))


def digest_or_refusal(folder: Path, dockerfile: Path) -> str:
    try:
        return context_digest.digest(folder, dockerfile)
    except context_digest.ContextError:
        return "refused"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("go") is None, reason="builds moby's modules, which needs Go")
def test_the_plugins_own_modules_give_the_same_digests(tmp_path: Path) -> None:
    rng, asked, ours = random.Random(0), [], []
    for number in range(300):
        folder = Path(f"context-{number}")
        random_context(rng, folder)
        dockerfile = rng.choice([folder / "Dockerfile", Path(f"Dockerfile-{number}")])
        write(dockerfile, str(number))
        lines = "\n".join(random_pattern(rng) for _ in range(rng.randint(0, 4)))
        write(rng.choice([folder / ".dockerignore", dockerfile.with_name(dockerfile.name + ".dockerignore")]), lines)
        asked.append(f"{folder}\t{dockerfile}\n")
        ours.append(digest_or_refusal(folder, dockerfile))
    program = tmp_path / "docker_plugin"
    sources = Path(__file__).with_name("docker_plugin")
    subprocess.run(["go", "build", "-o", program, "."], cwd=sources, check=True)
    answer = subprocess.run([program], input="".join(asked), text=True, capture_output=True, check=True)
    assert ours == [line.partition(":")[0] for line in answer.stdout.splitlines()]
    assert ours.count("refused") < 30
