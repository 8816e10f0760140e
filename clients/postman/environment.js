#!/usr/bin/env node
// Prints a Postman environment with the outputs of a stack filled in; the secrets stay blank.
//
//     pulumi stack output --json > outputs.json
//     node environment.js outputs.json > my.postman_environment.json

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TEMPLATE = fileURLToPath(new URL("ml-inference.postman_environment.json", import.meta.url));
const OUTPUTS = { endpoint: "endpoint", region: "region", roleArn: "invoker_role_arn" };

/**
 * @param {string} [file] What `pulumi stack output --json` printed.
 * @returns {{name: string, values: {key: string, value: string, type: string, enabled: boolean}[]}}
 */
export function environment(file) {
  const outputs = file ? stackOutputs(file) : {};
  const filled = JSON.parse(readFileSync(TEMPLATE, "utf8"));
  for (const [key, output] of Object.entries(OUTPUTS)) {
    filled.values.find((variable) => variable.key === key).value = outputs[output] ?? "";
  }
  return filled;
}

/** @param {string} file */
function stackOutputs(file) {
  let outputs;
  try {
    outputs = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    outputs = undefined;
  }
  if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs)) {
    console.error(`error: ${file} is not the JSON object that \`pulumi stack output --json\` prints`);
    process.exit(1);
  }
  return outputs;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(environment(process.argv[2]), null, 2));
}
