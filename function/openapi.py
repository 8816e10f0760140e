"""The OpenAPI 3.1 document of the served model: every route, every format, every refusal.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import describe
import explain
from problem import TITLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract

    Schema = dict[str, Any]

LARGEST = 3.4028234663852886e38
"""The largest float32."""


def document(contract: Contract) -> Schema:
    """Return the OpenAPI document."""
    model = f"/v2/models/{contract.name}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of the model {contract.name}",
            "version": contract.version,
            "description": (
                f"Serves an XGBoost model ({describe.objective(contract)}). Every call is signed with AWS Signature "
                "Version 4 for the service `lambda`."
            ),
        },
        "paths": {
            "/": {"get": _get("The model's card", {"type": "object"}), "post": _predict("Predict", contract)},
            "/invocations": {"post": _predict("Predict, under the path that SageMaker uses", contract)},
            "/explain": {"post": _explain(contract)},
            "/ping": {"get": _get("Whether the model is served", {"type": "object"}, not_acceptable=False)},
            "/openapi.json": {"get": _get("This document", {"type": "object"})},
            "/v2": {"get": _get("Open Inference Protocol: the server", {"type": "object"})},
            "/v2/health/live": {"get": _get("Open Inference Protocol: alive", {"type": "object"})},
            "/v2/health/ready": {"get": _get("Open Inference Protocol: ready", {"type": "object"})},
            model: {"get": _get("Open Inference Protocol: the model", {"type": "object"})},
            f"{model}/ready": {"get": _get("Open Inference Protocol: the model is ready", {"type": "object"})},
            f"{model}/infer": {"post": _infer(contract)},
        },
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


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _get(summary: str, schema: Schema, not_acceptable: bool = True) -> Schema:
    refused = (406, 500, 503) if not_acceptable else (500, 503)
    return {"summary": summary, "responses": {"200": _json("The answer", schema), **_refusals(*refused)}}


def _predict(summary: str, contract: Contract) -> Schema:
    answer = _json("A prediction for each row, in their order", _predictions())
    answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": _bodies(contract)},
        "responses": {"200": answer, **_refusals(400, 406, 413, 415, 422, 500, 503)},
    }


def _predictions() -> Schema:
    rows = {"type": "array", "items": _ref("Prediction")}
    wrapped = {"type": "object", "required": ["predictions"], "properties": {"predictions": rows}}
    return {"anyOf": [rows, wrapped]}


def _explain(contract: Contract) -> Schema:
    values = {feature: _ref("Prediction") for feature in contract.features}
    explanation = {
        "type": "object",
        "required": ["prediction", "base", "contributions"],
        "properties": {
            "prediction": _ref("Prediction"),
            "base": _ref("Prediction"),
            "contributions": {"type": "object", "required": list(contract.features), "properties": values},
        },
    }
    return {
        "summary": "Predict and explain: TreeSHAP contributions that sum, with the base, to the margin",
        "description": f"At most {explain.MAX_ROWS} rows at a time.",
        "requestBody": {"required": True, "content": _bodies(contract)},
        "responses": {
            "200": _json("An explanation for each row", {"type": "array", "items": explanation}),
            **_refusals(400, 406, 413, 415, 422, 500, 503),
        },
    }


def _infer(contract: Contract) -> Schema:
    return {
        "summary": "Open Inference Protocol: predict",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref("InferenceRequest"), "example": _inference_example(contract)}
            },
        },
        "responses": {
            "200": _json("The output tensor `predict`", {"type": "object", "required": ["outputs"]}),
            **_refusals(400, 406, 413, 415, 422, 500, 503),
        },
    }


def _bodies(contract: Contract) -> Schema:
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
    outputs = describe.outputs(contract)
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
