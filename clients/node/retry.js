// When is a request sent again, and after how long? Predictions change nothing, so every request may be repeated.
//
// The functions have no imports, so that they can be copied into other tools as they are.

/**
 * Whether an answer of this status is worth another attempt: throttled; the function crashed; it is not served (yet);
 * it took too long.
 *
 * @param {number} status
 */
export function isRetried(status) {
  return [429, 502, 503, 504].includes(status);
}

/**
 * How long to wait after an attempt: exponential backoff with full jitter, and at least what the endpoint asks for.
 *
 * @param {object} last
 * @param {number} last.attempt The attempt's number, from 1.
 * @param {string} last.retryAfter The header retry-after (RFC 9110, 10.2.3), or an empty string.
 * @param {string} last.date The header date, or an empty string: a date counts from it, for this clock may be wrong.
 * @param {number} [last.baseMs] Longest wait after the first attempt; it doubles with each further one.
 * @param {number} [last.capMs] Longest wait of all, also where the endpoint asks for more.
 * @param {number} [last.chance] Between 0 and 1; for tests.
 * @param {number} [last.now] This machine's time in milliseconds; for tests.
 * @returns {number} Milliseconds.
 */
export function waitMs({
  attempt,
  retryAfter,
  date,
  baseMs = 250,
  capMs = 20_000,
  chance = Math.random(),
  now = Date.now(),
}) {
  const asked = /^\s*\d{1,9}\s*$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - (Date.parse(date) || now);
  const backoff = chance * Math.min(capMs, baseMs * 2 ** (attempt - 1));
  return Math.max(backoff, Math.min(asked || 0, capMs));
}
