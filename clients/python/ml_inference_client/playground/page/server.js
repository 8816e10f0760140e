// Asks this page's own server, which signs. Every path is relative, so that the token in the address goes along.

/** What is wrong, as the endpoint says it (RFC 9457). */
export class Problem extends Error {
  constructor(message, faults = []) {
    super(message);
    this.faults = faults;
  }
}

export async function asked(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The command that serves this page has ended; start it again.");
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  throw new Problem(body?.detail ?? `The page's server answered ${response.status}.`, body?.errors ?? []);
}
