"""Writes what the clients hold of the model: samples, the OpenAPI document, the Postman collection.

python clients/derive.py                 write them again
python clients/derive.py --check         fail if they no longer fit the model
python clients/derive.py --model my.ubj  for another model

The records are the model's golden ones, and everything else is what the handler itself says of the model: no feature
is named here. Scripts of the collection stand in postman/scripts/.
"""

import argparse
import contextlib
import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLIENTS = Path(__file__).resolve().parent
PROJECT = CLIENTS.parent
MODEL = PROJECT / "model" / "wine_quality.ubj"
RECORDS = 2
"""How many records a sample has: enough to see that answers differ, few enough to read."""

GOES_NOWHERE_ELSE = {"followRedirects": False, "strictSSL": True}
"""What each request says of itself, so that a person's settings in Postman cannot say otherwise."""

COLLECTION_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Derive the clients' samples from the model.")
    parser.add_argument("--model", type=Path, default=MODEL, help="an XGBoost model file with golden.json beside it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    options = parser.parse_args(arguments)
    stale = [path for path, text in derived(options.model).items() if not path.exists() or path.read_text() != text]
    if options.check:
        for path in stale:
            print(f"{path.relative_to(CLIENTS)} does not fit the model any more: run python clients/derive.py")
        return 1 if stale else 0
    for path, text in derived(options.model).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"{'wrote' if path in stale else 'kept '} {path.relative_to(CLIENTS)}")
    return 0


def derived(model: Path) -> dict[Path, str]:
    """Every derived file's content by its path.

    Args:
        model: The model file; `golden.json` must lie beside it.
    """
    golden = json.loads(model.with_name("golden.json").read_text())
    records, expected = golden["records"][:RECORDS], golden["predictions"][:RECORDS]
    card, openapi = answers(model, "/", "/openapi.json")
    misspelt = [with_misspelt_feature(records[0]), *records[1:]]
    samples = CLIENTS / "samples"
    readmes = {CLIENTS / client / "README.md" for client in ("curl", "node", "python")}
    return {
        **{path: with_results(path.read_text(), expected, card["version"]) for path in readmes},
        samples / "records.json": pretty(records),
        samples / "records.csv": table(records),
        samples / "predictions.json": pretty(expected),
        samples / "unknown_feature.json": pretty(misspelt),
        samples / "openapi.json": pretty(openapi),
        CLIENTS / "postman" / "ml-inference.postman_collection.json": pretty(
            collection(
                card,
                records,
                misspelt,
                {
                    "FEATURES": [feature["name"] for feature in card["features"]],
                    "EXPECTED": expected,
                    "MODEL_VERSION": card["version"],
                    "TOLERANCE": golden["tolerance"],
                },
            )
        ),
    }


def answers(model: Path, *paths: str) -> list[Any]:
    """What the handler answers to GET requests when it serves a model."""
    with importable(PROJECT / "function"), contextlib.redirect_stdout(io.StringIO()):
        from endpoint import Endpoint

        serve = Endpoint({"MODEL_PATH": str(model)})
        return [json.loads(serve(get_event(path), None)["body"]) for path in paths]


def get_event(path: str) -> dict[str, Any]:
    """A Function URL event (payload format 2.0) with as much as the handler reads."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"requestId": "derive", "http": {"method": "GET", "path": path}},
        "isBase64Encoded": False,
    }


@contextlib.contextmanager
def importable(folder: Path) -> Iterator[None]:
    """With a folder on the import path."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def with_misspelt_feature(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the last letter of its first feature's name left out."""
    first, *rest = record
    return {first[:-1]: record[first], **{name: record[name] for name in rest}}


def table(records: list[dict[str, Any]]) -> str:
    """Records as CSV with a header."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return buffer.getvalue()


def with_results(text: str, predictions: list[float], version: str) -> str:
    """A README whose examples show what the model predicts for the samples, and its version."""

    def array(shown: re.Match[str]) -> str:
        return json.dumps(predictions, separators=(", " if ", " in shown[0] else ",", ":"))

    text = re.sub(r"^\[[\d., ]+\]$", array, text, flags=re.MULTILINE)
    text = re.sub(r"\b(model (?:wine-quality )?)[0-9a-f]{12}\b", rf"\g<1>{version}", text)
    for row, prediction in enumerate(predictions):
        text = re.sub(rf"^{row},\d[\d.]*,{row}$", f"{row},{prediction},{row}", text, flags=re.MULTILINE)
    return text


def pretty(value: object) -> str:
    """JSON as it is committed."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def collection(
    card: dict[str, Any], records: list[Any], misspelt: list[Any], constants: dict[str, Any]
) -> dict[str, Any]:
    """The Postman collection, in the order in which its requests are run.

    Args:
        card: The model's card.
        records: Records that the model takes.
        misspelt: Records of which one has a misspelt feature.
        constants: What the scripts know of the model.
    """
    items = _requests(records, misspelt, constants)
    return {
        "info": {
            "name": f"ML inference: {card['name']}",
            "description": "Calls an IAM-protected model endpoint. See README.md for what to fill in.",
            "schema": COLLECTION_SCHEMA,
        },
        "auth": signature("lambda", "sign"),
        "event": [
            script("prerequest", "check-address"),
            script("prerequest", "choose-credentials"),
            script("test", "retry-and-explain", before=shared_with_node()),
        ],
        "item": [{**item, "protocolProfileBehavior": GOES_NOWHERE_ELSE} for item in items],
    }


def _requests(records: list[Any], misspelt: list[Any], constants: dict[str, Any]) -> list[dict[str, Any]]:
    post = {"method": "POST", "header": [json_type()], "url": "{{endpoint}}"}
    return [
        {
            "name": "Assume the invoker role",
            "event": [script("prerequest", "skip-without-role"), script("test", "keep-session")],
            "request": {
                "method": "POST",
                "auth": signature("sts", ""),
                "header": [],
                "url": "{{stsEndpoint}}",
                "body": {
                    "mode": "urlencoded",
                    "urlencoded": [
                        {"key": "Action", "value": "AssumeRole"},
                        {"key": "Version", "value": "2011-06-15"},
                        {"key": "RoleArn", "value": "{{roleArn}}"},
                        {"key": "RoleSessionName", "value": "ml-inference-postman"},
                    ],
                },
            },
        },
        {
            "name": "Model card",
            "event": [script("test", "check-card", constants=constants)],
            "request": {"method": "GET", "header": [], "url": "{{endpoint}}"},
        },
        {
            "name": "Predict",
            "event": [script("test", "check-predictions", constants=constants)],
            "request": {**post, "body": raw(records)},
        },
        {
            "name": "Predict with a misspelt feature",
            "event": [script("test", "check-unknown-feature")],
            "request": {**post, "body": raw(misspelt)},
        },
        {
            "name": "Without a signature",
            "event": [script("test", "check-unsigned")],
            "request": {**post, "auth": {"type": "noauth"}, "body": raw(records)},
        },
    ]


def json_type() -> dict[str, str]:
    """The header that names the body's type."""
    return {"key": "content-type", "value": "application/json"}


def raw(value: object) -> dict[str, Any]:
    """A JSON body."""
    return {"mode": "raw", "raw": json.dumps(value, indent=2), "options": {"raw": {"language": "json"}}}


def signature(service: str, prefix: str) -> dict[str, Any]:
    """Postman's AWS signature, of credentials in variables with a prefix."""

    def variable(name: str) -> str:
        return "{{" + (prefix + name[0].upper() + name[1:] if prefix else name) + "}}"

    values = {
        "accessKey": variable("accessKeyId"),
        "secretKey": variable("secretAccessKey"),
        "sessionToken": variable("sessionToken"),
        "region": "{{region}}",
        "service": service,
    }
    entries = [{"key": key, "value": value, "type": "string"} for key, value in values.items()]
    return {"type": "awsv4", "awsv4": entries}


def script(listen: str, name: str, before: str = "", constants: dict[str, Any] | None = None) -> dict[str, Any]:
    """A script of the collection: a file, with the constants that it mentions and what it calls in front."""
    text = (CLIENTS / "postman" / "scripts" / f"{name}.js").read_text()
    used = {key: value for key, value in (constants or {}).items() if re.search(rf"\b{key}\b", text)}
    head = "".join(f"const {key} = {json.dumps(value)};\n" for key, value in used.items())
    lines = (before + head + text).rstrip("\n").split("\n")
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def shared_with_node() -> str:
    """When the Node client sends again and how it explains a refusal, without what only a module may say."""
    texts = [(CLIENTS / "node" / name).read_text() for name in ("refusal.js", "retry.js")]
    return "\n".join(text.replace("export function", "function") for text in texts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
