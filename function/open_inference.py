"""The Open Inference Protocol, version 2, over HTTP with JSON: health, metadata, inference.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

The model takes a tensor of shape `[rows]` (or `[rows, 1]`) for each feature, in any order, or a single tensor
`[rows, features]` whose columns stand in the order of the features. Leaves out the binary tensor extension.
"""

from __future__ import annotations

from itertools import chain

import classes
import predict
import respond
import validate
from base_margin import BASE_MARGIN
from feature_order import by_position, feature_order
from json_members import no_repeated_keys
from json_text import json_value
from json_types import json_type
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch
    from request import Request

    Answer = tuple[dict[str, Any], int]

OUTPUT = "predict"
"""Name of the output tensor."""

NUMBERS = frozenset(("FP16", "FP32", "FP64", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"))
"""Data types of tensors of numbers. They are converted to float32, which is what XGBoost computes with."""

INTEGERS = {
    f"{sign}INT{bits}": (-(2 ** (bits - 1)) if not sign else 0, 2 ** (bits - (not sign)) - 1)
    for sign in ("", "U")
    for bits in (8, 16, 32, 64)
}
"""Least and largest number of each data type of whole numbers."""

CLASS = "class"
"""Name of the output tensor of the predicted class, which a classifier has as well."""

BOOLEAN = "BOOL"
"""Data type of a tensor of a feature that training saw as booleans."""

TEXT = "BYTES"
"""Data type of a tensor of category names."""


def server(request: Request, contract: Contract) -> Answer:
    """Answer with what serves the model."""
    return respond.as_json({"name": contract.name, "version": contract.version, "extensions": []}, request, contract), 0


def live(request: Request, contract: Contract) -> Answer:
    """Answer that the process lives."""
    return respond.as_json({"live": True}, request, contract), 0


def ready(request: Request, contract: Contract) -> Answer:
    """Answer that the model is served."""
    return respond.as_json({"ready": True, "name": contract.name}, request, contract), 0


def metadata(request: Request, contract: Contract) -> Answer:
    """Answer with the tensors that the model takes and gives."""
    outputs = contract.outputs
    inputs = [
        {"name": feature, "datatype": _datatype(contract, index), "shape": [-1]}
        for index, feature in enumerate(contract.features)
    ]
    described = [{"name": OUTPUT, "datatype": "FP32", "shape": [-1] if outputs == 1 else [-1, outputs]}]
    names = classes.names(contract)
    if names is not None:
        described.append({"name": CLASS, "datatype": _class_type(names), "shape": [-1]})
    document = {
        "name": contract.name,
        "versions": [contract.version],
        "platform": "xgboost",
        "inputs": inputs,
        "outputs": described,
    }
    return respond.as_json(document, request, contract), 0


def _datatype(contract: Contract, index: int) -> str:
    names = contract.categories.get(index)
    if names and isinstance(next(iter(names)), str):
        return TEXT
    return BOOLEAN if index in contract.indicators else "FP32"


def infer(request: Request, contract: Contract) -> Answer:
    """Predict tensors."""
    text = request.text()
    asked = json_value(text)
    batch = _batch(asked, text, contract)
    predicted = predict.predictions(batch, contract)
    answer = {
        "model_name": contract.name,
        "model_version": contract.version,
        "outputs": _outputs(asked, predicted, batch.rows, contract),
    }
    if isinstance(asked.get("id"), str):
        answer["id"] = asked["id"]
    return respond.as_json(answer, request, contract), batch.rows


def _outputs(asked: dict[str, Any], predicted: list[Any], rows: int, contract: Contract) -> list[dict[str, Any]]:
    """Return the output tensors that are asked for, which are all unless the request names some.

    Raises:
        Problem: 422, it names another one.
    """
    several = bool(predicted) and isinstance(predicted[0], list)
    shape = [rows, len(predicted[0])] if several else [rows]
    data = list(chain.from_iterable(predicted)) if several else predicted
    found = {OUTPUT: {"name": OUTPUT, "datatype": "FP32", "shape": shape, "data": data}}
    names = classes.names(contract)
    if names is not None:
        labels = [classes.predicted(prediction, names) for prediction in predicted]
        found[CLASS] = {"name": CLASS, "datatype": _class_type(names), "shape": [rows], "data": labels}
    wanted = asked.get("outputs")
    if not wanted:
        return list(found.values())
    try:
        return [found[output["name"]] for output in wanted]
    except (KeyError, TypeError):
        raise Problem(422, f"the model has no such output; ask for {' or '.join(found)}") from None


def _class_type(names: tuple[str | int, ...]) -> str:
    return TEXT if isinstance(names[0], str) else "INT64"


def _batch(asked: Any, text: str, contract: Contract) -> Batch:
    if not isinstance(asked, dict) or not isinstance(asked.get("inputs"), list) or not asked["inputs"]:
        raise Problem(422, 'the body must be an object with "inputs", an array of at least one tensor')
    tensors = [_tensor(tensor, at) for at, tensor in enumerate(asked["inputs"])]
    no_repeated_keys(text, _keys(asked))
    names = [tensor["name"] for tensor in asked["inputs"]]
    shape, data = tensors[0]
    width = len(contract.features)
    if len(tensors) == 1 and len(shape) == 2 and shape[1] == width and (width > 1 or names[0] not in contract.known):
        rows = [data[start : start + width] for start in range(0, len(data), width)]
        return validate.table(rows, by_position(contract), contract)
    order = feature_order(names, contract, shown=False)
    columns = [_column(shape, data, at, names[at] == BASE_MARGIN) for at, (shape, data) in enumerate(tensors)]
    return validate.columns(columns, order, contract)


def _keys(asked: dict[str, Any]) -> int:
    """Return how many keys a request has, but for those that only unknown members may hold."""
    outputs = asked.get("outputs")
    tensors = [*asked["inputs"], *(outputs if isinstance(outputs, list) else ())]
    tensors = [tensor for tensor in tensors if isinstance(tensor, dict)]
    parameters = [member.get("parameters") for member in (asked, *tensors)]
    return len(asked) + sum(map(len, tensors)) + sum(len(each) for each in parameters if isinstance(each, dict))


def _column(shape: list[int], data: list[Any], at: int, is_margin: bool) -> list[Any]:
    """Return the values of a tensor, one for each row.

    Raises:
        Problem: 422, it has more than one for a row.
    """
    if len(shape) == 1 or shape[1] == 1:
        return data
    if not is_margin:
        raise Problem(422, f"inputs[{at}] must have the shape [rows] or [rows, 1]")
    return [data[start : start + shape[1]] for start in range(0, len(data), shape[1])]


def _tensor(tensor: Any, at: int) -> tuple[list[int], list[Any]]:
    """Return shape and flat data of a tensor.

    Raises:
        Problem: 422, it is none, its data type is not supported, or its data do not fill its shape.
    """
    if not isinstance(tensor, dict) or not {"name", "shape", "datatype", "data"} <= tensor.keys():
        raise Problem(422, f"inputs[{at}] must be an object with name, shape, datatype and data")
    shape, data = tensor["shape"], tensor["data"]
    if not _is_shape(shape):
        raise Problem(422, f"inputs[{at}] must have a shape of one or two sizes")
    if tensor["datatype"] not in (*NUMBERS, TEXT, BOOLEAN):
        raise Problem(
            422,
            f"inputs[{at}] has a datatype that is not supported; "
            "send FP32, or BYTES for categories, or BOOL for features that training saw as booleans",
        )
    if not isinstance(data, list):
        raise Problem(422, f"the data of inputs[{at}] must be an array, got {json_type(data)}")
    if data and all(isinstance(row, list) for row in data):  # nested as the tensor's shape, which is allowed too
        if set(map(len, data)) != {shape[-1] if len(shape) == 2 else 1}:
            raise Problem(422, f"the data of inputs[{at}] are nested, and not as its shape says")
        data = list(chain.from_iterable(data))
    size = shape[0] * (shape[1] if len(shape) == 2 else 1)
    if len(data) != size:
        raise Problem(422, f"the data of inputs[{at}] have {len(data)} element(s), its shape says otherwise")
    if tensor["datatype"] == BOOLEAN and not all(isinstance(value, bool) for value in data):
        raise Problem(422, f"the data of inputs[{at}] must be true or false, as its datatype says")
    if tensor["datatype"] in INTEGERS:
        least, most = INTEGERS[tensor["datatype"]]
        if not all(_is_whole(value, least, most) for value in data if type(value) in (int, float)):
            raise Problem(
                422, f"the data of inputs[{at}] must be whole numbers from {least} to {most}, as its datatype says"
            )
    return shape, data


def _is_whole(value: float, least: int, most: int) -> bool:
    """Tell whether a number is whole and within bounds, which NaN and infinity are not."""
    return least <= value <= most and value == int(value)


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) in (1, 2)
        and all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**31 for size in shape)
    )
