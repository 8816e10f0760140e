"""Can a copied cell become a formula when somebody opens the result in a spreadsheet?"""

import pytest
from ml_inference_client.score.formulas import disarmed


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1+1", "'\t'=1+1"),
        ("\r=1+1", "'\r'=1+1"),
        (" =1+1", "' =1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("first\n=1+1", "first\n'=1+1"),
        ("first\r=1+1", "first\r'=1+1"),
        ("a;=1+1", "a;'=1+1"),
        ('a\n"=1+1;"', 'a\n\'"=1+1;"'),
        ("a\t=1+1", "a\t'=1+1"),
    ],
)
def test_a_formula_becomes_text(cell: str, safe: str) -> None:
    assert disarmed(["harmless", cell]) == (["harmless", safe], 1)


@pytest.mark.parametrize(
    "cell", ["-5", "+3.2e-4", "-.5", "-1,5", "-12%", "", "wine = good", "a-b", "x;y", "späte Lese", None, -5, 2.5]
)
def test_anything_else_stays_as_it_is(cell: object) -> None:
    assert disarmed([cell]) == ([cell], 0)


def test_long_blanks_cost_no_time() -> None:
    assert disarmed(["\t" * 200_000])[1] == 0
