#!/usr/bin/env node
// Runs the collection without Postman. Credentials come from the variables that every AWS tool reads, so that none
// stands in a file or on a command line.
//
//     pulumi stack output --json > outputs.json
//     node run.js --stack-outputs outputs.json

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import newman from "newman";
import { environment } from "./environment.js";

const COLLECTION = fileURLToPath(new URL("ml-inference.postman_collection.json", import.meta.url));
const text = { type: /** @type {const} */ ("string") };
const { values } = parseArgs({
  options: { "stack-outputs": text, endpoint: text, region: text, "role-arn": text },
});

/** Values from flags and environment variables, by the name of the collection's variable. */
const given = {
  endpoint: values.endpoint ?? process.env.INFERENCE_ENDPOINT,
  region: values.region ?? process.env.INFERENCE_REGION,
  roleArn: values["role-arn"] ?? process.env.INFERENCE_ROLE_ARN,
  stsEndpoint: process.env.AWS_ENDPOINT_URL_STS,
  accessKeyId: process.env.AWS_ACCESS_KEY_ID,
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
  sessionToken: process.env.AWS_SESSION_TOKEN,
};

const filled = environment(values["stack-outputs"]);
const value = (key) => filled.values.find((variable) => variable.key === key);
for (const [key, override] of Object.entries(given)) {
  if (override !== undefined) {
    value(key).value = override;
  }
}
const missing = ["endpoint", "region", "accessKeyId", "secretAccessKey"].filter((key) => !value(key).value);
if (missing.length) {
  console.error(`error: ${missing.join(", ")} not known; see --stack-outputs, and the AWS_* variables for credentials`);
  process.exit(1);
}

// Plain HTTP stays on this machine: a proxy that is meant for the way out would read it.
const local = ["127.0.0.1", "localhost", "::1"];
process.env.NO_PROXY = process.env.no_proxy = [process.env.NO_PROXY ?? process.env.no_proxy ?? [], local].flat().join();
const { protocol, origin } = URL.canParse(value("endpoint").value) ? new URL(value("endpoint").value) : {};
if (protocol === "http:" && !given.stsEndpoint) {
  value("stsEndpoint").value = `${origin}/`; // an emulator takes all of AWS's place
}

newman.run({ collection: COLLECTION, environment: filled, reporters: "cli" }, (error, summary) => {
  if (error) {
    console.error(`error: ${error.message}`);
  }
  // newman also counts connections that broke and were made again: only the tests say how it ended.
  const { total, failed } = summary?.run.stats.assertions ?? { total: 0, failed: 0 };
  process.exitCode = error || failed || !total ? 1 : 0;
});
