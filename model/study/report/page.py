"""How do figures and numbers become one page? Through `page.html.j2`, with every image inside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from model.study.report.style import data_uri

TEMPLATE = Path(__file__).with_name("page.html.j2")


@dataclass(frozen=True)
class Picture:
    """One figure of the page.

    Attributes:
        name: Of the file, without suffix; the template asks for it by this name.
        image: The PNG.
        description: What it shows, for those who do not see it.
    """

    name: str
    image: bytes
    description: str


def render(pictures: list[Picture], facts: dict[str, Any]) -> str:
    """Return the page.

    Args:
        pictures: Every one that the template shows.
        facts: What else the template names.

    Raises:
        jinja2.UndefinedError: The template names something that is not given.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    shown = {
        picture.name: {"source": data_uri(picture.image), "description": picture.description} for picture in pictures
    }
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(pictures=shown, **facts) + "\n"
