"""The OpenAPI 3.1 document of the served model: every route of routes.py, every format, every refusal.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import describe
import explain
import respond
import routes
from float32 import LARGEST
from problem import TITLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

    Schema = dict[str, Any]


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
                "Prediction": _prediction(contract),
                "Problem": _problem(),
                "InferenceRequest": _inference_request(contract),
            },
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
        described["description"] = f"At most {explain.MAX_ROWS} rows at a time."
    parameters = [_parameter(name, value) for name, value in _path_values(contract) if f"{{{name}}}" in route.path]
    if parameters:
        described["parameters"] = parameters
        refused.append(404)
    if route.answers:
        refused.append(406)
    if route.bodies:
        bodies = _tensors(contract) if route.operation == "open_inference.infer" else _bodies(contract)
        described["requestBody"] = {"required": True, "content": {kind: bodies[kind] for kind in route.bodies}}
        refused += [400, 413, 415, 422]
    answer = _json(*_answer(route, contract))
    for kind in route.answers[1:]:
        answer["content"][kind] = {"schema": {"type": "string"}}
    described["responses"] = {"200": answer, **_refusals(*sorted(refused))}
    return described


def _path_values(contract: Contract) -> tuple[tuple[str, str], ...]:
    return ("model", contract.name), ("version", contract.version)


def _parameter(name: str, value: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": [value]}}


def _answer(route: routes.Route, contract: Contract) -> tuple[str, Schema]:
    """Return description and schema of a route's answer in JSON."""
    match route.operation:
        case "predict.answer":
            return "A prediction for each row, in their order", _predictions()
        case "explain.answer":
            return "An explanation for each row", {"type": "array", "items": _explanation(contract)}
        case "open_inference.infer":
            return "The output tensor `predict`", {"type": "object", "required": ["outputs"]}
    return "The answer", {"type": "object"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _predictions() -> Schema:
    rows = {"type": "array", "items": _ref("Prediction")}
    wrapped = {"type": "object", "required": ["predictions"], "properties": {"predictions": rows}}
    return {"anyOf": [rows, wrapped]}


def _explanation(contract: Contract) -> Schema:
    values = {feature: _ref("Prediction") for feature in contract.features}
    return {
        "type": "object",
        "required": ["prediction", "base", "contributions"],
        "properties": {
            "prediction": _ref("Prediction"),
            "base": _ref("Prediction"),
            "contributions": {"type": "object", "required": list(contract.features), "properties": values},
        },
    }


def _tensors(contract: Contract) -> Schema:
    """Return the bodies of the Open Inference Protocol by their media type."""
    return {"application/json": {"schema": _ref("InferenceRequest"), "example": _inference_example(contract)}}


def _bodies(contract: Contract) -> Schema:
    """Return the bodies of rows by their media type."""
    record, columns = _ref("Record"), _columns(contract)
    records = {"type": "array", "items": record}
    instances = {
        "type": "object",
        "required": ["instances"],
        "properties": {"instances": records},
        "additionalProperties": False,
    }
    forms = [records, record, columns, _split(contract), instances]
    # One feature of a model may be called like a form's own key; then the forms overlap, hence anyOf.
    return {
        "application/json": {"schema": {"anyOf": forms}, "example": [describe.example(contract)]},
        "text/csv": {"schema": {"type": "string"}, "example": _csv_example(contract)},
    }


def _columns(contract: Contract) -> Schema:
    properties = {
        feature: {"type": "array", "items": _value(contract, index)} for index, feature in enumerate(contract.features)
    }
    return {
        "type": "object",
        "description": "A column for each feature, all of one length",
        "required": list(contract.features),
        "properties": properties,
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
    return {
        "type": "object",
        "required": list(contract.features),
        "properties": {feature: _value(contract, index) for index, feature in enumerate(contract.features)},
        "additionalProperties": False,
    }


def _value(contract: Contract, index: int) -> Schema:
    schema: Schema = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
    if index in contract.categories:
        names = contract.categories[index]
        schema = {"enum": list(names)} if names is not None else {"type": "integer", "minimum": 0, "maximum": 2**24 - 1}
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
