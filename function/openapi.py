"""The OpenAPI 3.1 document of the served model: every route of routes.py, every format, every refusal.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import json

import classes
import describe
import explain
import respond
import routes
from base_margin import BASE_MARGIN
from categories import MAX_CODE
from float32 import LARGEST
from named_answers import ANSWERS
from problem import TITLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

    Schema = dict[str, Any]


LONGEST_EXAMPLE = 20_000
"""Characters of all feature names up to which bodies have examples: longer ones help nobody, and fill the document."""


def answer(request: Request, contract: Contract) -> tuple[Schema, int]:
    """Answer with the document."""
    return respond.as_json(document(contract), request, contract), 0


def document(contract: Contract) -> Schema:
    """Return the OpenAPI document."""
    paths: dict[str, Schema] = {}
    for route in routes.ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, contract)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of the model {contract.name}",
            "version": contract.version,
            "description": (
                f"Serves an XGBoost model ({contract.objective}). Every call is signed with AWS Signature "
                "Version 4 for the service `lambda`."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Record": _record(contract),
                "Columns": _columns(contract),
                "Split": _split(contract),
                "Array": _array(contract),
                "Prediction": _prediction(contract),
                "Problem": _problem(),
                "InferenceRequest": _inference_request(contract),
            },
            "requestBodies": {_body_name(route): _body(route, contract) for route in routes.ROUTES if route.bodies},
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "authorization",
                    "description": "AWS Signature Version 4, service `lambda`.",
                }
            },
        },
    }


def _operation(route: routes.Route, contract: Contract) -> Schema:
    """Return the description of a route."""
    described: Schema = {"summary": route.summary}
    refused = [500, 503]
    if route.operation == "explain.answer":
        described["description"] = f"At most {explain.most_rows(contract)} row(s) at a time."
    parameters = [_parameter(name, value) for name, value in _path_values(contract) if f"{{{name}}}" in route.path]
    if parameters:
        refused.append(404)
    if route.answers:
        refused.append(406)
    if route.answers == routes.PREDICTIONS:
        parameters.append(_answer_parameter(contract))
    if parameters:
        described["parameters"] = parameters
    if route.bodies:
        described["requestBody"] = {"$ref": f"#/components/requestBodies/{_body_name(route)}"}
        refused += [400, 413, 415, 422]
    answer = _json(*_answer(route, contract))
    for kind in route.answers[1:]:
        answer["content"][kind] = {"schema": {"type": "string"}}
    described["responses"] = {"200": answer, **_refusals(*sorted(refused))}
    return described


def _answer_parameter(contract: Contract) -> Schema:
    """Return the parameter by which a client asks for more than numbers."""
    allowed = [answer for answer in ANSWERS if answer != "class" or classes.names(contract) is not None]
    return {
        "name": "answer",
        "in": "query",
        "description": "plain: numbers; class: the predicted class; named: the names of classes or outputs as well",
        "schema": {"enum": allowed, "type": "string", "default": "plain"},
    }


def _path_values(contract: Contract) -> tuple[tuple[str, str], ...]:
    return ("model", contract.name), ("version", contract.version)


def _parameter(name: str, value: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": [value]}}


def _answer(route: routes.Route, contract: Contract) -> tuple[str, Schema]:
    """Return description and schema of a route's answer in JSON."""
    match route.operation:
        case "predict.answer" | "predict.by_position":
            rows = _answered_rows(contract)
            wrapped = {"type": "object", "required": ["predictions"], "properties": {"predictions": rows}}
            return "What is predicted for each row, in their order", {"anyOf": [rows, wrapped]}
        case "kserve_v1.infer":
            rows = _answered_rows(contract)
            return "What is predicted for each row, in their order", {
                "type": "object",
                "required": ["predictions"],
                "properties": {"predictions": rows},
            }
        case "explain.answer":
            return "An explanation for each row", {"type": "array", "items": _explanation(contract)}
        case "open_inference.infer":
            return "The output tensors", {"type": "object", "required": ["outputs"]}
    return "The answer", {"type": "object"}


def _answered_rows(contract: Contract) -> Schema:
    """Return the schema of a list of predictions, plain or as the parameter `answer` asks for them."""
    names = classes.names(contract)
    forms = [_ref("Prediction"), {"type": "object"}]
    if names is not None:
        forms.append({"enum": list(names)})
    return {"type": "array", "items": {"anyOf": forms}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _explanation(contract: Contract) -> Schema:
    return {
        "type": "object",
        "required": ["prediction", "base", "contributions"],
        "properties": {
            "prediction": _ref("Prediction"),
            "base": _ref("Prediction"),
            "contributions": {
                "type": "object",
                "required": list(contract.features),
                "additionalProperties": _ref("Prediction"),
            },
        },
    }


def _tensors(contract: Contract) -> Schema:
    """Return the bodies of the Open Inference Protocol by their media type."""
    return {"application/json": {"schema": _ref("InferenceRequest"), "example": _inference_example(contract)}}


def _body_name(route: routes.Route) -> str:
    """Return the name of what a route takes: rows, rows that may be arrays, or tensors."""
    if route.operation == "open_inference.infer":
        return "Tensors"
    return "RowsOrArrays" if route.operation in ("predict.by_position", "kserve_v1.infer") else "Rows"


def _body(route: routes.Route, contract: Contract) -> Schema:
    name = _body_name(route)
    bodies = _tensors(contract) if name == "Tensors" else _rows(contract, positional=name == "RowsOrArrays")
    if sum(map(len, contract.features)) > LONGEST_EXAMPLE:
        for body in bodies.values():
            body.pop("example", None)
    return {"required": True, "content": {kind: bodies[kind] for kind in route.bodies}}


def _rows(contract: Contract, positional: bool) -> Schema:
    """Return the bodies of rows by their media type."""
    record, split, columns = _ref("Record"), _ref("Split"), _ref("Columns")
    records = {"type": "array", "items": record}
    rows = {"anyOf": [records, {"type": "array", "items": _ref("Array")}]} if positional else records
    forms = [records, record, columns, split, _under("instances", rows), _under("dataframe_records", records)]
    forms += [_under("dataframe_split", split), _under("inputs", {"anyOf": [rows, columns, record]})]
    example = describe.example(contract)
    lines = {"schema": {"type": "string"}, "example": json.dumps(example) + "\n"}
    libsvm: Schema = {"schema": {"type": "string"}}
    if all(not isinstance(value, str) for value in example.values()):
        libsvm["example"] = " ".join(f"{at}:{value}" for at, value in enumerate(example.values())) + "\n"
    binary = {"schema": {"type": "string"}}
    # One feature of a model may be called like a form's own key; then the forms overlap, hence anyOf.
    return {
        "application/json": {"schema": {"anyOf": forms}, "example": [example]},
        "text/csv": {"schema": {"type": "string"}, "example": _csv_example(contract)},
        **dict.fromkeys(("application/jsonlines", "application/jsonl", "application/x-ndjson"), lines),
        **dict.fromkeys(("text/libsvm", "text/x-libsvm"), libsvm),
        **dict.fromkeys(("application/x-npy", "application/x-float32"), binary),
    }


def _under(member: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [member], "properties": {member: schema}, "additionalProperties": False}


def _array(contract: Contract) -> Schema:
    """Return the schema of a row as an array in the order of the features."""
    width = len(contract.features)
    values = [_value(contract, index) for index in range(width)]
    alike = values[1:] == values[:-1]
    items: Schema = {"items": values[0]} if alike else {"prefixItems": values}
    return {"type": "array", **items, "minItems": width, "maxItems": width}


def _columns(contract: Contract) -> Schema:
    properties = {
        feature: {"type": "array", "items": _value(contract, index)} for index, feature in enumerate(contract.features)
    }
    return {
        "type": "object",
        "description": "A column for each feature, all of one length",
        "required": _required(contract),
        "properties": {**properties, **_margins(contract, {"type": "array"})},
        "additionalProperties": False,
    }


def _split(contract: Contract) -> Schema:
    width = len(contract.features)
    return {
        "type": "object",
        "description": "As DataFrame.to_json(orient='split') writes it",
        "required": ["columns", "data"],
        "properties": {
            "columns": {
                "type": "array",
                "items": {"enum": list(contract.features)},
                "uniqueItems": True,
                "minItems": width,
                "maxItems": width,
            },
            "index": {"type": "array"},
            "data": {"type": "array", "items": {"type": "array", "minItems": width, "maxItems": width}},
        },
        "additionalProperties": False,
    }


def _record(contract: Contract) -> Schema:
    properties = {feature: _value(contract, index) for index, feature in enumerate(contract.features)}
    return {
        "type": "object",
        "required": _required(contract),
        "properties": {**properties, **_margins(contract, {"type": ["number", "array"]})},
        "additionalProperties": False,
    }


def _required(contract: Contract) -> list[str]:
    return [feature for feature in contract.features if feature not in contract.may_be_absent]


def _margins(contract: Contract, schema: Schema) -> Schema:
    """Return the property of base margins, which a model has unless a feature is called so."""
    return {} if BASE_MARGIN in contract.known else {BASE_MARGIN: schema}


def _value(contract: Contract, index: int) -> Schema:
    schema: Schema = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
    if index in contract.categories:
        names = contract.categories[index]
        schema = (
            {"enum": list(names)} if names is not None else {"type": "integer", "minimum": 0, "maximum": MAX_CODE - 1}
        )
        if names is not None and contract.features[index] in contract.may_be_unseen:
            schema = {"type": ["string", "number"]}
    elif index in contract.indicators:
        schema["type"] = ["number", "boolean"]
    if contract.missing_value is not None:
        schema["description"] = f"{contract.missing_value} is a missing value"
    if contract.features[index] in contract.may_miss:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _prediction(contract: Contract) -> Schema:
    outputs = contract.outputs
    number: Schema = {"type": "number"}
    if outputs == 1:
        return number
    return {"type": "array", "items": number, "minItems": outputs, "maxItems": outputs}


def _inference_request(contract: Contract) -> Schema:
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2},
            "datatype": {"type": "string"},
            "data": {"type": "array"},
        },
    }
    return {
        "type": "object",
        "description": f"A tensor [rows] for each of the {len(contract.features)} features, or one [rows, features]",
        "required": ["inputs"],
        "properties": {"id": {"type": "string"}, "inputs": {"type": "array", "items": tensor, "minItems": 1}},
    }


def _inference_example(contract: Contract) -> Schema:
    inputs = []
    for name, value in describe.example(contract).items():
        kind = "BYTES" if isinstance(value, str) else "FP32"
        inputs.append({"name": name, "shape": [1], "datatype": kind, "data": [value]})
    return {"inputs": inputs}


def _csv_example(contract: Contract) -> str:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([contract.features, describe.example(contract).values()])
    return text.getvalue()


def _problem() -> Schema:
    fault = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "row": {"type": "integer", "minimum": 0},
            "field": {"type": "string"},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
    }
    return {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": fault},
        },
    }


def _json(description: str, schema: Schema) -> Schema:
    headers = {name: {"schema": {"type": "string"}} for name in ("x-model-name", "x-model-version")}
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> Schema:
    return {
        str(status): {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
        for status in statuses
    }
