"""Writes the component package's schema: `python -m docs.generate_schema`.

Committed, so that a change of the interface shows in a diff.
"""

from pathlib import Path

from components import component_package

SCHEMA = Path(__file__).resolve().parents[1] / "components" / "schema.json"


def main() -> None:
    """Writes the schema."""
    SCHEMA.write_text(component_package.schema(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
