"""What may each column hold? The declared schema of the prepared table: names, units, ranges, dtypes.

The ranges are what is physically plausible for wine with room to spare, not what the 2009 samples happen to
span: their purpose is to catch a wrong unit or a shifted column, not to refuse an unusual wine.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Column:
    """One column of the prepared table.

    Attributes:
        name: As UCI writes it, and as clients of the endpoint must write it.
        unit: Of every value; empty for a pure number.
        minimum: Smallest plausible value, inclusive, in that unit.
        maximum: Largest plausible value, inclusive, in that unit.
        dtype: pandas dtype in the prepared table.
    """

    name: str
    unit: str
    minimum: float
    maximum: float
    dtype: Literal["float64", "int64"] = "float64"


MEASUREMENTS = (
    Column("fixed acidity", "g(tartaric acid)/dm³", 1, 30),
    Column("volatile acidity", "g(acetic acid)/dm³", 0, 5),
    Column("citric acid", "g/dm³", 0, 5),
    Column("residual sugar", "g/dm³", 0, 300),
    Column("chlorides", "g(sodium chloride)/dm³", 0, 2),
    Column("free sulfur dioxide", "mg/dm³", 0, 500),
    Column("total sulfur dioxide", "mg/dm³", 0, 1000),
    Column("density", "g/cm³", 0.95, 1.2),
    Column("pH", "", 2, 5),
    Column("sulphates", "g(potassium sulphate)/dm³", 0, 5),
    Column("alcohol", "% vol", 0, 25),
)
"""The physicochemical measurements, in UCI's order."""

COLOURS = (
    Column("color_red", "", 0, 1, "int64"),
    Column("color_white", "", 0, 1, "int64"),
)
"""Which of the two files the wine stands in, as two indicators that sum to one."""

FEATURES = MEASUREMENTS + COLOURS
"""What the model sees, in the model's order."""

TARGET = Column("quality", "median score of at least three tasters", 0, 10, "int64")

RAW_COLUMNS = (*MEASUREMENTS, TARGET)
"""The columns of either raw file, in file order."""

FEATURE_NAMES = [column.name for column in FEATURES]
