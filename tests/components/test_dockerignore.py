"""Does a line of `.dockerignore` mean what it means to Docker?"""

import pytest

from components.dockerignore import DockerIgnore, PatternError


def left_out(lines: str | bytes, path: str) -> bool:
    """Asks from the top downwards, as a walk through the context does."""
    ignored = DockerIgnore(lines if isinstance(lines, bytes) else lines.encode())
    answer, matches = False, list[bool]()
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        answer, matches = ignored.leaves_out("/".join(parts[:depth]), matches)
    return answer


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        ("data", "data", True),
        ("data", "data/rows.csv", True),
        ("data", "sub/data", False),
        ("data/", "data/rows.csv", True),
        ("/data", "data/rows.csv", True),
        ("./a/../data", "data", True),
        ("*/temp*", "some/temporary.txt", True),
        ("*/temp*", "some/deeper/temporary.txt", False),
        ("*/*/temp*", "some/deeper/temporary.txt", True),
        ("temp?", "tempa", True),
        ("temp?", "temp", False),
        ("*", "a/b", True),
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("**/*.md", "README.md", True),
        ("**/*.md", "docs/en/README.md", True),
        ("**/.git", "vendor/.git/HEAD", True),
        ("docs/**", "docs", False),
        ("docs/**", "docs/en/a", True),
        ("docs/**/a", "docs/a", True),
        ("docs/**/a", "docs/en/gb/a", True),
        ("**", "anything", True),
        ("[ab]c", "bc", True),
        ("[^a]c", "ac", False),
        ("[^a]c", "bc", True),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a.c", "abc", False),
        ("a.?", "abc", False),
        ("a+b", "aab", False),
        (".", "a", False),
        ("", "a", False),
        ("A", "a", False),
    ],
)
def test_a_pattern_leaves_out_what_it_leaves_out_in_docker(lines: str, path: str, expected: bool) -> None:
    assert left_out(lines, path) is expected


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        ("*.md\n!README.md", "README.md", False),
        ("!README.md\n*.md", "README.md", True),
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
        ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", False),
        ("vendor\n!vendor/keep", "vendor/keep", False),
        ("vendor\n!vendor/keep", "vendor/keep/below", False),
        ("vendor\n!vendor/keep", "vendor/other", True),
        ("*\n!*/keep/*", "a/keep/b", False),
        ("*\n! src", "src/a", False),
        ("*\n!/src", "src/a", False),
    ],
)
def test_the_last_pattern_that_matches_decides(lines: str, path: str, expected: bool) -> None:
    assert left_out(lines, path) is expected


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (b"# a\na", "a", True),
        (b"#a", "#a", False),
        (b" #a", "#a", True),
        (b"\xef\xbb\xbfa\n", "a", True),
        (b"a\r\nb\r\n", "a", True),
        (b"  a  \n", "a", True),
        ("é*".encode(), "été", True),
    ],
)
def test_lines_are_read_as_docker_reads_them(lines: bytes, path: str, expected: bool) -> None:
    assert left_out(lines, path) is expected


@pytest.mark.parametrize("line", ["!", "!/", "[a", "a*[b-"])
def test_a_line_that_is_no_pattern_is_refused(line: str) -> None:
    with pytest.raises(PatternError):
        left_out(line, "a")


@pytest.mark.parametrize(
    ("lines", "folder", "expected"),
    [
        ("a", "a", False),
        ("a\n!b", "a", False),
        ("a\n!a/b", "a", True),
        ("a\n!a/b/*", "a", True),
        ("a\n!a/b/**", "a/b", True),
        ("a\n!*/b", "a", True),
        ("a\n!**/b", "a", True),
    ],
)
def test_a_folder_is_entered_only_if_something_in_it_can_come_back(lines: str, folder: str, expected: bool) -> None:
    assert DockerIgnore(lines.encode()).may_bring_back_below(folder) is expected
