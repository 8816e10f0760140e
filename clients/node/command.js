#!/usr/bin/env node
// The command: sends a JSON array of records, from a file or standard input, and prints the predictions.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Client, InferenceError } from "./client.js";

const USAGE = `usage: ml-inference [FILE] [options]

Sends a JSON array of records (FILE, default: standard input) and prints the predictions.
Credentials come from AWS's usual chain.

  --endpoint URL         the Function URL; INFERENCE_ENDPOINT
  --region REGION        its AWS region (default: from its name); INFERENCE_REGION
  --role-arn ARN         the role to assume; empty: none; INFERENCE_ROLE_ARN
  --stack NAME           the Pulumi stack to ask (default: the selected one)
  --stack-outputs FILE   what \`pulumi stack output --json\` printed, instead of asking
  --attempts N           sends per request (default: 6)
  --help                 this text`;

/** @returns {Promise<void>} */
async function main() {
  const { values, positionals } = commandLine();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const attempts = Number(values.attempts ?? 6);
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new InferenceError("--attempts must be a whole number, at least 1");
  }
  const given = {
    endpoint: values.endpoint,
    region: values.region,
    roleArn: values["role-arn"],
    stack: values.stack,
    stackOutputs: values["stack-outputs"],
  };
  const records = readRecords(positionals[0] ?? "-");
  console.log(JSON.stringify(await new Client(given, { attempts }).predict(records)));
}

function commandLine() {
  const text = { type: /** @type {const} */ ("string") };
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        endpoint: text,
        region: text,
        "role-arn": text,
        stack: text,
        "stack-outputs": text,
        attempts: text,
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new InferenceError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** @param {string} file */
function readRecords(file) {
  let text;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch {
    throw new InferenceError(`${file} cannot be read`);
  }
  let records;
  try {
    records = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new InferenceError(`${file} is not JSON`);
  }
  if (!Array.isArray(records)) {
    throw new InferenceError(`${file} must hold a JSON array of records`);
  }
  return records;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InferenceError)) {
    throw error;
  }
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
