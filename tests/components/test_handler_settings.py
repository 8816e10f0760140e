"""Which environment variables do the arguments become, and does the handler read them so?"""

from typing import Any

import pytest
import settings

from components import arguments, handler_settings
from components.checks import InvalidArgumentError
from tests.components.test_arguments import checked, model, refusal

__all__ = ["model"]

SETTINGS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"missing_values": {"value": -999}}, {"MISSING_VALUE": "-999.0"}),
    ({"missing_values": {"value": 0}}, {"MISSING_VALUE": "0.0"}),
    ({"missing_values": {"allow_null": ["*"]}}, {"ALLOW_MISSING": "true"}),
    ({"missing_values": {"allow_absent": ["a: b", "rosé"]}}, {"ALLOW_ABSENT": '["a: b", "ros\\u00e9"]'}),
    ({"missing_values": {"allow_unseen": ["colour"], "allow_null": []}}, {"ALLOW_UNSEEN": '["colour"]'}),
    ({"training_ranges_path": __file__}, {"DRIFT_METRICS": "true"}),
    ({"output_names": ["no", "yes"]}, {"OUTPUT_NAMES": '["no", "yes"]'}),
]


@pytest.mark.parametrize(("args", "variables"), SETTINGS, ids=str)
def test_arguments_become_the_handlers_variables(model: str, args: dict[str, Any], variables: dict[str, str]) -> None:
    assert handler_settings.of(checked(model, **args)) == variables


def test_every_variable_is_one_that_the_handler_reads() -> None:
    names = {name for _, variables in SETTINGS for name in variables}
    assert names == {
        settings.ALLOW_MISSING,
        settings.ALLOW_ABSENT,
        settings.ALLOW_UNSEEN,
        settings.MISSING_VALUE,
        settings.OUTPUT_NAMES,
        settings.DRIFT_METRICS,
    }


def test_a_variable_that_an_argument_sets_is_not_set_twice(model: str) -> None:
    given = {"missing_values": {"value": -999}, "environment": {"MISSING_VALUE": "0"}}
    assert refusal("wine", model_path=model, **given) == (
        "environment['MISSING_VALUE'] is set by missing_values or output_names as well; leave one of them out"
    )


@pytest.mark.parametrize("value", ["-999", True, float("nan"), float("inf")])
def test_a_missing_value_is_a_finite_number(model: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^missing_values.value must be a finite number, got "):
        arguments.checked("wine", {"model_path": model, "missing_values": {"value": value}})


def test_names_that_exceed_lambdas_environment_are_refused(model: str) -> None:
    assert "environment has" in refusal("wine", model_path=model, output_names=["x" * 4096])
