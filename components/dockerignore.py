"""Which files of a build context does Docker leave out? The rules of `.dockerignore`, as the Docker plugin reads it.

The plugin reads the file with moby's `ignorefile` and matches with moby's `patternmatcher`, so these are their rules,
not those of `.gitignore`: patterns begin at the context, `**` spans folders, the last pattern that matches decides, and
`!` brings back, also from a folder that is left out. One habit of theirs is no documented rule and kept all the same,
because the digest depends on it: beside a wildcard `|`, `{` and `}` mean what they mean in a regular expression.
https://docs.docker.com/build/concepts/context/#dockerignore-files, https://github.com/moby/patternmatcher/tree/v0.6.0
"""

import os
import posixpath
import re
from collections.abc import Sequence
from functools import cached_property

_WILD = frozenset("*?[]\\")
#: Letters that are escaped on the way from a pattern to a regular expression.
_ESCAPED = frozenset(".+()$")


class PatternError(ValueError):
    """A line is no pattern; the message is it."""


class Pattern:
    """One line.

    Attributes:
        text: The pattern, cleaned as a path, without its `!`.
        brings_back: Whether it began with `!`.
    """

    def __init__(self, line: str) -> None:
        text = _clean(line)
        self.brings_back = text.startswith("!")
        self.text = text.removeprefix("!")
        if not self.text:
            raise PatternError(line)

    @property
    def lies_in(self) -> str | None:
        """The path, with a slash behind it, that begins all paths which this can match; None where that is open."""
        plain = self.text.removesuffix("/**").removesuffix("/*")
        return None if (_WILD | {"^"}) & set(plain) else plain + "/"

    def matches(self, path: str) -> bool:
        """Whether it matches this path; whether it matches a folder above is another question.

        Raises:
            PatternError: It is malformed.
        """
        return self._expression.search(path) is not None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        try:
            return re.compile(f"^{_expression(self.text)}\\Z", re.ASCII)
        except re.error:
            raise PatternError(self.text) from None


class DockerIgnore:
    """The patterns of one file, asked from the top of the context downwards."""

    def __init__(self, content: bytes) -> None:
        """Reads the file.

        Raises:
            PatternError: A line is no pattern.
        """
        lines = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).split("\n")
        self._patterns = [Pattern(text) for line in lines if (text := _read(line))]

    def leaves_out(self, path: str, above: Sequence[bool] = ()) -> tuple[bool, list[bool]]:
        """Whether a path is left out.

        Args:
            path: Relative to the context, with slashes.
            above: The second part of the answer for its folder; empty at the top.

        Returns:
            The answer, and for every pattern whether it matches the path or a folder above.

        Raises:
            PatternError: A pattern is malformed.
        """
        left_out, matches = False, [False] * len(self._patterns)
        for index, pattern in enumerate(self._patterns):
            if above and above[index]:
                matches[index] = True
            # A pattern that could not change the answer is not asked, and so does not count for what lies below either.
            elif pattern.brings_back == left_out:
                matches[index] = pattern.matches(path)
            if matches[index]:
                left_out = not pattern.brings_back
        return left_out, matches

    def may_bring_back_below(self, folder: str) -> bool:
        """Whether something below a folder that is left out could be in the context all the same."""
        places = [pattern.lies_in for pattern in self._patterns if pattern.brings_back]
        return any(place is None or place.startswith(folder + "/") for place in places)


def _read(line: str) -> str:
    """The pattern of a line, empty for a comment: a path, which may begin with a slash, behind a `!`, if any."""
    text = "" if line.startswith("#") else line.strip()
    sign = "!" if text.startswith("!") else ""
    text = text.removeprefix("!").strip()
    if text:
        text = _clean(text.replace(os.sep, "/"))
        text = text.removeprefix("/") or text
    return (sign + text).strip()


def _clean(path: str) -> str:
    """A path without `.`, `..` and doubled slashes; Python would keep two at the beginning."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _expression(text: str) -> str:
    """The regular expression of a pattern. `**/` may stand for no folder at all, and `**` at the end for everything."""
    if not _WILD & set(text):
        return re.escape(text)
    if text.startswith("**") and not _WILD & set(ending := text[2:]):
        return f"((?s:.*){re.escape(ending)}" + (f"|{re.escape(ending[1:])})" if ending.startswith("/") else ")")
    if text.endswith("**") and not _WILD & set(beginning := text[:-2]):
        return f"{re.escape(beginning)}(?s:.*)"
    expression, at = "", 0
    while at < len(text):
        letter, following, at = text[at], text[at + 1 : at + 3], at + 1
        if letter == "*" and following.startswith("*"):
            at += 2 if following == "*/" else 1
            expression += "(.*/)?" if at < len(text) else ".*"
        elif letter == "\\":
            expression, at = expression + letter + following[:1], at + 1
        elif letter in _ESCAPED:
            expression += "\\" + letter
        else:
            expression += {"*": "[^/]*", "?": "[^/]"}.get(letter, letter)
    return expression
