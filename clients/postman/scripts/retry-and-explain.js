// After every answer: throttled, broken and missing ones are asked for again, signed again, after a wait with full jitter
// or as long as the endpoint asks for; redirects and 403 are explained. A request's own tests run only on an answer that
// is one (`answered`).
const ATTEMPTS = 6;
const attempt = Number(pm.variables.get("attempt") || 1);
const code = pm.response ? pm.response.code : undefined; // none if the connection broke
const header = (name) => (pm.response && pm.response.headers.get(name)) || "";
const tried = Boolean(code) && !isRetried(code);
const again = !tried && attempt < ATTEMPTS;
pm.variables.set("attempt", again ? attempt + 1 : 1);
pm.variables.set("answered", "");
if (again) {
    pm.execution.setNextRequest(pm.info.requestName);
    setTimeout(() => {}, waitMs({ attempt, retryAfter: header("retry-after"), date: header("date") }));
} else if (!tried) {
    const last = code || "no answer at all";
    pm.test(`gave no answer in ${ATTEMPTS} attempts; the last was ${last}`, () => pm.expect.fail());
} else if (code >= 300 && code < 400) {
    pm.test(`${code}: ${redirect(header("location"))}`, () => pm.expect.fail());
    pm.execution.setNextRequest(null);
} else {
    pm.variables.set("answered", "yes");
    if (code === 403 && pm.info.requestName !== "Without a signature") {
        const { sentence } = causeOf({
            errorType: header("x-amzn-errortype"),
            date: header("date"),
            body: pm.response.text(),
            region: pm.environment.get("region"),
        });
        pm.test(`403 Forbidden: ${sentence}`, () => pm.expect.fail());
    }
}
