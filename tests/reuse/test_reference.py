"""Does the reference page say what the code says?"""

import pytest

from components import AlarmsArgs, CorsArgs, MissingValuesArgs, MLInferenceFunction, MLInferenceFunctionArgs, VpcArgs
from docs import generate_reference

PAGE = generate_reference.PAGE.read_text(encoding="utf-8")
OUTPUTS = [name for name in MLInferenceFunction.__annotations__ if not name.startswith("_")]
ARGUMENTS = [
    name
    for mapping in (MLInferenceFunctionArgs, AlarmsArgs, CorsArgs, MissingValuesArgs, VpcArgs)
    for name in mapping.__annotations__
]


def test_the_page_is_what_the_docstrings_make_of_it() -> None:
    assert generate_reference.page() == PAGE, "write it again: python -m docs.generate_reference"


@pytest.mark.parametrize("name", sorted({*ARGUMENTS, *OUTPUTS}))
def test_every_argument_and_output_has_a_row_with_a_meaning(name: str) -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    assert rows
    assert all(len(row) == 3 and len(row[2]) > 10 for row in rows)
