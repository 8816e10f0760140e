"""Write the report of the committed model: `python -m model.study.report`, or `make report`."""

import argparse
import sys
from pathlib import Path

from model.sources import DEFAULT_CACHE, DataUnavailableError

DOCS = Path(__file__).resolve().parents[3] / "docs"


def main(arguments: list[str] | None = None) -> int:
    """Write the report; return the exit code. A foreseeable failure is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m model.study.report", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--output", type=Path, default=DOCS, help="folder for page and figures")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="folder that keeps the raw data")
    chosen = parser.parse_args(arguments)
    try:
        from model.study.report.writing import report  # takes seconds to import, and may be interrupted there too

        report(chosen.output, chosen.cache)
    except KeyboardInterrupt:
        print("\nstopped; the report is as it was", file=sys.stderr)
        return 130
    except (DataUnavailableError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
