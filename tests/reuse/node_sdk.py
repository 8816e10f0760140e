"""Stands in for the Node.js package that `pulumi package add` generates from the schema.

Written after what Pulumi documents of its generated packages: a `plain` property takes the value itself, any other an
`Input` of it; every output is an `Output`; the resource is remote. It shows that the example fits the schema; that the
genuine generator makes the same of it can only be seen with the Pulumi CLI.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = "@pulumi/ml-inference"
_PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def write(folder: Path, schema: Mapping[str, Any]) -> None:
    """Writes the package into a folder.

    Args:
        folder: Where to; it is created.
        schema: The component package's schema.
    """
    folder.mkdir(parents=True)
    manifest = {"name": PACKAGE, "version": schema["version"], "main": "index.js", "types": "index.d.ts"}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "index.d.ts").write_text("\n".join(_types(schema)))
    (folder / "index.js").write_text("\n".join(_code(schema)))


def _types(schema: Mapping[str, Any]) -> list[str]:
    lines = ['import * as pulumi from "@pulumi/pulumi";']
    for token, kind in schema["types"].items():
        name = token.rpartition(":")[2]
        if "enum" in kind:
            lines.append(f"export type {name} = {' | '.join(json.dumps(value['value']) for value in kind['enum'])};")
        else:
            lines += [f"export interface {name} {{", *_inputs(kind["properties"], kind.get("required", [])), "}"]
    for token, resource in schema["resources"].items():
        name = token.rpartition(":")[2]
        properties = [
            f"    readonly {key}: pulumi.Output<{_type(value)}{'' if key in resource['required'] else ' | undefined'}>;"
            for key, value in resource["properties"].items()
        ]
        lines += [f"export interface {name}Args {{", *_inputs(resource["inputProperties"], resource["requiredInputs"])]
        lines += ["}", f"export declare class {name} extends pulumi.ComponentResource {{", *properties]
        lines += [f"    constructor(name: string, args?: {name}Args, opts?: pulumi.ComponentResourceOptions);", "}"]
    return lines


def _inputs(properties: Mapping[str, Any], required: list[str]) -> list[str]:
    return [f"    {key}{'' if key in required else '?'}: {_input(value)};" for key, value in properties.items()]


def _input(value: Mapping[str, Any]) -> str:
    kind = _type(value, _input)
    return kind if value.get("plain") else f"pulumi.Input<{kind}>"


def _type(value: Mapping[str, Any], inner: Any = None) -> str:
    inner = inner or _type
    if "$ref" in value:
        return "any" if value["$ref"] == "pulumi.json#/Any" else str(value["$ref"]).rpartition(":")[2]
    if value["type"] == "array":
        return f"{inner(value['items'])}[]"
    if value["type"] == "object":
        return f"{{[key: string]: {inner(value['additionalProperties'])}}}"
    return _PRIMITIVES[value["type"]]


def _code(schema: Mapping[str, Any]) -> list[str]:
    lines = ['"use strict";', 'const pulumi = require("@pulumi/pulumi");']
    for token, resource in schema["resources"].items():
        name = token.rpartition(":")[2]
        outputs = json.dumps(dict.fromkeys(resource["properties"]))
        lines += [
            f"class {name} extends pulumi.ComponentResource {{",
            "    constructor(name, args, opts) {",
            "        const inputs = { ...args };",
            f"        for (const output of Object.keys({outputs})) inputs[output] = undefined;",
            f"        super({json.dumps(token)}, name, inputs, opts, true /*remote*/);",
            "    }",
            "}",
            f"exports.{name} = {name};",
        ]
    return lines
