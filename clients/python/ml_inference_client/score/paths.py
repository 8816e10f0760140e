"""Which names a run writes, and that nobody's file has one of them.

All are derived from the output's whole name, so that `out.csv` and `out.tsv` share none:

    out.csv               the output
    out.csv.failed.csv    why rows have no prediction
    out.csv.unfinished/   both, and the journal, until the last row is written

What is there already is replaced only if this command wrote it and the person said so. Nothing is written through a
symbolic link, and one run at a time holds the folder.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ml_inference_client.errors import InferenceError

FAILURES, UNFINISHED = ".failed.csv", ".unfinished"
"""What a run appends to the output's name; no output may end so, which keeps the names of two runs apart."""

BEGINNING = b"row,"
"""How the output and the file of failed rows begin: a file that does not was not written by this command."""


class Paths:
    """The names of one run.

    Attributes:
        output: Where the predictions will be.
        failures: Where the failed rows will be, if there are any.
        folder: What holds them until then.
        partial: The output within.
        partial_failures: The failed rows within.
        journal: Says how far both can be trusted.
    """

    def __init__(self, output: Path) -> None:
        """Derive the names.

        Raises:
            InferenceError: The output is a folder.
        """
        if not output.name:
            raise InferenceError("the output must be a file; name one")
        self.output = output
        self.failures = output.with_name(output.name + FAILURES)
        self.folder = output.with_name(output.name + UNFINISHED)
        self.partial = self.folder / "predictions.csv"
        self.partial_failures = self.folder / "failed.csv"
        self.journal = self.folder / "journal"
        self._lock = self.folder / "lock"

    @contextmanager
    def claimed(self, table: Path) -> Iterator[None]:
        """Hold all names of the run; nothing is changed but the folder made, which goes if nothing came of the run.

        Args:
            table: The input, which none of them may be.

        Raises:
            InferenceError: A name is the input or somebody else's, or another run holds it.
            OSError: The folder cannot be made.
        """
        self._refuse_to_harm(table)
        with suppress(FileExistsError):
            self.folder.mkdir()
        self._refuse_a_folder_of_others()
        lock = FileLock(self._lock, blocking=False)
        try:
            lock.acquire()
        except Timeout:
            raise InferenceError(f"another run is writing {self.output}; wait for it, or name another output") from None
        try:
            yield
        finally:
            self._let_go(lock)

    def _refuse_to_harm(self, table: Path) -> None:
        for suffix in (FAILURES, UNFINISHED):
            if self.output.name.lower().endswith(suffix):
                raise InferenceError(f"the output must not end in {suffix}, which a run appends itself; name another")
        if not self.output.parent.is_dir():
            raise InferenceError(f"there is no folder {self.output.parent} for the output")
        for path in (self.output, self.failures, self.partial, self.partial_failures, self.journal, self._lock):
            status = _status(path)
            if status is None:
                continue
            with suppress(OSError):  # an input that is not there is told later
                if path.samefile(table):
                    raise InferenceError(f"the run would write {path}, which is the input itself; name another output")
            if not stat.S_ISREG(status.st_mode):
                kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "no ordinary file"
                raise InferenceError(f"the run would write {path}, which is {kind}; name another output")

    def _refuse_a_folder_of_others(self) -> None:
        status = self.folder.lstat()
        mine = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        files = any(_status(path) for path in (self.partial, self.partial_failures))
        if not stat.S_ISDIR(status.st_mode) or not mine or (files and not _status(self.journal)):
            raise InferenceError(f"{self.folder} was not made by this command; move it away, or name another output")

    def refuse_what_is_there(self, replace: bool) -> None:
        """Look at what has the final names.

        Args:
            replace: Whether the person said that it goes.

        Raises:
            InferenceError: It must stay.
        """
        for path in (self.output, self.failures):
            status = _status(path)
            if status is None or status.st_size == 0:
                continue
            if not replace:
                raise InferenceError(
                    f"{path} exists already; move it away, name another output, or give --restart to replace it"
                )
            with path.open("rb") as file:
                if file.read(len(BEGINNING)) != BEGINNING:
                    raise InferenceError(
                        f"{path} exists and was not written by this command; move it away, or name another output"
                    )

    def forget(self) -> None:
        """Remove what an earlier run left in the folder, the journal last: without it the rest is nobody's."""
        for path in (self.partial, self.partial_failures, self.journal):
            path.unlink(missing_ok=True)

    def _let_go(self, lock: FileLock) -> None:
        if _status(self.journal):
            lock.release()
            return
        # Away before it is released: whoever opened it meanwhile finds that it has no name, and gives up.
        with suppress(OSError):
            self._lock.unlink()
        lock.release()
        with suppress(OSError):
            if os.name == "nt":  # where an open file cannot be removed
                self._lock.unlink()
            self.folder.rmdir()


def name_finally(partial: Path, final: Path, replace: bool) -> None:
    """Give a finished file its name; a file that appeared under it meanwhile stays, and a replaced one's mode is kept.

    Raises:
        InferenceError: There is one.
    """
    if not replace:
        try:
            final.open("xb").close()
        except FileExistsError:
            status = final.lstat()
            if status.st_size or not stat.S_ISREG(status.st_mode):
                raise InferenceError(f"{final} appeared while the run was on; move it away") from None
    elif _status(final):
        partial.chmod(stat.S_IMODE(final.stat().st_mode))
    partial.replace(final)


def make_names_durable(folder: Path) -> None:
    """Return when the names in a folder are on the disk, where the system can say so."""
    if os.name != "nt":
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _status(path: Path) -> os.stat_result | None:
    """Of the name itself, not of what a symbolic link points to; None if there is nothing."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
