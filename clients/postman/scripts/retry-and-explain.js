// After every answer: throttled, broken and missing ones are asked for again, signed anew, after a wait with full
// jitter; a 403 is explained. A request's own tests run only on an answer that is one (`answered`).
const RETRIED = [429, 502, 503, 504];
const ATTEMPTS = 6;
const attempt = Number(pm.variables.get("attempt") || 1);
const code = pm.response ? pm.response.code : undefined; // none if the connection broke
const answered = Boolean(code) && !RETRIED.includes(code);
const again = !answered && attempt < ATTEMPTS;
pm.variables.set("answered", answered ? "yes" : "");
pm.variables.set("attempt", again ? attempt + 1 : 1);
if (again) {
    pm.execution.setNextRequest(pm.info.requestName);
    setTimeout(() => {}, Math.random() * Math.min(20000, 250 * 2 ** (attempt - 1)));
} else if (!answered) {
    const last = code || "no answer at all";
    pm.test(`gave no answer in ${ATTEMPTS} attempts; the last was ${last}`, () => pm.expect.fail());
} else if (code === 403 && pm.info.requestName !== "Without a signature") {
    const { sentence } = causeOf({
        errorType: pm.response.headers.get("x-amzn-errortype") || "",
        date: pm.response.headers.get("date") || "",
        body: pm.response.text(),
        region: pm.environment.get("region"),
    });
    pm.test(`403 Forbidden: ${sentence}`, () => pm.expect.fail());
}
