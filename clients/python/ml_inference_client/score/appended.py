"""A file that only grows, with a digest of all that it holds."""

import hashlib
import os
from pathlib import Path
from typing import Any

BLOCK = 1 << 20


class Appended:
    """Open for appending, after what it is known to hold.

    Attributes:
        size: Its length in bytes.
    """

    def __init__(self, path: Path, size: int, mode: int) -> None:
        """Open it, make it with a mode if it is not there, and cut it to `size` bytes."""
        # A link that somebody put there since the names were checked is not followed.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, mode)
        self.size = size
        self._digest = digest_of(path, size)
        os.ftruncate(self._file, size)
        os.lseek(self._file, size, os.SEEK_SET)

    @property
    def sha256(self) -> str:
        """The digest of its whole content."""
        return str(self._digest.hexdigest())

    def append(self, content: bytes) -> None:
        """Write, and return when it is on the disk.

        Raises:
            OSError: It is not, or only in part.
        """
        if not content:
            return
        left = memoryview(content)
        while left:
            left = left[os.write(self._file, left) :]
        os.fsync(self._file)
        self._digest.update(content)
        self.size += len(content)

    def close(self) -> None:
        """Close it."""
        os.close(self._file)


def digest_of(path: Path, size: int) -> Any:
    """A `hashlib` object that has read the first `size` bytes of a file, or fewer if it is shorter."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (block := file.read(min(BLOCK, size))):
            digest.update(block)
            size -= len(block)
    return digest
