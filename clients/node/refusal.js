// Why did the endpoint answer 403? From what AWS says, and from what it leaves unsaid, to one sentence.
//
// A Function URL tells wrong signatures apart but answers a missing grant with a bare "Forbidden": it takes two grants.
// Holds no credential. The functions have no imports, so that they can be copied into other tools as they are.

/**
 * @typedef {object} Refusal
 * @property {string} errorType The header x-amzn-errortype, or an empty string.
 * @property {string} date The header date, or an empty string.
 * @property {string} body The answer's body.
 * @property {string} region The region that was signed for.
 * @property {number} [now] This machine's time in milliseconds; for tests.
 */

/**
 * @typedef {object} Cause
 * @property {string} code A word for programs.
 * @property {string} sentence What it means and what to do.
 */

/**
 * Tell why a signed request was refused.
 *
 * @param {Refusal} refusal
 * @returns {Cause}
 */
export function causeOf({ errorType, date, body, region, now = Date.now() }) {
  const text = `${errorType} ${body}`;
  const skewSeconds = (now - Date.parse(date)) / 1000; // NaN without a date
  const skewed = Math.abs(skewSeconds) > 300; // what AWS accepts
  const urlGrant = "lambda:InvokeFunctionUrl";
  const grant = "lambda:InvokeFunction";
  const remedy = "give it the policy that the stack exports as client_policy_json, or assume the invoker role";

  const clock = () => {
    const how = skewed
      ? `this machine's clock is ${Math.round(Math.abs(skewSeconds) / 60)} minutes ` +
        `${skewSeconds > 0 ? "ahead" : "behind"}, AWS accepts 5: set the clock`
      : "the signature's time is too far from AWS's: set this machine's clock (it may be off by minutes)";
    return { code: "clock-skew", sentence: how };
  };

  const denied = /not authorized to perform: (lambda:InvokeFunction(?:Url)?)\b/.exec(text);
  if (denied && /explicit deny/.test(text)) {
    return {
      code: `denied:${denied[1]}`,
      sentence: `a policy explicitly denies ${denied[1]} to the caller; no grant can undo that`,
    };
  }
  if (denied) {
    return {
      code: `missing-grant:${denied[1]}`,
      sentence: `the caller lacks the grant ${denied[1]}; both ${urlGrant} and ${grant} are needed: ${remedy}`,
    };
  }
  if (/Signature expired|Signature not yet current|is now earlier than|RequestTimeTooSkewed/.test(text)) {
    return clock();
  }
  if (/token included in the request is expired|ExpiredToken/.test(text)) {
    return { code: "expired-session", sentence: "the session has expired; sign in or assume the role again" };
  }
  if (/Credential should be scoped to/.test(text)) {
    return {
      code: "wrong-region",
      sentence:
        `the request was signed for ${region}, and the endpoint is in another region; ` +
        "the region stands in its name: <id>.lambda-url.<region>.on.aws",
    };
  }
  if (/signature we calculated does not match/.test(text)) {
    return {
      code: "wrong-secret",
      sentence:
        "the signature does not match: the secret access key does not belong to the access key id, " +
        "or something on the way changed the request",
    };
  }
  if (/token included in the request is invalid|UnrecognizedClient|InvalidClientTokenId/.test(text)) {
    return {
      code: "unknown-key",
      sentence:
        "AWS does not know these credentials: the access key id is wrong or deleted, " +
        "or the session token is missing or belongs to another key",
    };
  }
  if (/Missing ?Authentication ?Token|IncompleteSignature/.test(text)) {
    return {
      code: "unsigned",
      sentence: "the request arrived without a signature; something on the way removed it",
    };
  }
  if (skewed) {
    return clock();
  }
  if (/Forbidden/.test(text)) {
    return {
      code: "missing-grant",
      sentence: `the caller lacks one of the two grants, ${urlGrant} or ${grant}, and AWS does not say which; ${remedy}`,
    };
  }
  return {
    code: "not-aws",
    sentence: "the answer is not one of AWS's own; a firewall or proxy on the way may have given it",
  };
}

/**
 * Tell why a redirect is not followed: with the session token and the records in it, the request is for nobody else.
 *
 * @param {string} location The header of that name; only the host in it is named.
 * @returns {string}
 */
export function redirect(location) {
  const host = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#]*@)?([\w.-]+|\[[0-9a-f:.]+\])(?:[:/?#]|$)/i.exec(location);
  const where = host ? host[1] : location.startsWith("/") ? "another path" : "elsewhere";
  return (
    `the answer is a redirect to ${where}, which is not followed: a signed request goes to the endpoint and nowhere ` +
    "else; check the endpoint's address"
  );
}

/**
 * Tell why a connection whose certificate is not trusted is not used.
 *
 * @param {string} host The endpoint's name.
 * @param {string} reason The TLS library's own words.
 * @param {string} variable The environment variable that names more certificates.
 * @returns {string}
 */
export function untrusted(host, reason, variable) {
  return (
    `the certificate of ${host} is not trusted (${reason}), so nothing was sent; if a proxy on the way opens TLS, ` +
    `name its certificate in ${variable}`
  );
}
