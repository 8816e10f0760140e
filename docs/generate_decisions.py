"""Writes the index of the decisions: `python -m docs.generate_decisions`."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "adr"
INDEX = FOLDER / "README.md"

TOPICS = [
    "The component",
    "Running on this machine",
    "The model",
    "The handler",
    "The clients",
    "The image",
    "Pulumi's engine",
    "Security",
    "Use in other programs",
    "Batch scoring",
    "The tests",
]
"""What a decision is about, by the tens of its number."""

ABOUT = """\
# Decisions

Each was costly or could have gone the other way. A record gives the reasons and what was rejected; the tens of its
number say what it is about. A superseded record stays, and names its successor. Written by
`python -m docs.generate_decisions`.
"""


def page() -> str:
    """The index: every decision by its title, under its topic."""
    topics: dict[str, list[str]] = {topic: [] for topic in TOPICS}
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        number, title = _heading(path)
        topics[TOPICS[number // 10]].append(f"- [{number}. {title}]({path.name})\n")
    return ABOUT + "".join(f"\n## {topic}\n\n{''.join(rows)}" for topic, rows in topics.items() if rows)


def _heading(path: Path) -> tuple[int, str]:
    heading = re.match(r"# (\d+)\. (.+)\n", path.read_text(encoding="utf-8"))
    if heading is None or int(path.name[:4]) != int(heading[1]):
        raise ValueError(f"{path.name} must begin with its number and title, as in '# 36. A cold start checks …'")
    return int(heading[1]), heading[2]


if __name__ == "__main__":
    INDEX.write_text(page(), encoding="utf-8")
