// After every answer: throttled or broken ones are asked for again, signed anew, after a wait with full jitter;
// a 403 is explained. A request whose own tests must wait for the next answer sees `retrying` set.
const RETRIED = [429, 502, 503, 504];
const ATTEMPTS = 6;
const attempt = Number(pm.variables.get("attempt") || 1);
const again = RETRIED.includes(pm.response.code) && attempt < ATTEMPTS;
pm.variables.set("retrying", again ? "yes" : "");
pm.variables.set("attempt", again ? attempt + 1 : 1);
if (again) {
    pm.execution.setNextRequest(pm.info.requestName);
    setTimeout(() => {}, Math.random() * Math.min(20000, 250 * 2 ** (attempt - 1)));
} else if (RETRIED.includes(pm.response.code)) {
    pm.test(`no answer in ${ATTEMPTS} attempts; the last was ${pm.response.code}`, () => pm.expect.fail());
} else if (pm.response.code === 403 && pm.info.requestName !== "Without a signature") {
    const { sentence } = causeOf({
        errorType: pm.response.headers.get("x-amzn-errortype") || "",
        date: pm.response.headers.get("date") || "",
        body: pm.response.text(),
        region: pm.environment.get("region"),
    });
    pm.test(`403 Forbidden: ${sentence}`, () => pm.expect.fail());
}
