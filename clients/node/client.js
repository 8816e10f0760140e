// Calls a model endpoint behind an IAM-authenticated Lambda Function URL: sign, send, send again, explain.
//
//     import { Client } from "./client.js";
//     const predictions = await new Client().predict(records);

import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Sha256 } from "@aws-crypto/sha256-js";
import { fromNodeProviderChain, fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { SignatureV4 } from "@smithy/signature-v4";
import { causeOf, redirect, untrusted } from "./refusal.js";
import { isRetried, waitMs } from "./retry.js";
import { findSettings, InferenceError } from "./settings.js";

export { findSettings, InferenceError } from "./settings.js";

/** @typedef {import("./settings.js").Given} Given */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {Record<string, number | string | null>} Row One record: every feature of the model by its name. */
/** @typedef {import("@smithy/types").AwsCredentialIdentity} Credentials */

/**
 * Bytes of a JSON body from which it goes packed, and without its type: a Function URL hands over what is called JSON as
 * text, and bytes that are none are lost. The endpoint takes JSON where no type is given.
 */
const GZIP_FROM = 16_384;
const TIMEOUT_MS = 90_000;
/** A session is renewed this long before it ends. */
const RENEWED_MS = 5 * 60_000;

/** The endpoint answered 403; `cause` is a word for programs. */
export class ForbiddenError extends InferenceError {
  /**
   * @param {string} code
   * @param {string} sentence
   */
  constructor(code, sentence) {
    super(`403 Forbidden: ${sentence}`);
    this.code = code;
  }
}

/** A client of one endpoint. */
export class Client {
  /**
   * @param {Given} given See `findSettings`.
   * @param {{attempts?: number, baseMs?: number, capMs?: number}} retry Exponential backoff with full jitter.
   */
  constructor(given = {}, { attempts = 6, baseMs = 250, capMs = 20_000 } = {}) {
    /** @type {Settings} */
    this.settings = findSettings(given);
    this.retry = { attempts, baseMs, capMs };
    if (this.settings.emulator) {
      keepFromProxies();
    }
    this.signer = new SignatureV4({
      service: "lambda",
      region: this.settings.region,
      credentials: credentials(this.settings),
      sha256: Sha256,
    });
  }

  /**
   * Predict records.
   *
   * @param {Row[]} records
   * @returns {Promise<(number | number[])[]>} One prediction a record, in their order.
   * @throws {InferenceError}
   */
  async predict(records) {
    // JSON.stringify would turn them into null, which may mean a missing value.
    const row = records.findIndex((record) => Object.values(record ?? {}).some(isNotFinite));
    if (row >= 0) {
      throw new InferenceError(`record ${row} holds NaN or Infinity, which JSON cannot`);
    }
    const predictions = await this.send("POST", "", JSON.stringify(records));
    if (!Array.isArray(predictions) || predictions.length !== records.length) {
      throw new InferenceError(`the endpoint must answer ${records.length} predictions; is it a model endpoint?`);
    }
    return predictions;
  }

  /**
   * Send a request, again if need be; each attempt is signed again.
   *
   * @param {string} method
   * @param {string} path Path below the endpoint, without a leading slash.
   * @param {string} [body] A JSON document.
   * @returns {Promise<any>} The answer, parsed.
   * @throws {InferenceError}
   */
  async send(method, path, body) {
    const url = new URL(path, this.settings.endpoint);
    if (!url.href.startsWith(this.settings.endpoint)) {
      throw new InferenceError("a path below the endpoint must not lead out of it");
    }
    const packed = body !== undefined && Buffer.byteLength(body) >= GZIP_FROM;
    const content = packed ? gzipSync(body, { level: 1 }) : body;
    for (let attempt = 1; ; attempt++) {
      const headers = await this.#signed(method, url, content, packed);
      let reason;
      let asked = { retryAfter: "", date: "" };
      try {
        const response = await fetch(url, {
          method,
          headers,
          body: content,
          redirect: "manual",
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const text = await response.text();
        if (!isRetried(response.status)) {
          return this.#judge(response, text);
        }
        reason = `the last answer was ${response.status}: ${problem(response, text).detail}`;
        const header = (/** @type {string} */ name) => response.headers.get(name) ?? "";
        asked = { retryAfter: header("retry-after"), date: header("date") };
      } catch (error) {
        if (error instanceof InferenceError) {
          throw error;
        }
        reason = `the connection failed: ${connectionFailure(error, url.host)}`;
      }
      if (attempt >= this.retry.attempts) {
        throw new InferenceError(`${url.host} gave no answer in ${attempt} attempts; ${reason}`);
      }
      await sleep(waitMs({ attempt, ...asked, baseMs: this.retry.baseMs, capMs: this.retry.capMs }));
    }
  }

  /**
   * @param {string} method
   * @param {URL} url
   * @param {string | Buffer | undefined} body
   * @param {boolean} packed
   */
  async #signed(method, url, body, packed) {
    /** @type {Record<string, string>} */
    const described = { host: url.host };
    if (body !== undefined) {
      described[packed ? "content-encoding" : "content-type"] = packed ? "gzip" : "application/json";
    }
    const { headers } = await this.signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      port: url.port ? Number(url.port) : undefined,
      path: url.pathname,
      headers: described,
      body,
    });
    const { host: _, ...sent } = headers; // fetch sets it itself
    return sent;
  }

  /**
   * @param {Response} response
   * @param {string} text
   */
  #judge(response, text) {
    if (response.status === 403) {
      const { code, sentence } = causeOf({
        errorType: response.headers.get("x-amzn-errortype") ?? "",
        date: response.headers.get("date") ?? "",
        body: text,
        region: this.settings.region,
      });
      throw new ForbiddenError(code, sentence);
    }
    if (response.status >= 300 && response.status < 400) {
      throw new InferenceError(`${response.status}: ${redirect(response.headers.get("location") ?? "")}`);
    }
    if (!response.ok) {
      const { detail, faults } = problem(response, text);
      throw new InferenceError(`${response.status}: ${[detail, ...faults].join("; ")}`);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw new InferenceError("the answer is not JSON; is it a model endpoint?");
    }
  }
}

/** Plain HTTP stays on this machine; with NODE_USE_ENV_PROXY fetch would take it to a proxy, which can read it. */
function keepFromProxies() {
  const known = (process.env.no_proxy ?? process.env.NO_PROXY ?? "").split(",").filter(Boolean);
  const local = ["127.0.0.1", "localhost", "::1"];
  process.env.NO_PROXY = process.env.no_proxy = [...new Set([...known, ...local])].join(",");
}

/** @param {unknown} value */
function isNotFinite(value) {
  return typeof value === "number" && !Number.isFinite(value);
}

/**
 * The caller's credentials from AWS's usual chain, or those of the role, renewed before they expire.
 *
 * @param {Settings} settings
 * @returns {() => Promise<Credentials>}
 */
function credentials({ roleArn, region, emulator }) {
  const told = process.env.AWS_ENDPOINT_URL_STS || process.env.AWS_ENDPOINT_URL;
  const clientConfig = { region, ...(emulator ? { endpoint: told || emulator } : undefined) };
  const caller = fromNodeProviderChain({ clientConfig });
  const source = roleArn
    ? fromTemporaryCredentials({
        masterCredentials: caller,
        params: { RoleArn: roleArn, RoleSessionName: "ml-inference-client" },
        clientConfig,
      })
    : caller;
  /** @type {Credentials | undefined} */
  let known;
  return async () => {
    if (known && (!known.expiration || known.expiration.getTime() - Date.now() > RENEWED_MS)) {
      return known;
    }
    try {
      known = await source();
      return known;
    } catch (error) {
      throw new InferenceError(credentialFailure(error, roleArn));
    }
  };
}

/**
 * @param {unknown} error
 * @param {string | undefined} roleArn
 */
function credentialFailure(error, roleArn) {
  const { name = "", message = "no reason given" } = error instanceof Error ? error : {};
  if (name === "CredentialsProviderError") {
    return (
      "no AWS credentials were found; sign in (`aws sso login`), name a profile (AWS_PROFILE), or set " +
      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if temporary, AWS_SESSION_TOKEN"
    );
  }
  /** @type {Record<string, string>} */
  const reasons = {
    AccessDenied:
      "these credentials may not assume it, or it does not exist: their policy must allow sts:AssumeRole on it and " +
      "its trust policy must allow their account",
    ExpiredToken: "the session you call from has expired; sign in again",
    ExpiredTokenException: "the session you call from has expired; sign in again",
    InvalidClientTokenId: "the access key you call with is not known to AWS",
    SignatureDoesNotMatch: "the secret access key you call with is wrong, or this machine's clock is",
    RegionDisabledException: "the account has this region switched off",
  };
  return `the role ${roleArn} was not assumed: ${reasons[name] ?? `${message} (${name})`}`;
}

/**
 * Detail and faults of a problem document (RFC 9457), AWS's own message, or the status.
 *
 * @param {Response} response
 * @param {string} text
 * @returns {{detail: string, faults: string[]}}
 */
function problem(response, text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const detail = document?.detail ?? document?.Message ?? document?.message ?? response.statusText;
  const faults = Array.isArray(document?.errors) ? document.errors : [];
  return { detail: detail || "no reason given", faults: faults.map(where) };
}

/** @param {{row?: number, field?: string, code?: string, message?: string}} fault */
function where({ row, field, code, message }) {
  const place = [row === undefined ? [] : `row ${row}`, field === undefined ? [] : `"${field}"`].flat();
  return `${place.join(", ")}: ${message ?? code ?? "no reason given"}`;
}

/**
 * The reason in the words of whoever failed.
 *
 * @param {unknown} error
 * @param {string} host
 * @throws {InferenceError} It would fail again: the certificate is not trusted.
 */
function connectionFailure(error, host) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { code, message } = /** @type {{code?: unknown, message?: unknown}} */ (cause ?? {});
  const reason = String(message || code || "no reason given");
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(String(code))) {
    throw new InferenceError(untrusted(host, reason, "NODE_EXTRA_CA_CERTS"));
  }
  return reason;
}
