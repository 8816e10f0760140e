"""What every form of a body has to keep to."""

from __future__ import annotations

from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contract import Contract

MAX_ROWS = 2**18
"""Rows of a request, and arrays and objects of a JSON body. Predictions of more rows would exceed Lambda's 6 MB, and
6 MB of `{},` the function's memory."""

MAX_VALUES = 2**24
"""Values of all rows, those that are not given included: 64 MB of float32. No body has so many, so that only features
that are left out can add up to more."""

MAX_OUTPUTS = 2**20
"""Numbers in the predictions of all rows: 4 MB of float32, which are 5.6 MB of base64. More would exceed Lambda's 6 MB,
and the function's memory before."""


def too_many_rows() -> Problem:
    """Return the refusal of a body with more rows than `MAX_ROWS`."""
    return Problem(413, f"the body has more than {MAX_ROWS} rows, arrays or objects; send fewer rows at a time")


def refuse_too_many_values(rows: int, contract: Contract) -> None:
    """Refuse rows that would have more values than `MAX_VALUES`.

    Raises:
        Problem: 413, with the number of rows that would do.
    """
    width = len(contract.features)
    if rows * width > MAX_VALUES:
        most = MAX_VALUES // width
        raise Problem(413, f"the model has {width} features: send at most {most} row(s) at a time, got {rows}")


def refuse_too_many_outputs(rows: int, contract: Contract) -> None:
    """Refuse more rows than `MAX_ROWS`, and rows whose predictions would have more numbers than `MAX_OUTPUTS`.

    Raises:
        Problem: 413, with the number of rows that would do.
    """
    if rows > MAX_ROWS:
        raise too_many_rows()
    if rows * contract.outputs > MAX_OUTPUTS:
        most = MAX_OUTPUTS // contract.outputs
        raise Problem(
            413, f"a row has {contract.outputs} predictions: send at most {most} row(s) at a time, got {rows}"
        )
