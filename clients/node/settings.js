// Where is the endpoint, in which region, and as which role is it called?
//
// Taken from what is given, else from environment variables, else from the outputs of the Pulumi stack.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** An error for people: its message says what to do and holds no credential. */
export class InferenceError extends Error {}

/**
 * @typedef {object} Settings
 * @property {string} endpoint The Function URL, ending in a slash.
 * @property {string} region The AWS region that requests are signed for.
 * @property {string | undefined} roleArn The role to assume before calling; none: the credentials as they are.
 * @property {string | undefined} emulator The address of the emulator that takes AWS's place on this machine, if one does.
 */

/**
 * @typedef {object} Given
 * @property {string} [endpoint]
 * @property {string} [region]
 * @property {string} [roleArn] An empty string for no role.
 * @property {string} [stackOutputs] A file with what `pulumi stack output --json` printed.
 * @property {string} [stack] The stack to ask `pulumi` about.
 */

/**
 * Put the settings together.
 *
 * @param {Given} given What wins.
 * @param {Record<string, string | undefined>} environment
 * @returns {Settings}
 * @throws {InferenceError} The endpoint is unknown, or a value cannot be right.
 */
export function findSettings(given = {}, environment = process.env) {
  const told = given.endpoint ?? environment.INFERENCE_ENDPOINT;
  const asked = given.stackOutputs || given.stack || told === undefined;
  const outputs = asked ? stackOutputs(given) : {};
  const endpoint = checkedEndpoint(told ?? outputs.endpoint);
  const roleArn = given.roleArn ?? environment.INFERENCE_ROLE_ARN ?? outputs.invoker_role_arn;
  const region = checkedRegion(endpoint, given.region ?? environment.INFERENCE_REGION ?? outputs.region, environment);
  const { protocol, origin } = new URL(endpoint);
  return { endpoint, region, roleArn: roleArn || undefined, emulator: protocol === "http:" ? origin : undefined };
}

/**
 * @param {Given} given
 * @returns {Record<string, string | undefined>}
 */
function stackOutputs({ stackOutputs: file, stack }) {
  const source = file ?? "pulumi stack output";
  let text;
  try {
    const command = ["stack", "output", "--json", "--non-interactive", ...(stack ? ["--stack", stack] : [])];
    text = file ? readFileSync(file, "utf8") : execFileSync("pulumi", command, { encoding: "utf8", stdio: "pipe" });
  } catch {
    if (file || stack) {
      throw new InferenceError(`${source} cannot be read; check the name`);
    }
    return {};
  }
  let outputs;
  try {
    outputs = JSON.parse(text);
  } catch {
    outputs = undefined;
  }
  if (typeof outputs !== "object" || outputs === null || Array.isArray(outputs)) {
    throw new InferenceError(`${source} is not the JSON object that \`pulumi stack output --json\` prints`);
  }
  return outputs;
}

/** @param {string | undefined} endpoint */
function checkedEndpoint(endpoint) {
  if (!endpoint) {
    throw new InferenceError(
      "the endpoint is not known: give --endpoint, set INFERENCE_ENDPOINT, or pass the stack's outputs " +
        "(pulumi stack output --json > outputs.json; --stack-outputs outputs.json)",
    );
  }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !["https:", "http:"].includes(url.protocol) || url.search || url.hash) {
    throw new InferenceError("the endpoint must be an address such as https://<id>.lambda-url.<region>.on.aws/");
  }
  if (url.username || url.password) {
    throw new InferenceError(
      "the endpoint must not hold a user name or password; credentials come from AWS's own chain",
    );
  }
  if (url.protocol === "http:" && !["127.0.0.1", "[::1]", "localhost"].includes(url.hostname)) {
    throw new InferenceError(
      "the endpoint must begin with https://; plain http is only for an emulator on this machine",
    );
  }
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

/**
 * @param {string} endpoint
 * @param {string | undefined} region
 * @param {Record<string, string | undefined>} environment
 */
function checkedRegion(endpoint, region, environment) {
  const livesIn = /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws$/.exec(new URL(endpoint).hostname)?.[1];
  if (region && livesIn && region !== livesIn) {
    throw new InferenceError(
      `wrong region: the endpoint is in ${livesIn}, requests would be signed for ${region} and refused; ` +
        "leave the region out, it stands in the endpoint's name",
    );
  }
  // A general AWS_REGION says where one usually works, not where this endpoint is: it only fills a gap.
  const found = region || livesIn || environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  if (!found) {
    throw new InferenceError("the region is not known: give --region or set INFERENCE_REGION");
  }
  return found;
}
